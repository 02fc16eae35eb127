//! Exceptions: images that are admitted for a while although the verdict says otherwise.

use jiff::Timestamp;
use smol_str::SmolStr;

use super::document::ExceptionDocument;
use super::glob::Glob;

/// One exception.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its name, for logs and metrics.
    pub name: SmolStr,
    /// Why it is needed.
    pub reason: SmolStr,
    /// Who answers for it.
    pub owner: Option<SmolStr>,
    /// When it ends.
    pub expires_at: Timestamp,
    namespaces: Vec<String>,
    kinds: Vec<String>,
    names: Vec<Glob>,
    service_accounts: Vec<Glob>,
    images: Vec<Glob>,
}

/// One image that would be refused or warned about.
#[derive(Clone, Copy, Debug)]
pub struct ExceptionCandidate<'a> {
    /// The namespace of the request.
    pub namespace: &'a str,
    /// The kind of object.
    pub kind: &'a str,
    /// Its name, or the prefix of a name to be made up.
    pub name: &'a str,
    /// Who it runs as.
    pub service_account: &'a str,
    /// `host/repository`, normalised, without tag or digest.
    pub repository: &'a str,
}

impl Exception {
    /// Reads one entry; every problem with it at once.
    pub(super) fn new(document: &ExceptionDocument) -> Result<Self, Vec<String>> {
        let ExceptionDocument {
            name,
            namespaces,
            kinds,
            names,
            service_accounts,
            images,
            reason,
            owner,
            expires_at,
        } = document;
        let mut problems = Vec::new();
        for (field, is_empty) in [
            ("name", name.trim().is_empty()),
            ("reason", reason.trim().is_empty()),
            ("namespaces", namespaces.is_empty()),
            ("images", images.is_empty()),
        ] {
            if is_empty {
                problems.push(format!("`{field}` of an exception must not be empty"));
            }
        }
        if let Some(pattern) = namespaces.iter().find(|name| name.contains('*') || name.is_empty()) {
            problems.push(format!("namespace `{pattern}` of an exception is not an exact name"));
        }
        let mut globs = |field: &str, patterns: &[String]| -> Vec<Glob> {
            let globs: Vec<Glob> = patterns.iter().filter_map(|pattern| Glob::new(pattern)).collect();
            if globs.len() != patterns.len() {
                problems.push(format!("`{field}` of an exception holds an empty pattern"));
            }
            globs
        };
        let names = globs("names", names);
        let service_accounts = globs("serviceAccounts", service_accounts);
        let images = globs("images", images);
        match expires_at.parse() {
            Ok(expires_at) if problems.is_empty() => Ok(Self {
                name: name.into(),
                reason: reason.into(),
                owner: owner.as_ref().map(SmolStr::from),
                expires_at,
                namespaces: namespaces.clone(),
                kinds: kinds.clone(),
                names,
                service_accounts,
                images,
            }),
            Ok(_) => Err(problems),
            Err(_) => {
                problems.push(format!("`expiresAt` is no time: `{expires_at}`; write 2027-01-31T00:00:00Z"));
                Err(problems)
            }
        }
    }

    /// Whether it has ended. An ended exception counts for nothing.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// Whether it covers an image, be it expired or not.
    #[must_use]
    pub fn covers(&self, candidate: &ExceptionCandidate<'_>) -> bool {
        let ExceptionCandidate { namespace, kind, name, service_account, repository } = *candidate;
        let any = |patterns: &[Glob], text: &str| patterns.iter().any(|pattern| pattern.matches(text));
        self.namespaces.iter().any(|known| known == namespace)
            && (self.kinds.is_empty() || self.kinds.iter().any(|known| known == kind))
            && (self.names.is_empty() || any(&self.names, name))
            && (self.service_accounts.is_empty() || any(&self.service_accounts, service_account))
            && any(&self.images, repository)
    }
}

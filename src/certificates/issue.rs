//! Making certificates: the steps of the plan, as new contents of what is stored.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::held::{
    CA_BUNDLE, CA_KEY, CERTIFICATE, CLOCKS_DIFFER, Held, KEY, ROTATE, SERVED_SINCE, TRUSTED_SINCE,
    authorities,
};
use super::plan::{AUTHORITY_VALIDITY, LEAF_VALIDITY, Rotate, State, Step};

/// Why nothing can be issued.
#[derive(Debug, Error)]
pub enum IssueError {
    /// The library refuses.
    #[error("no certificate can be made: {0}")]
    Making(#[from] rcgen::Error),
    /// The plan asked for a signature and there is nothing to sign with.
    #[error("the newest authority cannot be read")]
    NoAuthority,
    /// A time that no certificate can hold.
    #[error("no certificate can end then: {0}")]
    Time(#[from] jiff::Error),
}

/// Entries and notes that replace those of the same name; `None` takes a note away.
#[derive(Clone, Default)]
pub struct Issued {
    /// Entries by name.
    pub data: BTreeMap<&'static str, String>,
    /// Notes.
    pub annotations: BTreeMap<&'static str, Option<String>>,
}

impl Step {
    /// What is to be stored for this step; `None` where nothing is.
    ///
    /// # Errors
    ///
    /// The certificate cannot be made.
    pub fn carry_out(
        self,
        held: &Held,
        state: &State,
        server_name: &str,
        now: Timestamp,
    ) -> Result<Option<Issued>, IssueError> {
        Ok(Some(match self {
            Self::Begin => begin(server_name, now)?,
            Self::AddAuthority => add_authority(held, state, now)?,
            Self::IssueLeaf => issue_leaf(held, state, server_name, now)?,
            Self::NoteTrust => Issued::noting(TRUSTED_SINCE, Some(now)),
            Self::ForgetTrust => Issued::noting(TRUSTED_SINCE, None),
            Self::DropOld => drop_old(held)?,
            Self::Rest => return Ok(None),
        }))
    }
}

impl Issued {
    fn noting(name: &'static str, time: Option<Timestamp>) -> Self {
        Self { annotations: [(name, time.map(|time| time.to_string()))].into(), ..Self::default() }
    }

    /// A wish that was granted is taken away.
    fn granting(mut self, granted: bool) -> Self {
        if granted {
            self.annotations.insert(ROTATE, None);
        }
        self
    }
}

fn begin(server_name: &str, now: Timestamp) -> Result<Issued, IssueError> {
    let authority = NewAuthority::make(now)?;
    let issuer = Issuer::new(authority.params, authority.key);
    let leaf = leaf(&issuer, server_name, now + LEAF_VALIDITY, now)?;
    Ok(Issued {
        data: [
            (CERTIFICATE, leaf.certificate),
            (KEY, leaf.key),
            (CA_BUNDLE, authority.certificate),
            (CA_KEY, issuer.key().serialize_pem()),
        ]
        .into(),
        annotations: [(TRUSTED_SINCE, None), (SERVED_SINCE, Some(now.to_string()))].into(),
    }
    .granting(true))
}

/// The new one first, then all of before: a slow replica may still show a leaf of any of them.
fn add_authority(held: &Held, state: &State, now: Timestamp) -> Result<Issued, IssueError> {
    let authority = NewAuthority::make(now)?;
    let known = authorities(held.bundle()).iter().map(pem).collect::<String>();
    let bundle = authority.certificate.clone() + &known;
    Ok(Issued {
        data: [(CA_BUNDLE, bundle), (CA_KEY, authority.key.serialize_pem())].into(),
        annotations: [(TRUSTED_SINCE, None)].into(),
    }
    .granting(state.rotate == Some(Rotate::Authority)))
}

fn issue_leaf(held: &Held, state: &State, server_name: &str, now: Timestamp) -> Result<Issued, IssueError> {
    let key = held.authority_key().ok_or(IssueError::NoAuthority)?;
    let newest = state.authorities.first().ok_or(IssueError::NoAuthority)?;
    let known = authorities(held.bundle());
    let name = known.first().and_then(common_name_of).ok_or(IssueError::NoAuthority)?;
    let issuer = Issuer::new(authority_params(&name), key);
    let leaf = leaf(&issuer, server_name, newest.not_after.min(now + LEAF_VALIDITY), now)?;
    Ok(Issued {
        data: [(CERTIFICATE, leaf.certificate), (KEY, leaf.key)].into(),
        annotations: [(SERVED_SINCE, Some(now.to_string()))].into(),
    }
    .granting(state.rotate == Some(Rotate::Certificate)))
}

fn drop_old(held: &Held) -> Result<Issued, IssueError> {
    let known = authorities(held.bundle());
    let newest = known.first().ok_or(IssueError::NoAuthority)?;
    Ok(Issued { data: [(CA_BUNDLE, pem(newest))].into(), ..Issued::default() })
}

/// An authority that was just made.
struct NewAuthority {
    params: CertificateParams,
    key: KeyPair,
    certificate: String,
}

impl NewAuthority {
    fn make(now: Timestamp) -> Result<Self, IssueError> {
        // The name tells two authorities apart for people.
        let mut params = authority_params(&format!("acr-admission authority of {now:.0}"));
        set_validity(&mut params, now, now + AUTHORITY_VALIDITY)?;
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { params, key, certificate })
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A certificate and its key, both PEM.
struct NewLeaf {
    certificate: String,
    key: String,
}

fn leaf(
    issuer: &Issuer<'_, KeyPair>,
    server_name: &str,
    not_after: Timestamp,
    now: Timestamp,
) -> Result<NewLeaf, IssueError> {
    let mut params = CertificateParams::new(vec![server_name.to_owned()])?;
    params.distinguished_name = common_name("acr-admission");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, not_after)?;
    let key = KeyPair::generate()?;
    Ok(NewLeaf { certificate: params.signed_by(&key, issuer)?.pem(), key: key.serialize_pem() })
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, end: Timestamp) -> Result<(), IssueError> {
    // The only way to a time of the certificate library that needs no further crate.
    let epoch = date_time_ymd(1970, 1, 1);
    let since_epoch = |time: Timestamp| {
        std::time::Duration::try_from(time.duration_since(Timestamp::UNIX_EPOCH)).map(|since| epoch + since)
    };
    params.not_before = since_epoch(now - CLOCKS_DIFFER)?;
    params.not_after = since_epoch(end)?;
    Ok(())
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

fn common_name_of(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let name = parsed.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}

fn pem(der: &CertificateDer<'_>) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in BASE64_STANDARD.encode(der).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

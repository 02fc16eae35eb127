//! Which images must be allowed and denied: what the caller says, else what the inventory says.
//!
//! The inventory is judged as the webhook does it, for a service account that names no identity and no pull secret.

use std::fs;

use jiff::Timestamp;

use crate::cli::args::SelfTestArgs;
use crate::cli::error::CliError;
use crate::cli::input::unreadable;
use crate::engine::decision::Verdict;
use crate::engine::image::ImageReference;
use crate::engine::index::Index;
use crate::engine::pull::{
    ClusterProfile, ProfileOverrides, Puller, ServiceAccountFacts, ServiceAccountState,
};
use crate::inventory::load;
use crate::settings::{ClusterSettings, Mode, Settings};

/// What is asked of the webhook.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) allowed: Option<String>,
    pub(super) denied: Option<String>,
    /// Whether the webhook has anything to judge by.
    pub(super) has_inventory: bool,
    /// What the settings do in the namespace.
    pub(super) mode: Mode,
}

/// Below no prefix that anybody would grant.
const NOBODY_S: &str = "acr-admission-self-test/nobody-s";

impl Samples {
    /// # Errors
    /// Settings or inventory cannot be read.
    pub(super) fn find(args: &SelfTestArgs) -> Result<Self, CliError> {
        let settings = settings(args)?;
        let mode = settings.rule(&args.namespace, None, |rule| rule.pods).pods;
        let (mut allowed, mut denied) = (args.allowed.clone(), args.denied.clone());
        let has_inventory = !args.inventory.is_empty();
        if has_inventory && (allowed.is_none() || denied.is_none()) {
            let index = Index::build(load(&args.inventory)?.inventory);
            let judge = Judge::new(&index, &settings, args);
            let images = || candidates(&index);
            allowed = allowed.or_else(|| images().find(|image| judge.verdict(image) == Verdict::Allow));
            denied = denied.or_else(|| images().find(|image| judge.verdict(image) == Verdict::Deny));
        }
        Ok(Self { allowed, denied, has_inventory, mode })
    }
}

fn settings(args: &SelfTestArgs) -> Result<Settings, CliError> {
    let Some(path) = &args.settings else { return Ok(Settings::default()) };
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    Settings::from_yaml(&text).map_err(|error| {
        let what = format!("the settings cannot be used\n{error}");
        CliError::input(what, path.display(), "correct these lines; docs/schemas has the schema")
    })
}

/// Judges as the webhook does.
struct Judge<'a> {
    index: &'a Index,
    settings: &'a Settings,
    cluster: ClusterProfile,
    args: &'a SelfTestArgs,
    account: ServiceAccountFacts,
    now: Timestamp,
}

impl<'a> Judge<'a> {
    fn new(index: &'a Index, settings: &'a Settings, args: &'a SelfTestArgs) -> Self {
        let ClusterSettings { name, pull_identity, cloud, default_identity, oidc_issuer, federation } =
            settings.cluster.clone();
        let overrides =
            ProfileOverrides { pull_identity, cloud, default_identity, federation, issuer: oidc_issuer };
        let cluster = ClusterProfile::from_inventory(index, name.as_deref(), &overrides).cluster;
        let now = args.now.unwrap_or_else(Timestamp::now);
        Self { index, settings, cluster, args, account: ServiceAccountFacts::default(), now }
    }

    fn verdict(&self, image: &str) -> Verdict {
        let puller = Puller {
            namespace: &self.args.namespace,
            service_account_name: &self.args.service_account,
            service_account: ServiceAccountState::Found(&self.account),
            pull_secrets: Vec::new(),
            virtual_node: false,
            windows: false,
        };
        let question = self.settings.rule(&self.args.namespace, None, |rule| rule.pods).question;
        self.index.judge_question(&self.cluster, &puller, image, self.now, question).answer.verdict()
    }
}

/// Images worth a try: in every registry a repository that nobody names, and those that conditions name.
fn candidates(index: &Index) -> impl Iterator<Item = String> {
    let assignments = index.inventory().role_assignments.iter();
    let conditions = assignments.filter_map(|assignment| assignment.condition.as_ref());
    let named: Vec<&str> = conditions.flat_map(|condition| quoted(condition.text())).collect();
    index.registries().flat_map(move |(_, registry)| {
        let repositories = std::iter::once(NOBODY_S.to_owned()).chain(
            named
                .iter()
                .flat_map(|name| [(*name).to_owned(), format!("{}/self-test", name.trim_end_matches('/'))]),
        );
        repositories
            .map(|repository| format!("{}/{repository}:self-test", registry.login_server))
            // Conditions name prefixes and actions as well, and what is no reference is denied as such.
            .filter(|image| image.parse::<ImageReference>().is_ok())
            .collect::<Vec<_>>()
    })
}

/// The texts between single quotes.
fn quoted(condition: &str) -> impl Iterator<Item = &str> {
    condition.split('\'').skip(1).step_by(2)
}

//! One of several replicas leads: the one that holds a Lease.
//!
//! Times in a Lease are those of other machines, whose clocks differ. So a Lease counts as abandoned when it has not
//! changed for as long as it is meant to hold, by our own clock. Every change names the version it is based on; who
//! comes second is refused.
//!
//! Whoever installs the program makes the Lease, so that it goes with everything else. Some tools leave Leases out, such
//! as Argo CD, which takes every one for the doing of some controller. Then it is made here, as a dependent of the
//! Secret, and goes with that.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::lookup::FetchError;

/// A Lease, and who wants to hold it.
pub struct Leadership {
    leases: Api<Lease>,
    name: String,
    identity: String,
    /// The version last seen, and when it was first seen.
    seen: Option<(String, Instant)>,
    renewed: Option<Instant>,
}

impl std::fmt::Debug for Leadership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leadership").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// How long a holder that is not heard of is waited for.
const DURATION: Duration = Duration::from_secs(15);
/// How often the holder is heard of.
const RENEW: Duration = Duration::from_secs(5);
const CONFLICT: u16 = 409;

impl Leadership {
    /// Wants to hold a Lease. The identity must be nobody else's.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, name: String, identity: String) -> Self {
        Self { leases: Api::namespaced(client, namespace), name, identity, seen: None, renewed: None }
    }

    /// Takes or renews the Lease where that is possible; whether we lead. A Lease that is not there is made, and is
    /// gone when `owner` is.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked, or refuses.
    pub async fn hold(&mut self, owner: OwnerReference) -> Result<bool, FetchError> {
        let found = self.leases.get_opt(&self.name).await.map_err(|error| self.failed(&error))?;
        let lease = match found {
            Some(lease) => lease,
            None => match self.make(owner).await? {
                Some(lease) => lease,
                None => return Ok(false),
            },
        };
        let version = lease.metadata.resource_version.unwrap_or_default();
        let spec = lease.spec.unwrap_or_default();
        let now = Instant::now();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != version) {
            self.seen = Some((version.clone(), now));
        }
        let is_ours = spec.holder_identity.as_deref() == Some(self.identity.as_str());
        if is_ours && self.renewed.is_some_and(|renewed| now < renewed + RENEW) {
            return Ok(true);
        }
        if !is_ours && !self.is_abandoned(&spec, now) {
            return Ok(false);
        }
        let leads = self.take(&version, &spec, is_ours).await?;
        self.renewed = leads.then_some(now);
        Ok(leads)
    }

    /// Gives the Lease up where we hold it, so that nobody has to wait until it counts as abandoned.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked, or there is no such Lease.
    pub async fn release(self) -> Result<(), FetchError> {
        loop {
            let lease = self.leases.get(&self.name).await.map_err(|error| self.failed(&error))?;
            let version = lease.metadata.resource_version.unwrap_or_default();
            let holder = lease.spec.and_then(|spec| spec.holder_identity);
            if holder.as_deref() != Some(self.identity.as_str()) {
                return Ok(());
            }
            // A second: the least that the API server takes.
            let free = json!({"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": now()});
            // Upgrades, at which replicas leave, change labels of the Lease.
            if self.change(&version, &free).await? {
                return Ok(());
            }
        }
    }

    /// `None` when somebody else was faster.
    async fn make(&self, owner: OwnerReference) -> Result<Option<Lease>, FetchError> {
        let metadata = ObjectMeta {
            name: Some(self.name.clone()),
            owner_references: Some(vec![owner]),
            ..ObjectMeta::default()
        };
        match self.leases.create(&PostParams::default(), &Lease { metadata, spec: None }).await {
            Ok(lease) => {
                tracing::info!(lease = self.name, "there was no Lease, so it was made");
                Ok(Some(lease))
            }
            Err(kube::Error::Api(status)) if status.code == CONFLICT => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn is_abandoned(&self, spec: &LeaseSpec, now: Instant) -> bool {
        if spec.holder_identity.as_deref().unwrap_or_default().is_empty() {
            return true;
        }
        let given = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let duration = given.map_or(DURATION, Duration::from_secs);
        self.seen.as_ref().is_some_and(|(_, since)| now >= *since + duration)
    }

    async fn take(&self, version: &str, spec: &LeaseSpec, is_ours: bool) -> Result<bool, FetchError> {
        let now = now();
        let mut change = json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": DURATION.as_secs(),
            "renewTime": now,
        });
        if !is_ours && let Some(change) = change.as_object_mut() {
            change.insert("acquireTime".to_owned(), json!(now));
            change
                .insert("leaseTransitions".to_owned(), json!(spec.lease_transitions.unwrap_or_default() + 1));
        }
        self.change(version, &change).await
    }

    /// Changes the Lease unless somebody else did since that version; whether it was changed.
    async fn change(&self, version: &str, spec: &Value) -> Result<bool, FetchError> {
        let patch = json!({"metadata": {"resourceVersion": version}, "spec": spec});
        match self.leases.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == CONFLICT => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &kube::Error) -> FetchError {
        FetchError::about("Lease", &self.name, error)
    }
}

/// As Leases have it: to the microsecond.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

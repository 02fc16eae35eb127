//! The certificate that this program makes itself: every replica serves what one Secret holds, one of them keeps the
//! Secret and the webhook configuration as they should be.
//!
//! Three small requests every few seconds instead of watches: a watch that went silent would be found out when the
//! certificate has ended.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::crypto::CryptoProvider;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::certificate::CurrentCertificate;
use super::inputs::{Input, Inputs};
use super::lifecycle::Lifecycle;
use super::options::SelfManaged;
use super::reload::use_certificate;
use crate::certificates::{Held, Pace, Step, plan};
use crate::kubernetes::{
    CertificateSecret, ConfiguredBundles, FetchError, Leadership, StoredCertificate, WebhookConfiguration,
};
use crate::telemetry::metrics::{Metrics, ResultLabel};

/// Looks at least that often, so that a Lease is renewed in time.
const SLOWEST: Duration = Duration::from_secs(5);
/// An API server that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(10);
/// An old authority is dropped after so many times the pause for a new one. Meanwhile replicas look for a new
/// certificate many times.
const DROP_PAUSES: i32 = 10;

/// Serves and keeps a certificate.
pub(super) struct Keeper {
    secret: CertificateSecret,
    configuration: WebhookConfiguration,
    /// None once this replica leaves.
    leadership: Option<Leadership>,
    names: Names,
    pace: Pace,
    provider: Arc<CryptoProvider>,
    /// The pair that is served, as it is stored.
    served: Option<Held>,
    target: Target,
}

/// Where the certificate goes, and who hears of it.
pub(super) struct Target {
    pub(super) current: Arc<CurrentCertificate>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) inputs: Inputs,
}

/// What is told to people.
struct Names {
    server: String,
    configuration: String,
}

impl Keeper {
    pub(super) fn new(client: &kube::Client, options: SelfManaged, server: String, target: Target) -> Self {
        let SelfManaged { namespace, secret, webhook_configuration, lease, trust_pause } = options;
        let trust = SignedDuration::try_from(trust_pause).unwrap_or(SignedDuration::MAX);
        Self {
            secret: CertificateSecret::new(client.clone(), &namespace, secret),
            configuration: WebhookConfiguration::new(client.clone(), webhook_configuration.clone()),
            leadership: Some(Leadership::new(client.clone(), &namespace, lease, identity())),
            names: Names { server, configuration: webhook_configuration },
            pace: Pace { trust, drop: trust.saturating_mul(DROP_PAUSES) },
            provider: Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
            served: None,
            target,
        }
    }

    /// Keeps it until this replica leaves, and serves what others keep until it has left.
    pub(super) async fn keep(mut self, poll: Duration, lifecycle: Lifecycle) {
        tokio::select! {
            () = self.keep_looking(poll) => {}
            () = lifecycle.draining() => {}
        }
        self.stand_down().await;
        self.keep_looking(poll).await;
    }

    async fn keep_looking(&mut self, poll: Duration) {
        let mut ticks = interval(poll.min(SLOWEST));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look(Instant::now() + PATIENCE).await;
        }
    }

    /// Leaves the lead to others at once, while this replica still has requests to answer.
    async fn stand_down(&mut self) {
        let Some(leadership) = self.leadership.take() else { return };
        self.target.metrics.leader.set(0);
        if let Err(FetchError(error)) = in_time(Instant::now() + PATIENCE, leadership.release()).await {
            tracing::warn!(error, "the lead could not be given up; another replica takes it later");
        }
    }

    /// What cannot be done is told, and what depends on it waits for the next look.
    async fn look(&mut self, by: Instant) {
        let stored = in_time(by, self.secret.read()).await;
        let Some(stored) = self.told(Input::Certificate, stored) else { return };
        self.serve(&stored.held);
        let configured = in_time(by, self.configuration.read()).await;
        let Some(configured) = self.told(Input::WebhookConfiguration, configured) else { return };
        self.tell_trust(&stored.held, configured.as_ref());
        let renewed = in_time(by, self.renew(&stored, configured.as_ref())).await;
        if let Some(leads) = self.told(Input::Renewal, renewed) {
            self.target.metrics.leader.set(i64::from(leads));
            self.target.inputs.loaded(Input::Renewal);
        }
    }

    fn told<T>(&self, input: Input, result: Result<T, FetchError>) -> Option<T> {
        if let Err(FetchError(error)) = &result {
            self.target.metrics.leader.set(0);
            self.target.inputs.failed(input, error);
        }
        result.ok()
    }

    /// Leads where that is possible; whether it does.
    async fn renew(
        &mut self,
        stored: &StoredCertificate,
        configured: Option<&ConfiguredBundles>,
    ) -> Result<bool, FetchError> {
        let Some(leadership) = &mut self.leadership else { return Ok(false) };
        let leads = leadership.hold(stored.owner.clone()).await?;
        if leads {
            self.lead(stored, configured).await?;
        }
        Ok(leads)
    }

    /// Puts what is stored to use, once for each change.
    fn serve(&mut self, held: &Held) {
        let now = Timestamp::now();
        let Target { current, metrics, inputs } = &self.target;
        match held.certificate(&self.names.server, &self.provider, now) {
            Ok(certificate) => {
                let is_new = self.served.as_ref().is_none_or(|served| !served.has_pair_of(held));
                if is_new {
                    metrics.certificate_reloads.get_or_create(&ResultLabel::of(true)).inc();
                    use_certificate(&certificate, current, metrics, inputs);
                    self.served = Some(held.clone());
                } else {
                    inputs.loaded(Input::Certificate);
                }
            }
            Err(error) => {
                let error = format!("the Secret holds no certificate that can be used: {error}");
                if inputs.failed(Input::Certificate, &error) {
                    metrics.certificate_reloads.get_or_create(&ResultLabel::of(false)).inc();
                }
            }
        }
        if let Some(ends) = held.authority_ends() {
            metrics.authority_not_after.set(ends.as_second());
        }
    }

    /// First answers are to be believed, so the webhook configuration has to carry the authority before.
    fn tell_trust(&self, held: &Held, configured: Option<&ConfiguredBundles>) {
        let name = &self.names.configuration;
        let bundles = configured.map(ConfiguredBundles::bundles);
        let trouble = match bundles {
            None => Some(format!(
                "ValidatingWebhookConfiguration {name} does not exist: nobody asks this webhook"
            )),
            Some(bundles) if bundles.is_empty() => {
                Some(format!("ValidatingWebhookConfiguration {name} has no webhooks"))
            }
            Some(bundles) => {
                let is_verifiable =
                    held.is_verifiable(&self.names.server, &bundles, &self.provider, Timestamp::now());
                (!is_verifiable).then(|| {
                    format!("ValidatingWebhookConfiguration {name} does not carry the authority of the certificate yet")
                })
            }
        };
        match trouble {
            None => self.target.inputs.loaded(Input::WebhookConfiguration),
            Some(trouble) => drop(self.target.inputs.failed(Input::WebhookConfiguration, &trouble)),
        }
    }

    /// The next step of the plan; and a bundle that is not in the configuration is put there.
    async fn lead(
        &self,
        stored: &StoredCertificate,
        configured: Option<&ConfiguredBundles>,
    ) -> Result<(), FetchError> {
        let now = Timestamp::now();
        let bundles = configured.map(ConfiguredBundles::bundles);
        let state = stored.held.state(&self.names.server, bundles.as_deref(), &self.provider, now);
        let step = plan(&state, self.pace, now);
        let issued = step.carry_out(&stored.held, &state, &self.names.server, now);
        if let Some(issued) = issued.map_err(|error| FetchError(error.to_string()))? {
            let is_written = self.secret.write(stored, &issued).await?;
            if is_written && step != Step::NoteTrust {
                tracing::info!(?step, "certificates were changed");
            }
            // What was read is out of date: the next look goes on.
            return Ok(());
        }
        if let Some(configured) = configured
            && !state.authorities.is_empty()
            && !configured.are(stored.held.bundle())
        {
            self.configuration.write(configured, stored.held.bundle()).await?;
            tracing::info!(
                configuration = self.names.configuration,
                "the authority was put into the configuration"
            );
        }
        Ok(())
    }
}

async fn in_time<T>(
    by: Instant,
    asked: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let answered = timeout_at(by, asked).await;
    answered.unwrap_or_else(|_| Err(FetchError("the API server does not answer".to_owned())))
}

/// The pod's name, and something that no other process has.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "acr-admission".to_owned());
    let own = RandomState::new().hash_one((std::process::id(), Timestamp::now()));
    format!("{host}_{own:016x}")
}

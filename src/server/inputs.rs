//! What has to be there before the first review is answered, what of it is, and what is wrong with the rest.
//!
//! ```text
//! files, Secret ──looked at again and again──→ Inputs ──→ /status: failures, waitingFor
//!                                                │ all loaded once
//!                                                └──→ the HTTPS port opens
//! ```
//!
//! Nothing that can be mended while the program runs ends it. What is missing at the start is waited for; what goes
//! bad later is told, and the last good one stays. An input that was loaded once counts as loaded for good.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

/// Longer error texts are cut in the status; the log has them whole.
const MAX_ERROR: usize = 2048;

/// Something that is read from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Input {
    Certificate,
    Inventory,
    /// That our own certificate is renewed: no answer needs it now, but all will one day.
    Renewal,
    Settings,
    /// That the webhook configuration carries the authority of the certificate.
    WebhookConfiguration,
}

/// One failed attempt.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub(super) at: Timestamp,
    pub(super) error: String,
}

/// What went wrong at the last attempt to load something, for the status and the metrics.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inventory: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) renewal: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook_configuration: Option<Failure>,
    /// By kind of object; told by the caches themselves.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) caches: BTreeMap<&'static str, Failure>,
}

/// The state of all inputs at one moment.
#[derive(Clone, Debug, Default)]
struct State {
    waiting_for: Vec<Input>,
    failures: Failures,
    is_open: bool,
}

/// The state of all inputs, shared by those who load and those who tell.
#[derive(Clone, Debug)]
pub(super) struct Inputs(Arc<watch::Sender<State>>);

impl Inputs {
    /// Inputs of which none has been looked at.
    pub(super) fn new(waiting_for: Vec<Input>) -> Self {
        Self(Arc::new(watch::Sender::new(State { waiting_for, ..State::default() })))
    }

    /// An input can be used.
    pub(super) fn loaded(&self, input: Input) {
        self.0.send_modify(|state| {
            state.waiting_for.retain(|waiting| *waiting != input);
            *state.failures.of(input) = None;
        });
    }

    /// An input cannot be used. Written to the log unless it was the last time as well: files are looked at every
    /// few seconds. Returns whether it is news.
    pub(super) fn failed(&self, input: Input, error: &str) -> bool {
        let short: String = error.chars().take(MAX_ERROR).collect();
        let (mut is_news, mut is_waited_for) = (false, false);
        self.0.send_if_modified(|state| {
            is_waited_for = state.waiting_for.contains(&input);
            let failure = state.failures.of(input);
            is_news = failure.as_ref().is_none_or(|known| known.error != short);
            if is_news {
                *failure = Some(Failure { at: Timestamp::now(), error: short });
            }
            is_news
        });
        if is_news {
            let what = input.as_str();
            if is_waited_for {
                tracing::error!(input = what, error, "cannot be used; nothing is answered until it can");
            } else if input == Input::Renewal {
                tracing::error!(input = what, error, "this replica cannot renew the certificate");
            } else {
                tracing::error!(input = what, error, "the new one cannot be used; the last good one stays");
            }
        }
        is_news
    }

    /// The HTTPS port is open.
    pub(super) fn opened(&self) {
        self.0.send_modify(|state| state.is_open = true);
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.borrow().is_open
    }

    pub(super) fn failures(&self) -> Failures {
        self.0.borrow().failures.clone()
    }

    pub(super) fn waiting_for(&self) -> Vec<Input> {
        self.0.borrow().waiting_for.clone()
    }

    /// Waits until every input has been loaded once.
    pub(super) async fn all_loaded(&self) {
        // The sender lives in `self`, so the channel cannot close.
        drop(self.0.subscribe().wait_for(|state| state.waiting_for.is_empty()).await);
    }

    /// Waits until reviews are answered, or until something is seen to stand in the way.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    pub(super) async fn first_answer(&self) -> Result<(), String> {
        let mut state = self.0.subscribe();
        let told = state.wait_for(|state| state.is_open || state.first_obstacle().is_some()).await;
        match told.ok().and_then(|state| state.first_obstacle()) {
            Some(obstacle) => Err(obstacle),
            None => Ok(()),
        }
    }
}

impl State {
    fn first_obstacle(&self) -> Option<String> {
        let mut failures = self.failures.clone();
        let obstacle = self.waiting_for.iter().find_map(|input| failures.of(*input).take());
        obstacle.map(|failure| failure.error)
    }
}

impl Failures {
    /// Each input by its name in metrics, and its failure.
    pub(super) const fn each(&self) -> [(&'static str, Option<&Failure>); 5] {
        let Self { certificate, inventory, renewal, settings, webhook_configuration, caches: _ } = self;
        [
            ("certificate", certificate.as_ref()),
            ("inventory", inventory.as_ref()),
            ("renewal", renewal.as_ref()),
            ("settings", settings.as_ref()),
            ("webhook_configuration", webhook_configuration.as_ref()),
        ]
    }

    const fn of(&mut self, input: Input) -> &mut Option<Failure> {
        match input {
            Input::Certificate => &mut self.certificate,
            Input::Inventory => &mut self.inventory,
            Input::Renewal => &mut self.renewal,
            Input::Settings => &mut self.settings,
            Input::WebhookConfiguration => &mut self.webhook_configuration,
        }
    }
}

impl Input {
    /// Its name in the log.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Inventory => "inventory",
            Self::Renewal => "renewal",
            Self::Settings => "settings",
            Self::WebhookConfiguration => "webhook configuration",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Input, Inputs};

    #[tokio::test]
    async fn an_input_that_was_loaded_once_is_not_waited_for_again() {
        let inputs = Inputs::new(vec![Input::Settings]);
        assert!(inputs.failed(Input::Settings, "bad"));
        assert!(!inputs.failed(Input::Settings, "bad"), "told once");
        assert_eq!(inputs.first_answer().await, Err("bad".to_owned()));
        inputs.loaded(Input::Settings);
        inputs.all_loaded().await;
        assert!(inputs.failed(Input::Settings, "bad"), "told again after it was good");
        assert_eq!(inputs.waiting_for(), []);
        inputs.opened();
        assert_eq!(inputs.first_answer().await, Ok(()));
    }
}

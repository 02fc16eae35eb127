//! Files that are looked at while the server runs: inventory, settings, certificate. The first look is the start.
//!
//! What is new is read and checked whole, then swapped in. What cannot be used changes nothing: the last good one
//! stays, and log, metric and status say so. What could not even be read is read again at the next look.
//!
//! Each input is looked at by a task of its own. A network mount that is away holds whoever reads from it for ever, and
//! must not hold the certificate, which ends.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::certificate::CurrentCertificate;
use super::inputs::{Input, Inputs};
use super::load::InputError;
use crate::certificates::ServerCertificate;
use crate::telemetry::metrics::{Metrics, ResultLabel};

/// An input that lies in files.
pub(super) trait InputFiles: Send + 'static {
    /// Which one.
    fn input(&self) -> Input;

    /// One look: reads what is new and puts it to use. Blocks, and takes as long as it takes.
    fn look(&mut self);

    /// Has the next look read the files whether they have changed or not.
    fn read_again(&mut self);
}

/// Looks for ever. A look that takes longer than `patience` is told as a failure.
pub(super) async fn keep_looking(
    mut files: impl InputFiles,
    poll: Duration,
    patience: Duration,
    inputs: Inputs,
) {
    let mut ticks = interval(poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let input = files.input();
        let mut looking = spawn_blocking(move || {
            files.look();
            files
        });
        let in_time = timeout(patience, &mut looking).await;
        let is_late = in_time.is_err();
        let looked = if let Ok(looked) = in_time {
            looked
        } else {
            inputs.failed(input, &still_reading(patience));
            looking.await
        };
        files = match looked {
            Ok(files) => files,
            Err(error) => match error.try_into_panic() {
                // Whoever waits for the tasks of the server ends it.
                Ok(panic) => resume_unwind(panic),
                Err(_) => return,
            },
        };
        if is_late {
            // What was told is no longer so. Whether all is well is known after the next look.
            files.read_again();
        }
    }
}

fn still_reading(patience: Duration) -> String {
    format!(
        "not read after {} s: a file or folder does not answer, such as a network mount that is away",
        patience.as_secs()
    )
}

/// Puts a checked certificate to use.
pub(super) fn use_certificate(
    certificate: &ServerCertificate,
    current: &CurrentCertificate,
    metrics: &Metrics,
    inputs: &Inputs,
) {
    current.replace(certificate);
    metrics.certificate_not_after.set(certificate.not_after.as_second());
    inputs.loaded(Input::Certificate);
    tracing::info!(not_after = %certificate.not_after, "a new certificate is in use");
}

/// Why something was not loaded.
pub(super) enum Trouble {
    Error(InputError),
    Panic,
}

impl Trouble {
    /// Whether the same files may be readable the next time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Error(InputError::Inventory(errors)) => {
                errors.as_slice().iter().any(|error| error.code.is_environment())
            }
            Self::Error(_) => true,
            Self::Panic => false,
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic => f.write_str("a fault of this program: it panicked; please report it"),
        }
    }
}

/// Whatever is wrong with a file now, it has to be looked at again.
pub(super) fn guarded<T>(
    metrics: &Metrics,
    load: impl FnOnce() -> Result<T, InputError>,
) -> Result<T, Trouble> {
    let outcome = catch_unwind(AssertUnwindSafe(load));
    if outcome.is_err() {
        metrics.panics.inc();
    }
    outcome.map_or(Err(Trouble::Panic), |outcome| outcome.map_err(Trouble::Error))
}

/// Tells and counts what came of loading. The same failure again is no news: it is neither told nor counted.
pub(super) fn told<T>(
    input: Input,
    outcome: Result<T, Trouble>,
    inputs: &Inputs,
    count: &Family<ResultLabel, Counter>,
) -> Option<T> {
    match outcome {
        Ok(value) => {
            count.get_or_create(&ResultLabel::of(true)).inc();
            Some(value)
        }
        Err(trouble) => {
            if inputs.failed(input, &trouble.to_string()) {
                count.get_or_create(&ResultLabel::of(false)).inc();
            }
            None
        }
    }
}

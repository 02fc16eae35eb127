//! The demo itself: start the server, post the reviews, show the answers.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::Value;

use super::estate::{Estate, PodReview, reviews, text};
use super::mend::{mending, registry_of};
use super::show::{self, Row};
use super::throw_away::ThrowAway;
use crate::cli::commands::client::Client;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::note;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::index::Index;
use crate::inventory::load;
use crate::server::{CertificateSource, Clock, ClusterSource, ServeOptions, start};

/// The estate has no dates in it; any time gives the same verdicts.
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// Runs `demo`. Denials are what it is there to show, so they do not fail it.
///
/// # Errors
/// The server cannot be started or does not answer.
pub(crate) fn run(output: &mut Output) -> Result<Outcome, CliError> {
    let estate = Estate::write()?;
    let inventory = load(&[estate.inventory()])?;
    let index = Index::build(inventory.inventory);
    let reviews = reviews()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answers = runtime.block_on(answers(&estate, &reviews))?;

    let rows: Vec<Row> =
        reviews.into_iter().zip(&answers).map(|(pod, answer)| row(&index, pod, answer)).collect();
    note(output, "a real webhook on loopback answered these reviews over HTTPS; see examples/demo")?;
    let paint = output.data_paint();
    show::write(output.data(), &rows, paint)?;
    Ok(Outcome::Fine)
}

async fn answers(estate: &Estate, reviews: &[PodReview]) -> anyhow::Result<Vec<Value>> {
    let secret = ThrowAway::make().context("no certificate could be made")?;
    let certificate =
        CertificateSource::Memory { certificate: secret.certificate.clone(), key: secret.key.clone() };
    let server = start(ServeOptions {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        health_listen: (Ipv4Addr::LOCALHOST, 0).into(),
        inventory: vec![estate.inventory()],
        settings: Some(estate.settings()),
        cluster: ClusterSource::Objects(vec![estate.workloads()]),
        clock: Clock::Fixed(NOW),
        drain: Duration::ZERO,
        ..ServeOptions::new(certificate)
    })
    .await?;
    server.answers().await.map_err(anyhow::Error::msg)?;
    let address = server.address();
    let name = address.ip().to_string();
    let connecting = Client::connect(address, &name, std::slice::from_ref(&secret.authority));
    let mut client = connecting.await.context("no connection to the webhook")?;
    let mut answers = Vec::new();
    for review in reviews {
        answers.push(
            client
                .post("/validate/pods?timeout=5s", review.body.clone())
                .await
                .context("the webhook did not answer")?,
        );
    }
    drop(client);
    server.shut_down().await;
    Ok(answers)
}

fn row(index: &Index, pod: PodReview, answer: &Value) -> Row {
    let identity = text(answer, "/auditAnnotations/identity");
    let code = text(answer, "/auditAnnotations/reason-code");
    // A code that we do not know can only be a fault of this program.
    let reason = Reason::ALL.iter().copied().find(|reason| reason.as_str() == code);
    let reason = reason.unwrap_or(Reason::InternalError);
    let registry = registry_of(index, &pod.image).and_then(|number| index.registry(number));
    let needs_mending = matches!(reason.verdict(), Verdict::Deny | Verdict::Unknown);
    Row {
        mode: registry.and_then(|registry| registry.mode).map_or("", |mode| mode.as_str()),
        mending: needs_mending.then(|| mending(index, &pod, &identity, reason, NOW)).flatten(),
        denial: text(answer, "/status/message"),
        image: pod.image,
        identity,
        reason,
    }
}

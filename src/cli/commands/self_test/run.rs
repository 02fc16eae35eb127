//! The test itself: connect, post two reviews, compare.

use std::fs;
use std::time::Duration;

use anyhow::{Context, anyhow};
use hyper::Uri;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::answer::{Answer, review};
use super::samples::Samples;
use crate::cli::args::SelfTestArgs;
use crate::cli::commands::client::Client;
use crate::cli::error::CliError;
use crate::cli::input::unreadable;
use crate::cli::output::{Outcome, Output};
use crate::settings::Mode;

/// Where nothing is known to be judged, any image serves to see that the webhook answers.
const ANY_IMAGE: &str = "registry.example/acr-admission-self-test:1";
/// A webhook that has just been installed is not ready at once.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Runs `self-test`.
///
/// # Errors
/// The webhook cannot be reached, or settings, inventory or authority cannot be read.
pub(crate) fn run(args: &SelfTestArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let samples = Samples::find(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(test(args, &samples, output))
}

async fn test(args: &SelfTestArgs, samples: &Samples, output: &mut Output) -> Result<Outcome, CliError> {
    let mut client = reach(args).await?;
    let mut outcome = Outcome::Fine;
    let mut tested = 0;
    for (decision, image) in [("allow", &samples.allowed), ("deny", &samples.denied)] {
        let Some(image) = image else { continue };
        let answer = ask(&mut client, args, image).await?;
        let is_right = answer.is(decision);
        let title = if is_right { "passed" } else { "FAILED" };
        writeln!(output.data(), "{title}: {decision} {image}\n  {}", answer.in_words())?;
        outcome = outcome.max(if is_right { Outcome::Fine } else { Outcome::Denied });
        tested += 1;
    }
    if tested == 0 {
        let answer = ask(&mut client, args, ANY_IMAGE).await?;
        writeln!(output.data(), "answered: {ANY_IMAGE}\n  {}", answer.in_words())?;
    }
    for missing in missing(samples) {
        writeln!(output.data(), "not tested: {missing}")?;
        outcome = outcome.max(Outcome::Unknown);
    }
    Ok(outcome)
}

/// Posts one review, and waits no longer for the answer than for the connection.
async fn ask(client: &mut Client, args: &SelfTestArgs, image: &str) -> Result<Answer, CliError> {
    let body = review(&args.namespace, &args.service_account, image);
    let answered = timeout(Duration::from_secs(args.timeout), client.post(args.url.path(), body)).await;
    let response = answered
        .unwrap_or_else(|_| Err(anyhow!("nothing within {} seconds", args.timeout)))
        .context("the webhook did not answer")?;
    Ok(Answer::of(&response))
}

/// What could not be tested, and what to do about it.
fn missing(samples: &Samples) -> Vec<&'static str> {
    let Samples { allowed, denied, has_inventory, mode } = samples;
    if *mode == Mode::Off {
        return vec!["the settings judge nothing in this namespace; choose another with --namespace"];
    }
    if !has_inventory && allowed.is_none() && denied.is_none() {
        return vec!["without an inventory nothing is judged: every verdict is unknown"];
    }
    let allow = "no image is known to be allowed; name one with --allowed";
    let deny = "no image is known to be denied; name one with --denied";
    [(allowed, allow), (denied, deny)]
        .into_iter()
        .filter_map(|(image, missing)| image.is_none().then_some(missing))
        .collect()
}

/// Connects, again and again until the time is over.
async fn reach(args: &SelfTestArgs) -> Result<Client, CliError> {
    let (host, port) = address(&args.url)?;
    let authorities = authorities(args)?;
    let deadline = Instant::now() + Duration::from_secs(args.timeout);
    let mut obstacle = anyhow!("no connection within {} seconds", args.timeout);
    loop {
        match timeout_at(deadline, Client::connect((host, port), host, &authorities)).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => obstacle = error,
            // What stood in the way before says more than that the time is over.
            Err(_) => {}
        }
        if Instant::now() >= deadline {
            let what = format!("the webhook cannot be reached: {obstacle:#}");
            let help = "see its readiness: GET /readyz on the health port says what is missing";
            return Err(CliError::input(what, &args.url, help));
        }
        sleep_until(deadline.min(Instant::now() + BETWEEN_TRIES)).await;
    }
}

fn address(url: &Uri) -> Result<(&str, u16), CliError> {
    let help = "give a URL such as https://acr-admission.acr-admission.svc/validate/pods";
    match (url.scheme_str(), url.host()) {
        (Some("https"), Some(host)) => Ok((host, url.port_u16().unwrap_or(443))),
        _ => Err(CliError::input("webhooks are called over https", format!("--url {url}"), help)),
    }
}

fn authorities(args: &SelfTestArgs) -> Result<Vec<CertificateDer<'static>>, CliError> {
    let path = &args.authority;
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(authorities) if !authorities.is_empty() => Ok(authorities),
        _ => {
            let help = "give the PEM of the authority, as in `clientConfig.caBundle`";
            Err(CliError::input("no certificate is in this file", path.display(), help))
        }
    }
}

//! `self-test`.

use std::path::PathBuf;

use clap::Args;
use hyper::Uri;
use jiff::Timestamp;

/// The arguments of `self-test`.
#[derive(Args, Debug)]
pub struct SelfTestArgs {
    /// Where the webhook answers, such as <https://acr-admission.acr-admission.svc/validate/pods>
    #[arg(long, value_name = "URL", env = "ACR_ADMISSION_URL")]
    pub url: Uri,
    /// The authority that its certificate must be signed by, as PEM
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_AUTHORITY")]
    pub authority: PathBuf,
    /// The namespace that the reviews are about
    #[arg(long, value_name = "NAME", default_value = "default", env = "ACR_ADMISSION_NAMESPACE")]
    pub namespace: String,
    /// The service account that the reviewed pods use
    #[arg(long, value_name = "NAME", default_value = "default", env = "ACR_ADMISSION_SERVICE_ACCOUNT")]
    pub service_account: String,
    /// An image that must be allowed. Without it, one is found in the inventory
    #[arg(long, value_name = "IMAGE", env = "ACR_ADMISSION_ALLOWED")]
    pub allowed: Option<String>,
    /// An image that must be denied. Without it, one is found in the inventory
    #[arg(long, value_name = "IMAGE", env = "ACR_ADMISSION_DENIED")]
    pub denied: Option<String>,
    /// The inventory that the webhook has: a file or a folder. May be given several times
    #[arg(long, value_name = "PATH", env = "ACR_ADMISSION_INVENTORY")]
    pub inventory: Vec<PathBuf>,
    /// The settings that the webhook has
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_SETTINGS")]
    pub settings: Option<PathBuf>,
    /// Judge the inventory as of this time, such as 2026-11-22T12:00:00Z. Without it: now
    #[arg(long, value_name = "TIMESTAMP", env = "ACR_ADMISSION_NOW")]
    pub now: Option<Timestamp>,
    /// How long to try to reach the webhook, and to wait for each answer; an hour at most
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600),
        env = "ACR_ADMISSION_TIMEOUT"
    )]
    pub timeout: u64,
}

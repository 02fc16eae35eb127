//! Flags that several commands share.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::engine::pull::{Cloud, Federation, PullIdentity, Question};

/// Where the inventory is.
#[derive(Args, Debug)]
pub struct InventoryArgs {
    /// Exported Azure data: a file, a folder, or `-` for standard input. May be given several times
    #[arg(long, value_name = "PATH", env = "ACR_ADMISSION_INVENTORY", required = true)]
    pub inventory: Vec<PathBuf>,
}

/// What is judged by, and what verdicts do to the exit code.
#[derive(Args, Debug)]
pub struct VerdictArgs {
    /// Judge as of this time, such as 2026-11-22T12:00:00Z. Without it: now
    #[arg(long, value_name = "TIMESTAMP", env = "ACR_ADMISSION_NOW")]
    pub now: Option<Timestamp>,
    /// Exit with 1 where something could not be determined, as if it were denied
    #[arg(long, env = "ACR_ADMISSION_STRICT", value_parser = BoolishValueParser::new())]
    pub strict: bool,
    /// Exit with 0 whatever the verdicts are; bad input still exits with 2
    #[arg(long, env = "ACR_ADMISSION_EXIT_ZERO", value_parser = BoolishValueParser::new())]
    pub exit_zero: bool,
}

/// The cluster that is judged for, and what an export does not show about it.
#[derive(Args, Debug)]
pub struct ClusterArgs {
    /// The cluster, by its name in the inventory. May be left out where the inventory holds one
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_CLUSTER")]
    pub cluster: Option<String>,
    /// Who pulls where no pull secret does
    #[arg(long, value_enum, value_name = "WHO", env = "ACR_ADMISSION_PULL_IDENTITY")]
    pub pull_identity: Option<PullIdentityArg>,
    /// The cloud of the nodes
    #[arg(long, value_enum, value_name = "CLOUD", env = "ACR_ADMISSION_CLOUD")]
    pub cloud: Option<CloudArg>,
    /// The identity of service accounts that name none: its name or an id
    #[arg(long, value_name = "NAME|ID", env = "ACR_ADMISSION_DEFAULT_IDENTITY")]
    pub default_identity: Option<String>,
    /// When the client id that a service account names is believed
    #[arg(long, value_enum, value_name = "WHEN", env = "ACR_ADMISSION_FEDERATION")]
    pub federation: Option<FederationArg>,
}

/// The words of `--pull-identity`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub enum PullIdentityArg {
    /// The kubelet identity, for every pod
    Kubelet,
    /// The service account's identity, else the cluster's default
    ServiceAccount,
    /// The service account's identity, with both annotations required
    ServiceAccountGeneric,
    /// The cluster's service principal
    ServicePrincipal,
    /// Nobody
    None,
}

impl From<PullIdentityArg> for PullIdentity {
    fn from(word: PullIdentityArg) -> Self {
        match word {
            PullIdentityArg::Kubelet => Self::Kubelet,
            PullIdentityArg::ServiceAccount => Self::ServiceAccount,
            PullIdentityArg::ServiceAccountGeneric => Self::ServiceAccountGeneric,
            PullIdentityArg::ServicePrincipal => Self::ServicePrincipal,
            PullIdentityArg::None => Self::None,
        }
    }
}

/// The words of `--cloud`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum CloudArg {
    /// `azurecr.io`
    AzurePublic,
    /// `azurecr.cn`
    AzureChina,
    /// `azurecr.us`
    #[value(name = "AzureUSGovernment")]
    AzureUsGovernment,
}

impl From<CloudArg> for Cloud {
    fn from(word: CloudArg) -> Self {
        match word {
            CloudArg::AzurePublic => Self::AzurePublic,
            CloudArg::AzureChina => Self::AzureChina,
            CloudArg::AzureUsGovernment => Self::AzureUSGovernment,
        }
    }
}

/// The words of `--federation`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "camelCase")]
pub enum FederationArg {
    /// A matching federated credential is needed once the inventory holds any
    RequiredWhenKnown,
    /// A matching federated credential is always needed
    Required,
    /// Always
    Trusted,
}

impl From<FederationArg> for Federation {
    fn from(word: FederationArg) -> Self {
        match word {
            FederationArg::RequiredWhenKnown => Self::RequiredWhenKnown,
            FederationArg::Required => Self::Required,
            FederationArg::Trusted => Self::Trusted,
        }
    }
}

/// The words of `--question`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum QuestionArg {
    /// May the workload's own identity pull it?
    #[default]
    Workload,
    /// Will the node manage to pull it?
    Actual,
}

impl From<QuestionArg> for Question {
    fn from(word: QuestionArg) -> Self {
        match word {
            QuestionArg::Workload => Self::Workload,
            QuestionArg::Actual => Self::Actual,
        }
    }
}

/// The formats of commands that print one document.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum DocumentFormat {
    /// For people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
}

//! The command line as types. No logic: what the flags mean is resolved in `cli::settings`.
//!
//! Every flag has an environment variable, `ACR_ADMISSION_` and the flag's name in capitals; a test holds that and
//! the page `docs/cli.md`, which is made from these types.

mod can_pull;
mod check;
mod condition;
mod explain;
mod lint;
mod self_test;
mod serve;
mod shared;
mod sign_in;

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use self::can_pull::{ActionArg, CanPullArgs};
pub use self::check::{CheckArgs, CheckFormat};
pub use self::condition::{
    ConditionArgs, ConditionCommand, ConditionEvalArgs, ConditionFileArgs, ConditionFmtArgs,
};
pub use self::explain::ExplainArgs;
pub use self::lint::{FailOn, LintArgs, LintFormatArg};
pub use self::self_test::SelfTestArgs;
pub use self::serve::{LogFormatArg, ServeArgs, TlsVersionArg};
pub use self::shared::{
    CloudArg, ClusterArgs, DocumentFormat, FederationArg, InventoryArgs, PullIdentityArg, QuestionArg,
    VerdictArgs,
};
pub use self::sign_in::{AudienceArg, SignInArgs};

/// Judges, before Kubernetes tries, whether a workload's identity may pull its images from Azure Container Registry.
///
/// Everything is a simulation over exported Azure data: nothing here calls Azure or a registry.
#[derive(Debug, Parser)]
#[command(name = "acr-admission", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub common: CommonArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Debug)]
pub struct CommonArgs {
    /// Never print colours. Without it there are colours on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, env = "ACR_ADMISSION_NO_COLOR", value_parser = BoolishValueParser::new())]
    #[arg(hide_env_values = true)]
    pub no_color: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the admission webhook
    ///
    /// HTTPS with /validate/pods and /validate/workloads; plain HTTP with /healthz, /readyz, /status and /metrics on a
    /// second port. Inventory, settings and certificate are read again when they change; what cannot be used is left
    /// out and the last good one stays.
    Serve(ServeArgs),
    /// Judge the images of manifests, without a cluster
    ///
    /// Both questions are answered: may the workload's own identity pull an image, and will the node manage to?
    /// Service accounts and pull secrets are taken from the same manifests. A namespace's `default` service account
    /// always exists; a pull secret that is not among the manifests may exist, so what depends on it is unknown.
    /// What cannot be read is told and left out, and the exit code is then 2, whatever the verdicts are.
    Check(CheckArgs),
    /// Ask whether one identity may pull one image, or answer many such questions
    ///
    /// The identity is judged, not a node: pull secrets, the spelling of the host and the cluster play no part.
    /// A batch holds one question a line: {"id", "identity", "image"} or {"id", "identity", "registry",
    /// "repository"}, and optionally "action".
    CanPull(CanPullArgs),
    /// Tell why an identity may or may not pull an image, and what would mend it
    ///
    /// Shows every assignment that was considered with the one fact that decided it, the failing part of each
    /// condition, near misses, and a command that was tried on the inventory before it is shown: the verdict turns to
    /// allow. In mode rbac-abac no other repository changes; in mode rbac a role opens the whole registry, and the
    /// answer says so.
    Explain(ExplainArgs),
    /// Find problems in the inventory itself, whatever anybody pulls
    ///
    /// Grants that do nothing, grants that do more than they seem to, conditions that leak or never hold, switches
    /// that pass roles by. The exit code is 1 if there is a finding of the severity that `--fail-on` names, or a
    /// worse one, and 0 otherwise.
    Lint(LintArgs),
    /// Check and evaluate conditions of role assignments
    Condition(ConditionArgs),
    /// Look at exported Azure data
    Inventory(InventoryCommandArgs),
    /// Ask a running webhook for one allow and one deny, as an API server would
    ///
    /// Posts two reviews of new pods over HTTPS; nothing is created. What must come out is told by two images, or
    /// found by judging the webhook's own inventory here. The exit code is 1 if an answer is not what it must be,
    /// 2 if the webhook cannot be reached, and 3 if nothing is judged or no image is known to be denied.
    SelfTest(SelfTestArgs),
    /// Show the webhook at work on a built-in estate: no cluster, no files, no network
    ///
    /// Starts the real HTTPS server on loopback with a throw-away certificate, sends it real reviews for the
    /// pods of examples/demo, and shows verdict, identity, reason and fix for each image.
    Demo,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the program or of one command
    Man {
        /// The command, such as `check` or `condition eval`
        command: Vec<String>,
    },
}

/// `inventory`.
#[derive(Args, Debug)]
pub struct InventoryCommandArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: InventoryCommand,
}

/// What to do with an inventory.
#[derive(Debug, Subcommand)]
pub enum InventoryCommand {
    /// Show what was loaded: how many of each thing, and what is doubtful
    Show(InventoryShowArgs),
    /// Load it and say nothing but what is wrong
    Validate(InventoryValidateArgs),
    /// Write what verdicts about some clusters and registries need as one small file
    ///
    /// Leaves out what no pull can depend on: other resources, roles without permissions on registries, assignments
    /// elsewhere, and the names of people. Verdict and reason of every question about what is kept stay the same. The
    /// file loads like an export; equal exports give equal bytes, in whatever order they are given.
    Pack(InventoryPackArgs),
}

/// `inventory show`.
#[derive(Args, Debug)]
pub struct InventoryShowArgs {
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: DocumentFormat,
}

/// `inventory validate`.
#[derive(Args, Debug)]
pub struct InventoryValidateArgs {
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
}

/// `inventory pack`.
#[derive(Args, Debug)]
pub struct InventoryPackArgs {
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// Keep this cluster only, by its name or id, and nobody who does not pull in clusters. May be given several times
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_CLUSTER")]
    pub cluster: Vec<String>,
    /// Keep this registry only, by its name, login server or id. May be given several times
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_REGISTRY")]
    pub registry: Vec<String>,
    /// Compress the file; it is told by its first bytes when it is loaded
    #[arg(long, env = "ACR_ADMISSION_GZIP", value_parser = BoolishValueParser::new())]
    pub gzip: bool,
    /// Write nothing and exit with 2 where the file would be larger than this many bytes; a config map holds 1048576
    #[arg(long, value_name = "BYTES", env = "ACR_ADMISSION_MAX_SIZE")]
    pub max_size: Option<usize>,
    /// Write to this file instead of standard output
    #[arg(short = 'O', long, value_name = "FILE", env = "ACR_ADMISSION_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
    /// Write into this config map instead, as inventory.json or inventory.json.gz; exit with 2 where it does not fit
    #[arg(long, value_name = "NAME", conflicts_with = "output_file", env = "ACR_ADMISSION_CONFIG_MAP")]
    pub config_map: Option<String>,
    /// The config map's namespace. Without it: the pod's own, or that of the kubeconfig's context
    #[arg(short, long, value_name = "NAME", env = "ACR_ADMISSION_NAMESPACE")]
    pub namespace: Option<String>,
    /// The kubeconfig of the cluster. Without it: the pod's own service account, or the usual kubeconfig
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_CONTEXT")]
    pub context: Option<String>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing was denied
  1  something was denied
  2  usage or input was bad; verdicts may be incomplete
  3  nothing was denied, but something could not be determined (with --strict: 1)";

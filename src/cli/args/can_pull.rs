//! `can-pull`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgGroup, Args, ValueEnum};

use super::{DocumentFormat, InventoryArgs, SignInArgs, VerdictArgs};
use crate::engine::action::Action;
use crate::engine::task::QuickRunIdentity;

/// The arguments of `can-pull`.
#[derive(Args, Debug)]
#[command(override_usage = "acr-admission can-pull [OPTIONS] IDENTITY IMAGE\n       \
    acr-admission can-pull [OPTIONS] IDENTITY --registry REGISTRY --repository REPOSITORY\n       \
    acr-admission can-pull [OPTIONS] --task TASK --registry REGISTRY --repository REPOSITORY\n       \
    acr-admission can-pull [OPTIONS] --batch FILE")]
#[command(group = ArgGroup::new("what").args(["image", "registry", "batch"]).required(true))]
pub struct CanPullArgs {
    /// Object id, client id, resource id or display name; or a token's name, the registry's own name for its admin
    /// user, or `anonymous`
    #[arg(required_unless_present_any = ["batch", "task"], conflicts_with_all = ["batch", "task"])]
    pub identity: Option<String>,
    /// The image, such as contoso.azurecr.io/team/app:1
    #[arg(conflicts_with = "batch")]
    pub image: Option<String>,
    /// The registry instead of an image: login server, regional host, name or resource id
    #[arg(long, env = "ACR_ADMISSION_REGISTRY")]
    pub registry: Option<String>,
    /// The repository in that registry
    #[arg(long, requires = "registry", env = "ACR_ADMISSION_REPOSITORY")]
    pub repository: Option<String>,
    /// Ask for an ACR task of that registry instead of an identity, with whatever it reads its registry with
    #[arg(long, requires = "registry", conflicts_with_all = ["batch", "quick_run"], env = "ACR_ADMISSION_TASK")]
    pub task: Option<String>,
    /// Ask for a quick build or quick run that the identity starts: the word of `--source-acr-auth-id`
    #[arg(long, value_enum, conflicts_with = "batch", env = "ACR_ADMISSION_QUICK_RUN")]
    pub quick_run: Option<QuickRunArg>,
    /// The image has not passed the registry's quarantine
    #[arg(long, requires = "image", conflicts_with_all = ["batch", "registry", "quick_run"],
        env = "ACR_ADMISSION_QUARANTINED", value_parser = BoolishValueParser::new())]
    pub quarantined: bool,
    /// The sign-in.
    #[command(flatten)]
    pub sign_in: SignInArgs,
    /// What the identity wants to do
    #[arg(long, value_enum, default_value_t, env = "ACR_ADMISSION_ACTION")]
    pub action: ActionArg,
    /// Show every assignment that was considered, in order
    #[arg(long, conflicts_with = "batch", env = "ACR_ADMISSION_TRACE", value_parser = BoolishValueParser::new())]
    pub trace: bool,
    /// Answer questions from a file of JSON lines, or `-` for standard input: one answer a line, in order
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_BATCH")]
    pub batch: Option<PathBuf>,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// Verdicts and the exit code.
    #[command(flatten)]
    pub verdicts: VerdictArgs,
    /// How to print one answer; a batch is always JSON lines
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: DocumentFormat,
}

/// The words of `--quick-run`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum QuickRunArg {
    /// `[caller]`: whoever starts the run
    #[value(alias = "[caller]")]
    Caller,
    /// No identity
    None,
}

impl From<QuickRunArg> for QuickRunIdentity {
    fn from(word: QuickRunArg) -> Self {
        match word {
            QuickRunArg::Caller => Self::Caller,
            QuickRunArg::None => Self::Nobody,
        }
    }
}

/// The words of `--action`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ActionArg {
    /// Pull an image
    #[default]
    Pull,
    /// Push an image
    Push,
    /// Delete an image or repository
    Delete,
    /// List tags and referrers
    List,
    /// List the registry's repositories
    Catalog,
}

impl From<ActionArg> for Action {
    fn from(word: ActionArg) -> Self {
        match word {
            ActionArg::Pull => Self::Pull,
            ActionArg::Push => Self::Push,
            ActionArg::Delete => Self::Delete,
            ActionArg::List => Self::List,
            ActionArg::Catalog => Self::Catalog,
        }
    }
}

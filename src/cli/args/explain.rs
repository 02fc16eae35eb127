//! `explain`.

use clap::{ArgGroup, Args};

use super::{ActionArg, DocumentFormat, InventoryArgs, SignInArgs, VerdictArgs};

/// The arguments of `explain`.
#[derive(Args, Debug)]
#[command(override_usage = "acr-admission explain [OPTIONS] IDENTITY IMAGE\n       \
    acr-admission explain [OPTIONS] IDENTITY --registry REGISTRY --repository REPOSITORY")]
#[command(group = ArgGroup::new("what").args(["image", "registry"]).required(true))]
pub struct ExplainArgs {
    /// Object id, client id, resource id or display name; or a token's name, the registry's own name for its admin
    /// user, or `anonymous`
    pub identity: String,
    /// The image, such as contoso.azurecr.io/team/app:1
    pub image: Option<String>,
    /// The registry instead of an image: login server, regional host, name or resource id
    #[arg(long, env = "ACR_ADMISSION_REGISTRY")]
    pub registry: Option<String>,
    /// The repository in that registry
    #[arg(long, requires = "registry", env = "ACR_ADMISSION_REPOSITORY")]
    pub repository: Option<String>,
    /// What the identity wants to do; only pulls have fixes
    #[arg(long, value_enum, default_value_t, env = "ACR_ADMISSION_ACTION")]
    pub action: ActionArg,
    /// The sign-in.
    #[command(flatten)]
    pub sign_in: SignInArgs,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// Verdicts and the exit code.
    #[command(flatten)]
    pub verdicts: VerdictArgs,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: DocumentFormat,
}

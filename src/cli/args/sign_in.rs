//! What is told of a person's or a client's sign-in.

use clap::builder::{BoolishValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use smol_str::SmolStr;

use crate::engine::conditional_access::{SignIn, TokenAudience};

/// The sign-in that an Entra identity makes at the registry.
#[derive(Args, Debug)]
pub struct SignInArgs {
    /// A Conditional Access control that the person's sign-in meets; without, none counts as met
    #[arg(long, value_name = "CONTROL", value_delimiter = ',', value_parser = controls(),
        env = "ACR_ADMISSION_CONTROL_MET")]
    pub control_met: Vec<SmolStr>,
    /// For whom the Entra token is issued that the registry is shown
    #[arg(long, value_enum, default_value_t, env = "ACR_ADMISSION_AUDIENCE")]
    pub audience: AudienceArg,
    /// The client still holds a credential from before the registry changed to mode rbac-abac
    #[arg(long, env = "ACR_ADMISSION_FORMER_MODE_CREDENTIAL", value_parser = BoolishValueParser::new())]
    pub former_mode_credential: bool,
    /// The client asks a connected registry on premises, which takes its own client tokens only. A token is taken for
    /// one of them
    #[arg(long, env = "ACR_ADMISSION_AT_CONNECTED_REGISTRY", value_parser = BoolishValueParser::new())]
    pub at_connected_registry: bool,
}

impl SignInArgs {
    pub(crate) fn sign_in(&self) -> SignIn<'_> {
        SignIn {
            audience: self.audience.into(),
            controls_met: &self.control_met,
            from_former_mode: self.former_mode_credential,
            at_connected_registry: self.at_connected_registry,
        }
    }
}

fn controls() -> impl TypedValueParser<Value = SmolStr> {
    PossibleValuesParser::new(CONTROLS).map(SmolStr::from)
}

/// Grant controls of Conditional Access, in Graph's words.
const CONTROLS: [&str; 10] = [
    "mfa",
    "compliantDevice",
    "domainJoinedDevice",
    "approvedApplication",
    "compliantApplication",
    "passwordChange",
    "riskRemediation",
    "authenticationStrength",
    "termsOfUse",
    "customAuthenticationFactors",
];

/// The words of `--audience`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum AudienceArg {
    /// Azure Container Registry
    #[default]
    Registry,
    /// Azure Resource Manager
    Arm,
}

impl From<AudienceArg> for TokenAudience {
    fn from(word: AudienceArg) -> Self {
        match word {
            AudienceArg::Registry => Self::Registry,
            AudienceArg::Arm => Self::ResourceManager,
        }
    }
}

//! What to do about a verdict where no role assignment helps, or none was verified: a sentence for each reason, and
//! a command where one does what the sentence says. Nothing here was tried by the engine.

use super::command::AzCommand;
use crate::engine::decision::Reason;
use crate::engine::pull::{Answer, IdentityKind};

/// What the documentation says to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remedy {
    /// One sentence.
    pub instruction: &'static str,
    /// The command that does it, where there is one.
    pub command: Option<AzCommand>,
}

/// The names that commands about accounts of a registry need.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account<'a> {
    /// The registry's resource name.
    pub registry: Option<&'a str>,
    /// The repository.
    pub repository: Option<&'a str>,
    /// The token's name.
    pub token: Option<&'a str>,
    /// The scope map's name.
    pub scope_map: Option<&'a str>,
}

impl Remedy {
    /// What to do about the answer to a question about an image; `None` where there is nothing to do.
    #[must_use]
    pub fn of_answer(answer: &Answer, registry: Option<&str>, repository: Option<&str>) -> Option<Self> {
        let token = answer.identity.as_ref().filter(|identity| identity.kind == IdentityKind::Token);
        let account = Account {
            registry,
            repository,
            token: token.map(|token| token.name.as_str()),
            scope_map: token.and(answer.by.as_deref()),
        };
        Self::of(answer.reason, account)
    }

    /// What to do about a reason; `None` where there is nothing to do.
    #[must_use]
    pub fn of(reason: Reason, account: Account<'_>) -> Option<Self> {
        let instruction = instruction(reason)?;
        Some(Self { instruction, command: command(reason, account) })
    }
}

fn command(reason: Reason, account: Account<'_>) -> Option<AzCommand> {
    let registry = account.registry.filter(|name| is_name(name))?;
    let token = account.token.filter(|name| is_name(name));
    if reason == Reason::TokenDisabled {
        let update = AzCommand::new(["acr", "token", "update", "--name", token?, "--registry", registry]);
        return Some(update.with(["--status", "enabled"]));
    }
    if reason == Reason::TokenPasswordsExpired {
        let generate = AzCommand::new(["acr", "token", "credential", "generate", "--name", token?]);
        return Some(generate.with(["--registry", registry, "--password1"]));
    }
    if reason == Reason::TokenScopeMapDoesNotCover {
        // The maps that Azure brings along begin with an underscore and cannot be changed.
        let map = account.scope_map.filter(|name| is_name(name) && !name.starts_with('_'))?;
        let repository = account.repository.filter(|name| is_repository(name))?;
        let update = AzCommand::new(["acr", "scope-map", "update", "--name", map, "--registry", registry]);
        return Some(update.with(["--add-repository", repository, "content/read"]));
    }
    if reason == Reason::RepositoryReadLocked {
        let repository = account.repository.filter(|name| is_repository(name))?;
        let update = AzCommand::new(["acr", "repository", "update", "--name", registry]);
        return Some(update.with(["--repository", repository, "--read-enabled", "true"]));
    }
    None
}

/// `az` takes values that start with `@` for files, and ones that start with a dash for flags.
fn is_name(text: &str) -> bool {
    let ordinary = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_');
    !text.is_empty() && !text.starts_with('-') && text.chars().all(ordinary)
}

fn is_repository(text: &str) -> bool {
    let ordinary = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | '/');
    text.starts_with(|one: char| one.is_ascii_alphanumeric()) && text.chars().all(ordinary)
}

/// What to do, in one sentence that stands alone; `None` for verdicts that nobody has to do anything about.
#[must_use]
pub const fn instruction(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::AllowedByRole
        | Reason::AllowedByToken
        | Reason::AllowedByAdminUser
        | Reason::AllowedByAnonymousPull
        | Reason::AllowedByTaskDefaultAccess
        | Reason::RegistryNotManaged
        | Reason::NoImage => return None,
        Reason::ConditionNotMet => {
            "Widen the condition of the assignment, or pull from a repository that it covers."
        }
        Reason::ConditionNotEvaluable => {
            "Rewrite the condition: a registry supplies the repository's name as @Request[…], in mode rbac-abac, and nothing else."
        }
        Reason::ConditionInvalid => "Correct the condition; `acr-admission condition check` shows the place.",
        Reason::RoleIgnoredInAbacMode => "Assign Container Registry Repository Reader at the registry.",
        Reason::RoleIgnoredInRbacMode => "Assign AcrPull at the registry.",
        Reason::NoPullPermission => {
            "Assign AcrPull (mode rbac) or Container Registry Repository Reader (mode rbac-abac) at the registry."
        }
        Reason::NoPermission => "Assign a role that grants the action at the registry.",
        Reason::DeniedByDenyAssignment => {
            "No role helps: remove the deny assignment where it was made (a managed application, a deployment stack), or exclude the identity there."
        }
        Reason::BlockedByConditionalAccess => {
            "Sign in with what the policy demands, or let a managed identity pull: Conditional Access is about people only."
        }
        Reason::TokenAudienceRejected => {
            "Ask for tokens of the audience https://containerregistry.azure.net, which every registry takes."
        }
        Reason::ImageQuarantined => {
            "Let the scanner mark the image as passed; AcrQuarantineReader is for the scanner, which pulls by digest."
        }
        Reason::CredentialFromFormerMode => {
            "Sign in at the registry again: credentials from before the change of mode are refused."
        }
        Reason::ConnectedRegistryTakesTokensOnly => {
            "Give the client a token of the parent registry, and make it a client token of the connected registry."
        }
        Reason::RepositoryReadLocked => "Unlock the repository, if it was not locked on purpose.",
        Reason::TaskHasNoRegistryIdentity => {
            "Give the task an identity for its registry with `--source-acr-auth-id`, and that identity a role."
        }
        Reason::NodeCredentialNotSent => {
            "Write the registry's login server, in lower case and without a port, or give the pod a pull secret."
        }
        Reason::VirtualNodeHasNoPullIdentity => "Give the pod a pull secret, or keep it off virtual nodes.",
        Reason::NoPullIdentityConfigured => {
            "Annotate the service account with kubernetes.azure.com/acr-client-id, or give the cluster a default identity."
        }
        Reason::EmptyAcrClientIdAnnotation => {
            "Fill in the service account's annotation kubernetes.azure.com/acr-client-id, or remove it."
        }
        Reason::TokenDisabled => "Enable the token, or name another one in the pull secret.",
        Reason::TokenPasswordsExpired => "Make a new password for the token and put it into the pull secret.",
        Reason::TokenScopeMapDoesNotCover => {
            "Add the repository to the token's scope map, or name a token that covers it in the pull secret."
        }
        Reason::AcrPullBindingScopeDoesNotCover => {
            "Add the repository to spec.acr.scope of the AcrPullBinding, such as repository:team/app:pull."
        }
        Reason::AdminUserDisabled => {
            "Let an identity or a token pull instead of the admin user, which is switched off on purpose."
        }
        Reason::PullSecretMalformed => {
            "Make the pull secret anew with `kubectl create secret docker-registry`; until then the pod pulls nothing at all."
        }
        Reason::NotALoginServer => "Write the registry's login server instead of its data endpoint.",
        Reason::ImageIdReference => {
            "Name the image by registry and repository: REGISTRY/REPOSITORY@sha256:…."
        }
        Reason::InvalidImageReference => "Correct the image reference.",
        Reason::ServiceAccountNotFound => "Create the service account first, or correct its name.",
        Reason::IdentityNotInEstate => "Export the inventory again, or correct the identity's id or name.",
        Reason::PullSecretNotReadable => {
            "Put the Secret's manifest beside the workload, or let an identity pull."
        }
        Reason::ClientIdNotFederated => {
            "Make a federated credential for this service account (`az identity federated-credential create`), or correct the annotation."
        }
        Reason::DenyAssignmentMembersUnknown => {
            "Export the members of the group that the deny assignment names, or all groups around the identity."
        }
        Reason::DenyAssignmentsNotExported | Reason::RoleAssignmentsNotExported => {
            "Export again with the right to read the assignments of the registry's subscription (Reader has it)."
        }
        Reason::RegistryModeUnknown => {
            "Export the registry with a current Azure CLI, so that roleAssignmentMode is in it."
        }
        Reason::ConditionalAccessNotEvaluated => {
            "Let a managed identity pull: Conditional Access is about people only."
        }
        Reason::ClusterPullIdentityUnknown => {
            "Export the cluster (`az aks show`), or state who pulls in it in the settings."
        }
        Reason::WorkloadUnreadable => "Correct the object.",
        Reason::InventoryNotLoaded => "Give acr-admission an inventory.",
        Reason::DeadlineExceeded => "Look at the metrics of acr-admission and at the API server's latency.",
        Reason::InternalError => "Look at the log of acr-admission, and report what it says.",
    })
}

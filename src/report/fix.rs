//! The command that would turn a denial, and the proof that it does.
//!
//! A fix is only told after the assignment it makes was added to a copy of the inventory and the question asked
//! again. That rebuilds the index, so this is for reports, never for the request path.
//!
//! Azure keeps one assignment for each principal, role and scope: `az role assignment create` on a triple that
//! exists prints the old one and drops the new condition, so there is no such command then (azure-cli, "role
//! assignment create", 409 `RoleAssignmentExists`).

use jiff::Timestamp;
use uuid::{Uuid, uuid};

use crate::engine::action::{Action, PermissionsMode};
use crate::engine::assignment::{AssignmentCondition, AssignmentName, PrincipalType, RoleAssignment};
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::Verdict;
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::inventory::{PrincipalKind, Registry};

/// `AcrPull`: pulls from registries in mode `rbac`.
const ACR_PULL: RoleId = RoleId::new(uuid!("7f951dda-4ed3-4680-a7ca-43fe172d538d"));
/// `Container Registry Repository Reader`: pulls from registries in mode `rbac-abac`.
const REPOSITORY_READER: RoleId = RoleId::new(uuid!("b93aa761-3e63-49ed-ac28-beffa264f7ac"));

/// The `az` command that lets a principal pull one repository; `None` where none could be verified.
#[must_use]
pub fn pull_fix(
    index: &Index,
    registry: RegistryNumber,
    repository: &str,
    principal: PrincipalId,
    now: Timestamp,
) -> Option<String> {
    let facts = index.registry(registry)?;
    let (role, condition) = match facts.mode? {
        PermissionsMode::Rbac => (ACR_PULL, None),
        PermissionsMode::RbacAbac => (REPOSITORY_READER, Some(condition_for(repository))),
    };
    let inventory = index.inventory();
    let exists = inventory.role_assignments.iter().any(|assignment| {
        assignment.principal == principal && assignment.role == role && assignment.scope == facts.id
    });
    if exists {
        return None;
    }

    let mut fixed = inventory.clone();
    fixed.role_assignments.push(RoleAssignment {
        name: AssignmentName::Guid(Uuid::nil()),
        scope: facts.id.clone(),
        role,
        principal,
        principal_type: PrincipalType::Unknown,
        principal_deleted: false,
        condition: condition.as_deref().map(|text| AssignmentCondition::new(text, None).into()),
        window: None,
    });
    let request =
        AccessRequest { principal, registry, repository: Some(repository), action: Action::Pull, now };
    let turned = Index::build(fixed).decide(&request).verdict() == Verdict::Allow;
    turned.then(|| command(index, facts, role, principal, condition.as_deref()))
}

/// The condition for one repository, as the portal writes it, on one line.
fn condition_for(repository: &str) -> String {
    let registries = "Microsoft.ContainerRegistry/registries";
    format!(
        "((!(ActionMatches{{'{registries}/repositories/content/read'}}) AND \
         !(ActionMatches{{'{registries}/repositories/metadata/read'}})) OR \
         (@Request[{registries}/repositories:name] StringEqualsIgnoreCase '{repository}'))"
    )
}

fn command(
    index: &Index,
    registry: &Registry,
    role: RoleId,
    principal: PrincipalId,
    condition: Option<&str>,
) -> String {
    let principal_type = match index.principal(principal).map(|principal| principal.kind) {
        Some(PrincipalKind::User) => "User",
        Some(PrincipalKind::ManagedIdentity | PrincipalKind::ServicePrincipal) | None => "ServicePrincipal",
    };
    let scope = &registry.id;
    let command = format!(
        "az role assignment create --assignee-object-id {principal} --assignee-principal-type {principal_type} \
         --role {role} --scope {scope}"
    );
    let Some(condition) = condition else { return command };
    // Single quotes survive sh, bash and zsh; inner ones are closed, escaped and opened again.
    let quoted = condition.replace('\'', r"'\''");
    format!("{command} --condition '{quoted}' --condition-version 2.0")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::pull_fix;
    use crate::engine::guid::PrincipalId;
    use crate::engine::index::Index;
    use crate::inventory::from_documents;

    const INVENTORY: &str = "
apiVersion: acr-admission.dev/v1
kind: Inventory
registries: [{name: plain, mode: rbac}, {name: fine, mode: rbac-abac}, {name: unclear}]
identities: [{name: id-web, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a01}]
";

    fn fix(inventory: &str, registry: &str) -> Option<String> {
        let documents = [("inventory.yaml".to_owned(), inventory.as_bytes().to_vec())];
        let index = Index::build(from_documents(documents).unwrap().inventory);
        let principal: PrincipalId = "8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a01".parse().unwrap();
        pull_fix(&index, index.find_registry(registry).unwrap(), "team/app", principal, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_mode_gets_its_own_role() {
        let start = "az role assignment create --assignee-object-id 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a01 \
                     --assignee-principal-type ServicePrincipal --role ";
        let plain = fix(INVENTORY, "plain").unwrap();
        assert!(
            plain.starts_with(&format!("{start}7f951dda-4ed3-4680-a7ca-43fe172d538d --scope /")),
            "{plain}"
        );
        assert!(!plain.contains("--condition"), "{plain}");
        let fine = fix(INVENTORY, "fine").unwrap();
        assert!(
            fine.starts_with(&format!("{start}b93aa761-3e63-49ed-ac28-beffa264f7ac --scope /")),
            "{fine}"
        );
        assert!(
            fine.ends_with(r"StringEqualsIgnoreCase '\''team/app'\''))' --condition-version 2.0"),
            "{fine}"
        );
    }

    #[test]
    fn what_would_not_help_is_not_told() {
        assert_eq!(fix(INVENTORY, "unclear"), None, "the mode is not known");
        let denied = format!(
            "{INVENTORY}denyAssignments: [{{name: no, principals: [id-web], scope: plain, actions: ['*']}}]\n"
        );
        assert_eq!(fix(&denied, "plain"), None, "a deny assignment wins");
        let exists = format!(
            "{INVENTORY}roleAssignments:\n- principal: id-web\n  role: Container Registry Repository Reader\n  \
             scope: fine\n  condition: \"@Request[Microsoft.ContainerRegistry/registries/repositories:name] \
             StringEquals 'other'\"\n"
        );
        assert_eq!(fix(&exists, "fine"), None, "Azure would keep the assignment that exists");
    }
}

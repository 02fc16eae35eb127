//! Groups and federated credentials: who is left out, and whose tokens never match.

use std::collections::HashSet;

use super::code::LintCode;
use super::estate::{Estate, RoleFacts};
use super::finding::{LintFinding, Subject};
use crate::engine::guid::PrincipalId;
use crate::inventory::Listed;

/// Where the issuers of AKS live, in every cloud.
const AKS_ISSUERS: &str = ".oic.prod-aks.azure.";

/// Checks groups and federated credentials.
pub(super) fn check(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    groups(estate, found);
    federated_credentials(estate, found);
}

fn groups(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    let assignments = &estate.inventory().role_assignments;
    let grants = assignments.iter().filter(|assignment| {
        !estate.reach(assignment).is_empty()
            && estate.role(assignment.role).is_some_and(RoleFacts::is_about_images)
    });
    let holders: HashSet<PrincipalId> = grants.map(|assignment| assignment.principal).collect();
    for (position, group) in estate.inventory().groups.iter().enumerate() {
        // A group without grants hides nobody that matters; its own groups' grants are its members' too.
        if !group.members_may_be_hidden
            || !estate.index.identity_set(group.id).any(|id| holders.contains(&id))
        {
            continue;
        }
        let name = estate.principal_name(group.id);
        let what =
            format!("group `{name}`: its member list shows no managed identity, and may leave them out");
        let subject = Subject { kind: "group", id: group.id.to_string(), name };
        let place = estate.place(Listed::Groups, position);
        let url = format!("https://graph.microsoft.com/beta/groups/{}/transitiveMembers?$top=999", group.id);
        found.push(
            LintFinding::new(LintCode::GroupMembersMayBeHidden, subject, place, what)
                .with_fix("export the members from Graph beta, which shows all of them")
                .with_command(format!("az rest --method get --url '{url}'")),
        );
    }
}

fn federated_credentials(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    let inventory = estate.inventory();
    for (position, credential) in inventory.federated_credentials.iter().enumerate() {
        let issuer = credential.issuer.as_str();
        let with_slash = format!("{issuer}/");
        let is_of_cluster = inventory
            .clusters
            .iter()
            .any(|cluster| cluster.oidc_issuer.as_deref() == Some(with_slash.as_str()));
        if issuer.ends_with('/') || !(is_of_cluster || issuer.contains(AKS_ISSUERS)) {
            continue;
        }
        let (identity, subject) = (credential.identity.name(), &credential.subject);
        let what =
            format!("the federated credential of `{identity}` for `{subject}` names the issuer `{issuer}`");
        let subject = Subject {
            kind: "federatedCredential",
            id: credential.identity.to_string(),
            name: format!("{identity}: {subject}"),
        };
        let place = estate.place(Listed::FederatedCredentials, position);
        let finding = LintFinding::new(LintCode::IssuerWithoutSlash, subject, place, what);
        found.push(finding.with_fix(format!("write the issuer as `{with_slash}`")));
    }
}

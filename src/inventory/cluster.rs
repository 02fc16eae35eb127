//! AKS clusters, and the identities that only they name.

use smol_str::SmolStr;

use super::collection::{Collection, Origin};
use super::merge::settle;
use super::principal::PrincipalPart;
use super::problem::LoadWarningCode;
use super::record::Record;
use crate::engine::guid::{ClientId, PrincipalId};
use crate::engine::inventory::{Cluster, KubeletIdentity, PrincipalKind, ServiceAccountImagePull};
use crate::engine::scope::Scope;

/// The kubelet identity as far as one export shows it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "Azure tells these three ids apart by exactly these words")]
pub(super) struct KubeletPart {
    pub(super) resource_id: Option<Scope>,
    pub(super) client_id: Option<ClientId>,
    pub(super) principal_id: Option<PrincipalId>,
}

/// A cluster as far as one export shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct ClusterPart {
    pub(super) name: SmolStr,
    pub(super) kubelet: Option<KubeletPart>,
    pub(super) service_principal: Option<ClientId>,
    pub(super) service_account_image_pull: Option<ServiceAccountImagePull>,
    pub(super) oidc_issuer: Option<SmolStr>,
}

impl ClusterPart {
    /// Adds another export: `az aks show` for most, ARM for the image-pull profile, which the former drops.
    /// Returns `false` where two exports contradict each other.
    pub(super) fn merge(&mut self, other: Self) -> bool {
        let Self { name, kubelet, service_principal, service_account_image_pull, oidc_issuer } = other;
        if self.name.is_empty() {
            self.name = name;
        }
        let same_kubelet = match (&mut self.kubelet, kubelet) {
            (_, None) => true,
            (None, kubelet) => {
                self.kubelet = kubelet;
                true
            }
            (Some(known), Some(new)) => {
                settle(&mut known.resource_id, new.resource_id);
                settle(&mut known.client_id, new.client_id);
                settle(&mut known.principal_id, new.principal_id)
            }
        };
        let same_profile = match (&mut self.service_account_image_pull, service_account_image_pull) {
            (_, None) => true,
            (None, profile) => {
                self.service_account_image_pull = profile;
                true
            }
            (Some(known), Some(new)) => {
                let identity = settle(&mut known.default_identity, new.default_identity);
                identity && known.enabled == new.enabled
            }
        };
        let same_principal = settle(&mut self.service_principal, service_principal);
        let same_issuer = settle(&mut self.oidc_issuer, oidc_issuer);
        same_kubelet && same_profile && same_principal && same_issuer
    }

    /// The finished cluster; `object_id` finds the object id of a kubelet identity that shows none.
    pub(super) fn finish(
        self,
        id: Scope,
        object_id: impl FnOnce(&KubeletPart) -> Option<PrincipalId>,
    ) -> Cluster {
        let kubelet_identity = self.kubelet.and_then(|kubelet| {
            let principal_id = kubelet.principal_id.or_else(|| object_id(&kubelet))?;
            Some(KubeletIdentity {
                resource_id: kubelet.resource_id,
                client_id: kubelet.client_id,
                principal_id,
            })
        });
        Cluster {
            name: if self.name.is_empty() { id.name().into() } else { self.name },
            id,
            kubelet_identity,
            service_principal: self.service_principal,
            service_account_image_pull: self.service_account_image_pull,
            oidc_issuer: self.oidc_issuer,
        }
    }
}

/// Reads `az aks list|show` and ARM managed clusters.
pub(super) fn read(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.scope("id", &mut collection.scopes) else {
        return record.missing("id", "a cluster");
    };
    let profile = record.object("securityProfile");
    let profile = profile.and_then(|profile| profile.object("serviceAccountImagePullProfile"));
    let issuer = record.object("oidcIssuerProfile");
    let part = ClusterPart {
        name: record.name("name").unwrap_or_default(),
        kubelet: kubelet(collection, record),
        service_principal: service_principal(record),
        service_account_image_pull: profile.map(|profile| ServiceAccountImagePull {
            enabled: profile.flag("enabled").unwrap_or(false),
            default_identity: profile.scope("defaultManagedIdentityId", &mut collection.scopes),
        }),
        oidc_issuer: issuer.and_then(|issuer| issuer.name("issuerUrl")).filter(|url| !url.is_empty()),
    };
    identities(collection, origin, record, part.kubelet.as_ref());
    let (known, _) = collection.clusters.entry(id, origin, ClusterPart::default);
    if !known.merge(part) {
        record.warn(
            LoadWarningCode::ExportsDisagree,
            "id",
            format!("exports of cluster `{}` disagree: the first is used", known.name),
            "export the cluster again, after its last change",
        );
    }
}

fn kubelet(collection: &mut Collection, record: &Record<'_, '_>) -> Option<KubeletPart> {
    let identity = record.object("identityProfile")?.object("kubeletidentity")?;
    Some(KubeletPart {
        resource_id: identity.scope("resourceId", &mut collection.scopes),
        client_id: identity.guid("clientId"),
        principal_id: identity.guid("objectId"),
    })
}

fn service_principal(record: &Record<'_, '_>) -> Option<ClientId> {
    let profile = record.object("servicePrincipalProfile")?;
    // Clusters with managed identities say `msi` here.
    if profile.text("clientId")?.eq_ignore_ascii_case("msi") {
        return None;
    }
    profile.guid("clientId")
}

/// The kubelet identity and the control plane's become principals: `az identity list` of another subscription
/// may be the only other place that shows them.
fn identities(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
    kubelet: Option<&KubeletPart>,
) {
    let mut found = Vec::new();
    if let Some(KubeletPart { resource_id, client_id, principal_id: Some(principal_id) }) = kubelet {
        found.push((*principal_id, *client_id, resource_id.clone()));
    }
    let control_plane = record.object("identity");
    let own_id: Option<PrincipalId> =
        control_plane.as_ref().and_then(|identity| identity.guid("principalId"));
    if let Some(own_id) = own_id {
        // Entra names a system-assigned identity after its resource. It has no resource id of its own.
        let name = record.name("name").unwrap_or_default();
        let part =
            PrincipalPart { kind: Some(PrincipalKind::ManagedIdentity), name, ..PrincipalPart::default() };
        collection.principals.entry(own_id, origin, PrincipalPart::default).0.merge(part);
    }
    let control_plane = control_plane.and_then(|identity| identity.object("userAssignedIdentities"));
    if let Some(control_plane) = &control_plane {
        for resource_id in control_plane.keys() {
            let Some(identity) = control_plane.object(resource_id) else { continue };
            if let Some(principal_id) = identity.guid("principalId") {
                let scope = collection.scopes.intern(resource_id).ok();
                found.push((principal_id, identity.guid("clientId"), scope));
            }
        }
    }
    for (principal_id, client_id, resource_id) in found {
        let name = resource_id.as_ref().map_or_else(SmolStr::default, |id| id.name().into());
        let part = PrincipalPart { kind: Some(PrincipalKind::ManagedIdentity), client_id, resource_id, name };
        collection.principals.entry(principal_id, origin, PrincipalPart::default).0.merge(part);
    }
}

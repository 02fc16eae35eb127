//! Whether the client id in an annotation is more than a claim.
//!
//! Whoever may edit a service account may write a client id into it. Entra ID believes it only where a federated
//! credential of that identity names the cluster's issuer, the service account and the audience (Microsoft Entra,
//! "Workload identity federation"); texts are compared as they are, letter case and trailing slash included.

use super::cluster::{ClusterProfile, Federation};
use crate::engine::decision::{Advice, AdviceSet, Reason};
use crate::engine::gap::GapKind;
use crate::engine::index::Index;
use crate::engine::inventory::{FederatedCredential, Principal};

/// The audience that workload identity asks its tokens for.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

impl Index {
    /// Refuses a client id that has to be backed by a federated credential for this namespace and service account,
    /// and is not. Without `audience` any will do.
    pub(super) fn check_federation(
        &self,
        principal: &Principal,
        (namespace, service_account): (&str, &str),
        audience: Option<&str>,
        cluster: &ClusterProfile,
        advice: &mut AdviceSet,
    ) -> Result<(), Reason> {
        let credentials = &self.inventory().federated_credentials;
        let required = match cluster.federation {
            Federation::Trusted => false,
            Federation::Required => true,
            Federation::RequiredWhenKnown => !credentials.is_empty() || self.lacks_federated_credentials(),
        };
        if !required {
            if cluster.federation == Federation::RequiredWhenKnown {
                advice.insert(Advice::FederationNotChecked);
            }
            return Ok(());
        }
        let subject = format!("system:serviceaccount:{namespace}:{service_account}");
        let backs = |credential: &FederatedCredential| {
            principal.resource_id.as_ref() == Some(&credential.identity)
                && cluster.oidc_issuer.as_ref() == Some(&credential.issuer)
                && credential.subject == subject
                && credential.audiences.iter().any(|own| audience.is_none_or(|audience| own == audience))
        };
        credentials.iter().any(backs).then_some(()).ok_or(Reason::ClientIdNotFederated)
    }

    /// Whether an export asked for federated credentials in vain: then none at all is no sign that nobody looked.
    fn lacks_federated_credentials(&self) -> bool {
        self.inventory().gaps.iter().any(|gap| gap.what == GapKind::FederatedCredentials)
    }
}

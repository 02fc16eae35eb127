//! Finding the identity that somebody means by an id or a name.

use super::Index;
use crate::engine::guid::{ClientId, PrincipalId};
use crate::engine::inventory::{Cluster, Principal};
use crate::engine::scope::Scope;

/// What an id or a name led to.
#[derive(Clone, Copy, Debug)]
pub enum IdentityMatch<'index> {
    /// Exactly one principal.
    One(FoundIdentity<'index>),
    /// Several principals share the display name; an id tells them apart.
    Several,
    /// No export knows it.
    None,
}

/// A principal, or a bare object id that only assignments mention.
#[derive(Clone, Copy, Debug)]
pub struct FoundIdentity<'index> {
    /// The object id that is judged.
    pub principal_id: PrincipalId,
    /// What was exported of it, if anything was.
    pub principal: Option<&'index Principal>,
}

impl Index {
    /// The principal with this object id.
    #[must_use]
    pub fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        self.inventory.principals.get(*self.principals.get(&id)? as usize)
    }

    /// The managed identity or service principal with this client id.
    #[must_use]
    pub fn principal_by_client_id(&self, id: ClientId) -> Option<&Principal> {
        self.inventory.principals.get(*self.client_ids.get(&id)? as usize)
    }

    /// The managed identity with this resource id.
    #[must_use]
    pub fn principal_by_resource_id(&self, id: &Scope) -> Option<&Principal> {
        self.inventory.principals.get(*self.resource_ids.get(id)? as usize)
    }

    /// Finds an identity by object id, client id, resource id or display name, tried in this order.
    ///
    /// An object id that only assignments mention is found too: it is what Azure would judge.
    #[must_use]
    pub fn find_identity(&self, text: &str) -> IdentityMatch<'_> {
        let one = |principal: &'_ Principal| principal.principal_id;
        let found = text
            .parse::<PrincipalId>()
            .ok()
            .and_then(|id| {
                self.principal(id)
                    .or_else(|| self.principal_by_client_id(ClientId::new(id.guid())))
                    .map(one)
                    .or_else(|| self.by_principal.contains_key(&id).then_some(id))
                    .or_else(|| self.groups_of.contains_key(&id).then_some(id))
            })
            .or_else(|| {
                let id = Scope::parse(text).ok()?;
                self.principal_by_resource_id(&id).map(one)
            });
        if let Some(principal_id) = found {
            return IdentityMatch::One(self.found(principal_id));
        }
        let mut named =
            self.inventory.principals.iter().filter(|principal| !text.is_empty() && principal.name == text);
        match (named.next(), named.next()) {
            (None, _) => IdentityMatch::None,
            (Some(principal), None) => IdentityMatch::One(self.found(principal.principal_id)),
            (Some(_), Some(_)) => IdentityMatch::Several,
        }
    }

    /// The cluster with this resource name or resource id, in any letter case.
    #[must_use]
    pub fn find_cluster(&self, text: &str) -> Option<&Cluster> {
        let id = Scope::parse(text).ok();
        self.inventory
            .clusters
            .iter()
            .find(|cluster| cluster.name.eq_ignore_ascii_case(text) || id.as_ref() == Some(&cluster.id))
    }

    fn found(&self, principal_id: PrincipalId) -> FoundIdentity<'_> {
        FoundIdentity { principal_id, principal: self.principal(principal_id) }
    }
}

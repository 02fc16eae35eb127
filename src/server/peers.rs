//! How much each address holds: connections, or bytes of bodies.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// What is held by address, up to a bound for each.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    most: usize,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Peers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: Arc::default() }
    }

    /// So much more for an address, until the share is dropped; `None` where it holds too much.
    pub(super) fn take(&self, address: IpAddr, amount: usize) -> Option<Share> {
        // The same machine, whichever way it comes.
        let mut share = Share { peers: self.clone(), address: address.to_canonical(), amount: 0 };
        share.grow(amount).then_some(share)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of what an address holds.
#[derive(Debug)]
pub(super) struct Share {
    peers: Peers,
    address: IpAddr,
    amount: usize,
}

impl Share {
    /// Makes the share bigger; `false`, and nothing is changed, where the address holds too much.
    pub(super) fn grow(&mut self, amount: usize) -> bool {
        let mut held = self.peers.held();
        let before = held.get(&self.address).copied().unwrap_or_default();
        let after = before.saturating_add(amount);
        if after > self.peers.most {
            return false;
        }
        held.insert(self.address, after);
        self.amount += amount;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.peers.held();
        if let Some(sum) = held.get_mut(&self.address) {
            *sum = sum.saturating_sub(self.amount);
            if *sum == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::Peers;

    #[test]
    fn an_address_holds_its_share_and_no_more() {
        let peers = Peers::new(2);
        let (one, other) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let held = [peers.take(one.into(), 1).unwrap(), peers.take(one.to_ipv6_mapped().into(), 1).unwrap()];
        assert!(peers.take(one.into(), 1).is_none());
        assert!(peers.take(other.into(), 2).is_some());
        assert!(peers.take(Ipv6Addr::LOCALHOST.into(), 1).is_some());
        drop(held);
        assert!(peers.held().is_empty());
        assert!(peers.take(one.into(), 1).is_some());
    }

    #[test]
    fn a_share_grows_as_far_as_there_is_room() {
        let peers = Peers::new(10);
        let address = Ipv4Addr::LOCALHOST.into();
        let mut share = peers.take(address, 4).unwrap();
        assert!(share.grow(6) && !share.grow(1));
        assert!(peers.take(address, 1).is_none());
        drop(share);
        assert!(peers.held().is_empty());
    }
}

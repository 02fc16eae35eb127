//! How many connections each address holds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Connections by address, up to a bound for each.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    most: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Peers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// One more connection of an address, until the share is dropped; `None` where it holds too many.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Share> {
        // The same machine, whichever way it comes.
        let address = address.to_canonical();
        let mut open = self.open();
        let count = open.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share { peers: self.clone(), address })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Share {
    peers: Peers,
    address: IpAddr,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.peers.open();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
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
        let held = [peers.enter(one.into()).unwrap(), peers.enter(one.to_ipv6_mapped().into()).unwrap()];
        assert!(peers.enter(one.into()).is_none());
        assert!(peers.enter(other.into()).is_some());
        assert!(peers.enter(Ipv6Addr::LOCALHOST.into()).is_some());
        drop(held);
        assert!(peers.open().is_empty());
        assert!(peers.enter(one.into()).is_some());
    }
}

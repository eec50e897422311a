//! How many connections are open, in all and from one address (P-226).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::server::tarpit::Tarpit;

/// Counts the connections that are open.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    counts: Arc<Mutex<Counts>>,
    tarpit: Tarpit,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Permission to be connected. Dropping it gives it back.
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    address: IpAddr,
}

/// There is no room for another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The server is full.
    Everywhere,
    /// This address has too many.
    ForThisAddress,
}

impl Gate {
    /// Where failed logins wait.
    pub(super) const fn tarpit(&self) -> &Tarpit {
        &self.tarpit
    }

    /// Lets one more in, if both limits allow it.
    pub fn enter(&self, address: IpAddr, all_max: usize, address_max: usize) -> Result<Permit, NoRoom> {
        let address = address.to_canonical();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= all_max {
            return Err(NoRoom::Everywhere);
        }
        let from_here = counts.by_address.entry(address).or_default();
        if *from_here >= address_max {
            return Err(NoRoom::ForThisAddress);
        }
        *from_here += 1;
        counts.all += 1;
        Ok(Permit { gate: self.clone(), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.gate.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(from_here) = counts.by_address.get_mut(&self.address) {
            *from_here -= 1;
            if *from_here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_counted_and_given_back() {
        // P-226
        let gate = Gate::default();
        let here: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let there: IpAddr = "192.0.2.2".parse().unwrap();
        let first = gate.enter(here, 3, 2).unwrap();
        let _second = gate.enter(mapped, 3, 2).unwrap();
        assert_eq!(gate.enter(here, 3, 2).unwrap_err(), NoRoom::ForThisAddress);
        let _third = gate.enter(there, 3, 2).unwrap();
        assert_eq!(gate.enter(there, 3, 2).unwrap_err(), NoRoom::Everywhere);
        drop(first);
        assert!(gate.enter(here, 3, 2).is_ok());
        assert!(gate.counts.lock().unwrap().by_address.len() <= 2);
    }
}

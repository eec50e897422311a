//! Servers that may be the right one, in the order in which they are tried.

use super::address::Address;
use super::autoconfig::Setting;
use super::dns::Service;
use crate::connect::Security;

/// Hosts of MX records that are tried.
const EXCHANGERS_MAX: usize = 3;

/// A server that may be the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What protects the connection: never nothing.
    pub security: Security,
    /// How we came to it.
    pub by: FoundBy,
    /// The user name that goes with it, if something said so.
    pub user: Option<String>,
    /// Whether the domain itself vouches for the host: it lies within, or settings under TLS name it (C-004).
    pub vouched: bool,
}

/// How we came to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// An SRV record (RFC 6186).
    Srv,
    /// Settings for mail programs.
    Settings,
    /// A usual name.
    Guess,
    /// An MX record.
    Exchanger,
}

impl FoundBy {
    /// For programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Srv => "srv",
            Self::Settings => "autoconfig",
            Self::Guess => "guess",
            Self::Exchanger => "mx",
        }
    }
}

/// The ports of the services.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// TLS from the first octet.
    pub pop3s: u16,
    /// STLS.
    pub pop3: u16,
    /// Settings.
    pub https: u16,
    /// Settings without TLS.
    pub http: u16,
}

/// Which kinds the domain has not said to be missing.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// TLS from the first octet.
    pub tls: bool,
    /// STLS.
    pub stls: bool,
}

/// What SRV records name.
pub fn of_services(services: Vec<Service>, security: Security, address: &Address) -> Vec<Candidate> {
    let candidate = |service: Service| Candidate {
        vouched: address.holds(&service.host),
        host: service.host,
        port: service.port,
        security,
        by: FoundBy::Srv,
        user: None,
    };
    services.into_iter().map(candidate).collect()
}

/// What settings name; `secure`: they came under TLS. Servers without TLS are left out (C-001).
pub fn of_settings(settings: Vec<Setting>, secure: bool, address: &Address) -> Vec<Candidate> {
    let candidate = |setting: Setting| {
        Some(Candidate {
            vouched: secure || address.holds(&setting.host),
            security: setting.security?,
            user: Some(setting.user).filter(|user| !user.is_empty()),
            host: setting.host,
            port: setting.port,
            by: FoundBy::Settings,
        })
    };
    let mut candidates: Vec<Candidate> = settings.into_iter().filter_map(candidate).collect();
    // TLS from the first octet comes first (RFC 8314 §3); the order of the file is kept within each kind.
    candidates.sort_by_key(|candidate| candidate.security != Security::Tls);
    candidates
}

/// Usual names, and the hosts that take mail: TLS from the first octet at all of them before STLS at any.
pub fn guesses(exchangers: &[String], ports: Ports, allowed: Allowed, address: &Address) -> Vec<Candidate> {
    let domain = &address.domain;
    let usual = [format!("pop.{domain}"), format!("pop3.{domain}"), format!("mail.{domain}"), domain.clone()];
    let mut hosts: Vec<(String, FoundBy)> = usual.into_iter().map(|host| (host, FoundBy::Guess)).collect();
    for exchanger in exchangers.iter().take(EXCHANGERS_MAX) {
        if !hosts.iter().any(|(host, _)| host == exchanger) {
            hosts.push((exchanger.clone(), FoundBy::Exchanger));
        }
    }
    let kinds = [(allowed.tls, Security::Tls, ports.pop3s), (allowed.stls, Security::Stls, ports.pop3)];
    let mut candidates = Vec::new();
    for (_, security, port) in kinds.into_iter().filter(|(allowed, ..)| *allowed) {
        candidates.extend(hosts.iter().map(|(host, by)| Candidate {
            host: host.clone(),
            port,
            security,
            by: *by,
            user: None,
            vouched: address.holds(host),
        }));
    }
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_comes_before_stls_and_nothing_comes_in_the_clear() {
        // C-001, C-002, C-003
        let address = Address::parse("a@example.org").unwrap();
        let ports = Ports { pop3s: 995, pop3: 110, https: 443, http: 80 };
        let exchangers = ["mail.example.org".to_owned(), "mx.host.example".to_owned()];
        let all = guesses(&exchangers, ports, Allowed { tls: true, stls: true }, &address);
        let tried: Vec<(&str, u16)> = all.iter().map(|one| (one.host.as_str(), one.port)).collect();
        let hosts = ["pop.example.org", "pop3.example.org", "mail.example.org", "example.org", "mx.host.example"];
        let expected: Vec<(&str, u16)> = [995, 110].iter().flat_map(|port| hosts.map(|host| (host, *port))).collect();
        assert_eq!(tried, expected);
        assert!(
            all.iter().all(|one| one.security != Security::Clear && one.vouched == one.host.ends_with("example.org"))
        );
        let stls = guesses(&[], ports, Allowed { tls: false, stls: true }, &address);
        assert!(stls.iter().all(|one| one.security == Security::Stls) && stls.len() == 4);
        let setting = |port, security| Setting { host: "h.example".into(), port, security, ..Setting::default() };
        let settings = vec![setting(110, None), setting(111, Some(Security::Stls)), setting(112, Some(Security::Tls))];
        let found = of_settings(settings.clone(), true, &address);
        assert_eq!(found.iter().map(|one| (one.port, one.vouched)).collect::<Vec<_>>(), [(112, true), (111, true)]);
        assert!(of_settings(settings, false, &address).iter().all(|one| !one.vouched), "anybody could have said it");
    }
}

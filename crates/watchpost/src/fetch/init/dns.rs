//! What DNS says of a domain: SRV records (RFC 2782, RFC 6186), MX records, addresses.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{Resolver, TokioResolver};
use watchpost_proto::planted::planted;

/// How long one resolver is waited for.
const PATIENCE: Duration = Duration::from_secs(4);
/// Records of one kind that are looked at: nobody has more for mail, and an answer may be anybody's.
const RECORDS_MAX: usize = 16;

/// Asks DNS.
#[derive(Clone)]
pub struct Dns {
    resolver: TokioResolver,
    /// Whether the resolver was named: then it finds addresses too, and the system is not asked.
    named: bool,
}

/// A host and port that an SRV record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The host, without its last dot.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Lower ones come first.
    pub priority: u16,
    /// How often it comes first among those of its priority.
    pub weight: u16,
}

/// What a domain says of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Nothing.
    Unsaid,
    /// That it is not offered: the target is `.` (RFC 6186 §3.4).
    NotOffered,
    /// Where it is, in the order of trying.
    At(Vec<Service>),
}

impl Dns {
    /// Asks this resolver, or those of `/etc/resolv.conf`.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NetError> {
        let builder = match server {
            None => Resolver::builder_tokio()?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let mut builder = builder;
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.attempts = 2;
        if server.is_some() {
            options.use_hosts_file = ResolveHosts::Never;
        }
        Ok(Self { resolver: builder.build()?, named: server.is_some() })
    }

    /// Where a service of a domain is: `_pop3s._tcp` say.
    pub async fn services(&self, service: &str, domain: &str) -> Result<Offer, NetError> {
        let lookup = match self.resolver.srv_lookup(format!("{service}.{domain}.")).await {
            Ok(lookup) => lookup,
            Err(error) if says_nothing(&error) => return Ok(Offer::Unsaid),
            Err(error) => return Err(error),
        };
        let records = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv),
            _ => None,
        });
        let records: Vec<_> = records.take(RECORDS_MAX).collect();
        let services = records.iter().filter(|srv| !srv.target.is_root() && srv.port > 0).map(|srv| Service {
            host: srv.target.to_ascii().trim_end_matches('.').to_ascii_lowercase(),
            port: srv.port,
            priority: srv.priority,
            weight: srv.weight,
        });
        let services: Vec<Service> = services.collect();
        Ok(match (records.is_empty(), services.is_empty()) {
            (true, _) => Offer::Unsaid,
            (false, true) => Offer::NotOffered,
            (false, false) => Offer::At(ordered(services, random)),
        })
    }

    /// The hosts that take mail for a domain, the preferred first; none for a null MX (RFC 7505).
    pub async fn exchangers(&self, domain: &str) -> Result<Vec<String>, NetError> {
        let lookup = match self.resolver.mx_lookup(format!("{domain}.")).await {
            Ok(lookup) => lookup,
            Err(error) if says_nothing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let records = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::MX(mx) if !mx.exchange.is_root() => {
                Some((mx.preference, mx.exchange.to_ascii().trim_end_matches('.').to_ascii_lowercase()))
            }
            _ => None,
        });
        let mut records: Vec<(u16, String)> = records.take(RECORDS_MAX).collect();
        records.sort();
        Ok(records.into_iter().map(|(_, host)| host).collect())
    }

    /// The addresses of a host. `None`: the system finds them.
    pub async fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Some(vec![address]);
        }
        if !self.named {
            return None;
        }
        let found = self.resolver.lookup_ip(format!("{host}.")).await;
        Some(found.map(|found| found.iter().take(RECORDS_MAX).collect()).unwrap_or_default())
    }
}

fn says_nothing(error: &NetError) -> bool {
    error.is_nx_domain() || error.is_no_records_found()
}

/// A number up to and with `most`.
fn random(most: u32) -> u32 {
    let mut octets = [0; 4];
    // Without random numbers the order is still one of those that are allowed.
    let _ = aws_lc_rs::rand::fill(&mut octets);
    u32::try_from(u64::from(u32::from_ne_bytes(octets)) % (u64::from(most) + 1)).unwrap_or(most)
}

/// In the order of trying: by priority, and among equals by chance as their weights say (RFC 2782).
fn ordered(mut services: Vec<Service>, mut random: impl FnMut(u32) -> u32) -> Vec<Service> {
    if planted("fetch.ignores-srv-priority") {
        services.sort_by_key(|service| std::cmp::Reverse(service.priority));
        return services;
    }
    services.sort_by_key(|service| (service.priority, service.weight > 0));
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(first) = services.first() {
        let equals = services.partition_point(|service| service.priority == first.priority);
        let drawn = random(services[..equals].iter().map(|service| u32::from(service.weight)).sum());
        let mut running = 0;
        let place = services[..equals].iter().position(|service| {
            running += u32::from(service.weight);
            running >= drawn
        });
        ordered.push(services.remove(place.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(host: &str, priority: u16, weight: u16) -> Service {
        Service { host: host.into(), port: 995, priority, weight }
    }

    #[test]
    fn priority_decides_and_weight_decides_how_often() {
        // C-003, RFC 2782
        let all = vec![service("late", 20, 65535), service("a", 10, 1), service("b", 10, 3), service("never", 10, 0)];
        let mut firsts = std::collections::BTreeMap::<String, u32>::new();
        // Every number that can be drawn for the first place, once: 0 to 4.
        for drawn in 0..=4 {
            let mut draws = vec![drawn].into_iter();
            let order = ordered(all.clone(), |most| draws.next().unwrap_or(0).min(most));
            assert_eq!(order.len(), 4);
            assert_eq!(order[3].host, "late", "a higher priority number comes last, whatever its weight");
            *firsts.entry(order[0].host.clone()).or_default() += 1;
        }
        let firsts: Vec<(&str, u32)> = firsts.iter().map(|(host, count)| (host.as_str(), *count)).collect();
        assert_eq!(firsts, [("a", 1), ("b", 3), ("never", 1)]);
        assert!((0..200).all(|_| random(3) <= 3) && random(0) == 0);
    }
}

//! Hosts: where a client comes from, and which clients the host of an account stands for.
//!
//! The host of an account is an address, a name, `%` and `_` patterns of either, or an IPv4 network as `a.b.c.d/m.m.m.m` or
//! `a.b.c.d/n`. No name is ever looked up (as MySQL with `skip_name_resolve`): of names, only `localhost` is known, which is
//! the loopback interface.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv4Addr};

use super::pattern;

/// Where a client comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHost {
    address: String,
    v4: Option<Ipv4Addr>,
    is_loopback: bool,
}

impl ClientHost {
    /// The host with this address. An IPv4 address that is written as an IPv6 one is the IPv4 address.
    #[must_use]
    pub fn from_address(address: IpAddr) -> ClientHost {
        let address = address.to_canonical();
        let v4 = match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        };
        ClientHost { address: address.to_string(), v4, is_loopback: address.is_loopback() }
    }

    /// This machine: what a connection from a loopback address is, and one over a local socket.
    #[must_use]
    pub fn localhost() -> ClientHost {
        ClientHost::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The host as `USER()` and errors show it: `localhost`, or the address.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.is_loopback { "localhost" } else { &self.address }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether the host of an account, in lower case, stands for this client.
    #[must_use]
    pub fn is_in(&self, host: &str) -> bool {
        if host.is_empty() {
            return true;
        }
        if let Some(network) = Network::parse(host) {
            return self.v4.is_some_and(|address| network.has(address));
        }
        (self.is_loopback && pattern::matches(host, "localhost")) || pattern::matches(host, &self.address)
    }
}

/// The client hosts that an account's host stands for, when it is an IPv4 address or network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: u32,
    mask: u32,
    /// 0: an address, 1: `/n`, 2: `/m.m.m.m`: MySQL tries them in this order.
    form: u8,
}

impl Network {
    fn parse(host: &str) -> Option<Network> {
        let number = |text: &str| text.parse::<Ipv4Addr>().ok().map(u32::from);
        match host.split_once('/') {
            None => Some(Network { address: number(host)?, mask: u32::MAX, form: 0 }),
            Some((address, mask)) => {
                let (mask, form) = match number(mask) {
                    Some(mask) => (mask, 2),
                    None if mask.len() <= 2 && mask.bytes().all(|digit| digit.is_ascii_digit()) => {
                        let bits: u32 = mask.parse().ok().filter(|bits| *bits <= 32)?;
                        (u32::MAX.checked_shl(32 - bits).unwrap_or(0), 1)
                    }
                    None => return None,
                };
                Some(Network { address: number(address)?, mask, form })
            }
        }
    }

    fn has(self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask == self.address
    }
}

/// The order in which MySQL tries the hosts of accounts for a client: networks first, the longest mask before the others; then
/// by where the first wildcard stands.
pub(super) fn by_specificity(one: &str, other: &str) -> Ordering {
    let sort = |host: &str| std::cmp::Reverse(pattern::specificity(host));
    match (Network::parse(one), Network::parse(other)) {
        (Some(one), Some(other)) => one.form.cmp(&other.form).then(other.mask.cmp(&one.mask)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => sort(one).cmp(&sort(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> ClientHost {
        ClientHost::from_address(address.parse().expect(address))
    }

    #[test]
    fn hosts_stand_for_clients() {
        let here = client("127.0.0.1");
        for host in
            ["localhost", "127.0.0.1", "%", "", "127.%", "local%", "127.0.0.0/8", "127.0.0.0/255.0.0.0"]
        {
            assert!(here.is_in(host), "{host}");
        }
        for host in ["::1", "localhos_t", "10.0.0.0/8", "127.0.0.1/8", "example.com", "127.0.0.0/33"] {
            assert!(!here.is_in(host), "{host}");
        }
        assert!(client("::1").is_in("localhost"));
        assert!(client("::1").is_in("::1"));
        assert!(!client("::1").is_in("127.0.0.1"));
        assert_eq!(client("::ffff:10.1.2.3"), client("10.1.2.3"));
        assert!(client("10.1.2.3").is_in("10.1.2._"));
        assert!(!client("10.1.2.3").is_in("localhost"));
        assert_eq!(here.name(), "localhost");
        assert_eq!(client("10.1.2.3").name(), "10.1.2.3");
        assert!(client("10.1.2.3").is_in("0.0.0.0/0"));
    }

    #[test]
    fn the_most_specific_host_is_tried_first() {
        let mut hosts = vec![
            "%",
            "",
            "10.%",
            "localhost",
            "10.0.0.0/8",
            "10.0.0.0/255.255.0.0",
            "10.1.2.3",
            "local%",
            "10.1.0.0/16",
        ];
        hosts.sort_by(|one, other| by_specificity(one, other));
        let expected = [
            "10.1.2.3",
            "10.1.0.0/16",
            "10.0.0.0/8",
            "10.0.0.0/255.255.0.0",
            "localhost",
            "local%",
            "10.%",
            "%",
            "",
        ];
        assert_eq!(hosts, expected);
    }
}

//! From whom a header is believed.

use std::net::IpAddr;

/// One network: an address, and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

/// The networks that proxies are in: whoever is there may say for whom he speaks. As MariaDB's `proxy_protocol_networks`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks {
    is_everywhere: bool,
    networks: Vec<Network>,
}

impl Networks {
    /// Reads networks: each `*` (everywhere), an address, or an address and a number of bits, `10.0.0.0/8`, `2001:db8::/32`.
    ///
    /// # Errors
    /// A message that names the one that is none.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Networks, String> {
        let mut found = Networks::default();
        for text in texts {
            match text.trim() {
                "*" => found.is_everywhere = true,
                text => found.networks.push(
                    network(text)
                        .ok_or_else(|| format!("'{text}' is none of: an IP address, ADDRESS/BITS, *"))?,
                ),
            }
        }
        Ok(found)
    }

    /// Whether a proxy at this address is one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.is_everywhere || self.networks.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                // A shift by all bits is none.
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix_bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix_bits).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let bits_max = if address.is_ipv4() { 32 } else { 128 };
    let prefix_bits = match bits {
        None => bits_max,
        // `u32::from_str` would take a sign.
        Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
        Some(_) => return None,
    };
    (prefix_bits <= bits_max).then_some(Network { address, prefix_bits })
}

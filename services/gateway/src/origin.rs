//! Where a request comes from: the other end of its connection, or, where that is a proxy of ours, what the proxy says. The
//! answer is in the span of the request, so in its log lines and traces; no answer to a request depends on it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};
use chassis::config::ServiceConfig;

/// The setting with the networks of our proxies.
const SETTING: &str = "trusted_proxies";
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks whose word about callers is believed; nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or one address.
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        // 10.0.0.1/8 is likelier a slip than a wish.
        let rest = spread(first).checked_shl(bits).unwrap_or_default();
        (bits <= most && rest == 0).then_some(Self { first, bits })
    }

    fn has(self, address: IpAddr) -> bool {
        let differing = spread(self.first) ^ spread(address);
        self.first.is_ipv4() == address.is_ipv4() && differing.leading_zeros() >= self.bits
    }
}

/// The bits of an address, from the highest of 128 on.
fn spread(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Proxies {
    /// Reads the setting `trusted_proxies` of the gateway; the error says what is wrong with it.
    pub fn of(settings: &ServiceConfig) -> Result<Self, String> {
        let text = settings.setting(SETTING).unwrap_or_default();
        let networks = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let read = |part| {
            Network::parse(part).ok_or_else(|| {
                format!(
                    "gateway.{SETTING}: `{part}` is not a network such as 10.0.0.0/8 or an address"
                )
            })
        };
        networks.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The address of the caller. Each proxy adds at the end whom it heard the request from; so the list is believed
    /// backward for as long as those who wrote it are ours.
    pub(crate) fn caller(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.ip().to_canonical();
        let mut heard = heard_from(headers).into_iter().rev();
        while self.0.iter().any(|network| network.has(caller)) {
            // What cannot be read, such as `unknown`, hides whoever was before it.
            match heard.next().flatten() {
                Some(before) => caller = before,
                None => break,
            }
        }
        caller
    }
}

/// Whom the proxies on the way heard the request from: by `X-Forwarded-For`, or else by `Forwarded` (RFC 7239).
fn heard_from(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let parts = |name: &HeaderName| {
        let lines = headers.get_all(name).into_iter();
        let texts: Vec<String> = lines
            .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned())
            .collect();
        texts.join(",")
    };
    let own = parts(&X_FORWARDED_FOR);
    if !own.is_empty() {
        return own.split(',').map(address).collect();
    }
    let standard = parts(&header::FORWARDED);
    if standard.is_empty() {
        return Vec::new();
    }
    let by_element = standard.split(',').map(|element| {
        element
            .split(';')
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
            .and_then(|(_, node)| address(node.trim().trim_matches('"')))
    });
    by_element.collect()
}

/// Reads an address, with or without a port; IPv6 in brackets or bare.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare
        .parse()
        .or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn proxies(text: &str) -> Result<Proxies, String> {
        Proxies::of(&ServiceConfig::on("sqlite::memory:").with_setting(SETTING, text))
    }

    fn caller(trusted: &str, peer: &str, headers: &[(&str, &str)]) -> String {
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, value.parse().unwrap());
        }
        proxies(trusted).unwrap().caller(peer, &map).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_a_network_is_named() {
        let headers = [
            ("x-forwarded-for", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
        ];
        assert_eq!(caller("", "10.1.2.3", &headers), "10.1.2.3");
        assert_eq!(caller("10.1.2.4", "10.1.2.3", &headers), "10.1.2.3");
        assert_eq!(caller("10.0.0.0/8", "10.1.2.3", &headers), "203.0.113.7");
        assert_eq!(caller("10.0.0.0/8", "10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(
            caller("10.0.0.0/8", "::ffff:10.1.2.3", &headers),
            "203.0.113.7"
        );
    }

    #[test]
    fn what_a_caller_wrote_before_our_proxies_is_not_believed() {
        let trusted = "10.0.0.0/8, 2001:db8:1::/48";
        for (header, value, expected) in [
            // The first address is what the caller claims to be.
            ("x-forwarded-for", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
            (
                "x-forwarded-for",
                "1.1.1.1,203.0.113.7, 10.9.9.9",
                "203.0.113.7",
            ),
            ("x-forwarded-for", "10.7.7.7, 10.9.9.9", "10.7.7.7"),
            ("x-forwarded-for", "203.0.113.7:5000", "203.0.113.7"),
            ("x-forwarded-for", "2001:db8:2::7", "2001:db8:2::7"),
            ("x-forwarded-for", "203.0.113.7, unknown", "10.1.2.3"),
            (
                "x-forwarded-for",
                "203.0.113.7, [2001:db8:1::9]:80",
                "203.0.113.7",
            ),
            (
                "forwarded",
                "for=1.1.1.1, For=203.0.113.7;proto=https",
                "203.0.113.7",
            ),
            (
                "forwarded",
                "proto=https;for=\"[2001:db8:2::7]:4711\"",
                "2001:db8:2::7",
            ),
            ("forwarded", "for=203.0.113.7, for=_hidden", "10.1.2.3"),
            ("forwarded", "by=10.1.2.3", "10.1.2.3"),
        ] {
            let found = caller(trusted, "10.1.2.3", &[(header, value)]);
            assert_eq!(found, expected, "{header}: {value}");
        }
        let lines = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "10.9.9.9"),
        ];
        assert_eq!(caller(trusted, "10.1.2.3", &lines), "203.0.113.7");
    }

    #[test]
    fn networks_are_read_and_others_refused() {
        assert_eq!(proxies(""), Ok(Proxies::default()));
        for good in [
            "10.0.0.0/8",
            "10.0.0.1",
            "0.0.0.0/0",
            "::/0",
            "::1,127.0.0.1",
        ] {
            assert!(proxies(good).is_ok(), "{good}");
        }
        for bad in [
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/",
            "::/129",
            "proxy",
            "10.0.0.0-8",
        ] {
            let problem = proxies(bad).unwrap_err();
            assert!(problem.contains("gateway.trusted_proxies") && problem.contains(bad));
        }
    }
}

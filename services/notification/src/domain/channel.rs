//! A channel: where notifications are sent. Today that is an HTTP endpoint.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::violation::{Violation, Violations};

/// Longest address, in characters.
pub const URL_LENGTH_MAX: usize = 2048;
/// Most headers added to a delivery.
pub const HEADER_COUNT_MAX: usize = 50;
/// Most live rules that use one channel.
pub const RULE_COUNT_MAX: usize = 10;
/// What a signing secret may start with.
pub const SECRET_PREFIX: &str = "whsec_";

/// A channel as the user asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSpec {
    /// Name for people.
    pub name: String,
    /// The endpoint.
    pub webhook: Webhook,
    /// Nothing is sent while set.
    pub disabled: bool,
    /// Free values.
    pub metadata: BTreeMap<String, String>,
}

/// An HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its address, as given.
    pub url: String,
    /// Headers added to every delivery.
    pub custom_headers: BTreeMap<String, String>,
    /// Key of the signatures, in clear; none: one is made, or the old one stays.
    pub signing_secret: Option<String>,
}

/// What the host part of an address is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A number.
    Address(IpAddr),
    /// A name.
    Name(String),
}

impl Host {
    /// Whether the host is known not to be a public one. A name may still turn out to be none
    /// when it is resolved for a delivery.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Address(address) => is_private(*address),
            Self::Name(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }
}

/// Whether an address is not one of the public internet: loopback, private and link-local ones (among them the
/// metadata services of clouds), and whatever is reserved, for documentation or for tests.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // An address of the older kind in another coat: mapped, compatible (loopback and
        // unspecified among them), translated, 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Public ones are in 2000::/3, but for Teredo and documentation.
        [first, second, ..] => {
            first & 0xe000 != 0x2000
                || (first == 0x2001 && (second == 0 || second == 0xdb8))
                || first == 0x3fff
        }
    }
}

impl ChannelSpec {
    /// What makes the channel unreadable; paths start with `channel`. `host` is that of the
    /// address, if it has one and is http or https.
    pub fn violations(&self, host: Option<&Host>, allow_private: bool) -> Vec<Violation> {
        let mut found = Violations::default();
        found.labels("channel", &self.name, &self.metadata);
        let webhook = &self.webhook;
        found.require(
            host.is_some() && webhook.url.chars().count() <= URL_LENGTH_MAX,
            "channel.webhook.url",
            "must be an http or https address of at most 2048 characters",
        );
        found.require(
            allow_private || !host.is_some_and(Host::is_private),
            "channel.webhook.url",
            "must not be a loopback or private address",
        );
        found.require(
            webhook.custom_headers.len() <= HEADER_COUNT_MAX,
            "channel.webhook.custom_headers",
            "must have at most 50 entries",
        );
        for (name, value) in &webhook.custom_headers {
            found.require(
                is_header_name(name) && is_header_value(value),
                format!("channel.webhook.custom_headers[{name}]"),
                "is not a header that can be sent",
            );
        }
        if let Some(secret) = &webhook.signing_secret {
            found.require(
                has_secret_form(secret),
                "channel.webhook.signing_secret",
                "must be 32 to 100 characters of standard base64, optionally after whsec_",
            );
        }
        found.into_vec()
    }
}

/// Headers that say how a request is framed and where it goes: they are not the user's.
const RESERVED_HEADERS: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn is_header_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let reserved = || {
        RESERVED_HEADERS
            .iter()
            .any(|reserved| name.eq_ignore_ascii_case(reserved))
    };
    !name.is_empty() && name.bytes().all(token) && !reserved()
}

fn is_header_value(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte))
}

/// `(whsec_)?` and 32 to 100 characters of padded standard base64.
pub fn has_secret_form(secret: &str) -> bool {
    let body = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    let digits = body.trim_end_matches('=');
    let padding = body.len() - digits.len();
    (32..=100).contains(&body.len())
        && body.len().is_multiple_of(4)
        && padding <= 2
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn spec() -> ChannelSpec {
        ChannelSpec {
            name: "ops".into(),
            webhook: Webhook {
                url: "https://example.com/hook".into(),
                custom_headers: BTreeMap::from([("X-Env".into(), "prod".into())]),
                signing_secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
            },
            disabled: false,
            metadata: BTreeMap::new(),
        }
    }

    fn name(text: &str) -> Host {
        Host::Name(text.into())
    }

    fn address(text: &str) -> Host {
        Host::Address(text.parse().unwrap())
    }

    #[test]
    fn secrets_are_32_to_100_characters_of_base64() {
        let check = |secret: &str, right| assert_eq!(has_secret_form(secret), right, "{secret}");
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true);
        check("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true);
        check(&format!("whsec_{}==", "A".repeat(42)), true);
        check(&"A".repeat(100), true);
        check("whsec_short", false);
        check(&"A".repeat(104), false);
        check(&"A".repeat(33), false);
        check(&format!("{}====", "A".repeat(32)), false);
        check(&"-".repeat(32), false);
    }

    #[test]
    fn private_targets_are_refused_unless_allowed() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::1",
            "2001:db8::1",
            "fec0::1",
            "ff02::1",
            "198.18.0.1",
            "192.0.0.170",
            "240.0.0.1",
            "255.255.255.255",
            "0.1.2.3",
        ];
        for text in private {
            assert!(address(text).is_private(), "{text}");
        }
        for text in [
            "8.8.8.8",
            "100.63.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(!address(text).is_private(), "{text}");
        }
        assert!(name("LocalHost.").is_private() && name("a.localhost").is_private());
        let host = name("localhost");
        assert_eq!(spec().violations(Some(&host), false).len(), 1);
        assert!(spec().violations(Some(&host), true).is_empty());
    }

    #[test]
    fn each_bad_field_is_named() {
        let mut bad = spec();
        bad.name = String::new();
        bad.webhook
            .custom_headers
            .insert("X Env".into(), "a".into());
        bad.webhook
            .custom_headers
            .insert("X-Bad".into(), "a\r\nb".into());
        bad.webhook
            .custom_headers
            .insert("content-Length".into(), "0".into());
        bad.webhook.signing_secret = Some("secret".into());
        let fields: Vec<String> = bad
            .violations(None, false)
            .into_iter()
            .map(|v| v.field)
            .collect();
        assert_eq!(
            fields,
            [
                "channel.name",
                "channel.webhook.url",
                "channel.webhook.custom_headers[X Env]",
                "channel.webhook.custom_headers[X-Bad]",
                "channel.webhook.custom_headers[content-Length]",
                "channel.webhook.signing_secret",
            ]
        );
    }
}

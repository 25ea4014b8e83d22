//! Resolves the names of endpoints. What is connected to is what was judged: the connector is given the addresses
//! that passed, so a name that resolves differently a moment later gains nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::channel::is_private;

/// What is said of an address that is not called.
pub const REFUSED: &str = "the address is loopback, private or reserved";

/// The resolver of the system, without addresses that must not be called.
#[derive(Clone, Copy, Debug)]
pub struct Guarded {
    /// Whether private addresses are fine.
    pub allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public = only_public(found, allow_private);
            if public.is_empty() {
                return Err(REFUSED.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn only_public(found: impl Iterator<Item = SocketAddr>, allow_private: bool) -> Vec<SocketAddr> {
    found
        .filter(|address| allow_private || !is_private(address.ip()))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn private_addresses_among_public_ones_are_left_out() {
        let all = [
            "93.184.216.34:0",
            "10.0.0.1:0",
            "[::1]:0",
            "169.254.169.254:0",
        ];
        let all = || all.iter().map(|text| text.parse::<SocketAddr>().unwrap());
        let public: Vec<String> = only_public(all(), false)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(public, ["93.184.216.34:0"]);
        assert_eq!(only_public(all(), true).len(), 4);
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_refused() {
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = Guarded {
            allow_private: false,
        }
        .resolve(name())
        .await;
        assert_eq!(
            refused.err().map(|error| error.to_string()).as_deref(),
            Some(REFUSED)
        );
        let allowed = Guarded {
            allow_private: true,
        }
        .resolve(name())
        .await;
        assert!(allowed.unwrap().count() > 0);
    }
}

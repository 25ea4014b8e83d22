//! Page tokens: the sort values of the last row, bound to the query they came from and
//! signed, so that a token of one query or project is refused by another.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use subtle::ConstantTimeEq as _;
use tonic::Status;

use crate::{error::invalid, secret::hmac_sha256};

/// Rows on a page when the caller does not say.
pub const DEFAULT_SIZE: u64 = 50;
/// Most rows on a page.
pub const MAX_SIZE: u64 = 250;

/// A page that was asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Most rows to answer.
    pub limit: u64,
    /// Sort values of the last row of the page before; none on the first page.
    pub after: Option<Vec<String>>,
    key: [u8; 32],
    query: String,
}

impl PageRequest {
    /// Reads `page_size` and `page_token`. `query` holds whatever else shapes the answer
    /// (project, filters, order): the token is good only with the same.
    pub fn parse(
        page_size: i32,
        page_token: &str,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, Status> {
        let limit = match u64::try_from(page_size) {
            Ok(0) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
            Err(_) => return Err(invalid("page_size", "must not be negative")),
        };
        let query = query.join("\u{1f}");
        let after = if page_token.is_empty() {
            None
        } else {
            Some(
                read(page_token, &key, &query)
                    .ok_or_else(|| invalid("page_token", "is not a token of this query"))?,
            )
        };
        Ok(Self {
            limit,
            after,
            key,
            query,
        })
    }

    /// The token of the page behind a row with these sort values.
    pub fn token(&self, last: &[&str]) -> String {
        let body = serde_json::to_vec(last).expect("text is JSON");
        let mac = mac(&self.key, &body, &self.query);
        let mut bytes = mac.to_vec();
        bytes.extend(body);
        BASE64.encode(bytes)
    }
}

fn mac(key: &[u8; 32], body: &[u8], query: &str) -> [u8; 16] {
    let mut message = body.to_vec();
    message.push(0);
    message.extend(query.as_bytes());
    let full = hmac_sha256(key, &message);
    std::array::from_fn(|index| full[index])
}

fn read(token: &str, key: &[u8; 32], query: &str) -> Option<Vec<String>> {
    let bytes = BASE64.decode(token).ok()?;
    let (sent, body) = bytes.split_at_checked(16)?;
    if !bool::from(mac(key, body, query).ct_eq(sent)) {
        return None;
    }
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    proptest! {
        #[test]
        fn a_token_brings_back_what_it_was_made_of(values in proptest::collection::vec(".*", 0..4), filter in ".*") {
            let first = PageRequest::parse(10, "", KEY, &["p", &filter]).unwrap();
            let last: Vec<&str> = values.iter().map(String::as_str).collect();
            let next = PageRequest::parse(10, &first.token(&last), KEY, &["p", &filter]).unwrap();
            prop_assert_eq!(next.after.unwrap(), values);
        }

        #[test]
        fn a_token_of_another_query_or_a_changed_one_is_refused(filter in "[a-z]{1,8}", flip in 0usize..20) {
            let first = PageRequest::parse(10, "", KEY, &["p", &filter]).unwrap();
            let token = first.token(&["01J"]);
            prop_assert!(PageRequest::parse(10, &token, KEY, &["q", &filter]).is_err());
            prop_assert!(PageRequest::parse(10, &token, [8; 32], &["p", &filter]).is_err());
            let mut bytes = BASE64.decode(&token).unwrap();
            bytes[flip] ^= 1;
            let changed = BASE64.encode(&bytes);
            prop_assert!(PageRequest::parse(10, &changed, KEY, &["p", &filter]).is_err());
        }
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(PageRequest::parse(0, "", KEY, &[]).unwrap().limit, 50);
        assert_eq!(PageRequest::parse(9999, "", KEY, &[]).unwrap().limit, 250);
        assert!(PageRequest::parse(-1, "", KEY, &[]).is_err());
    }
}

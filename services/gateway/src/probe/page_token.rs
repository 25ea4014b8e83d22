//! Pagination tokens: unpadded base64url of `{"version":1,"data":{"last_id":N}}`, N the number
//! of the last item in the order of creation (text §5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::error::Refusal;

const VERSION: i64 = 1;

#[derive(Serialize, Deserialize)]
struct Token {
    version: i64,
    data: Position,
}

#[derive(Serialize, Deserialize)]
struct Position {
    last_id: i64,
}

/// The token behind an item.
pub(crate) fn write(last_id: i64) -> String {
    let token = Token {
        version: VERSION,
        data: Position { last_id },
    };
    let text = serde_json::to_string(&token).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text)
}

/// The number of the item that a token stands behind.
pub(crate) fn read(text: &str) -> Result<i64, Refusal> {
    let token: Option<Token> = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    token
        .filter(|token| token.version == VERSION && token.data.last_id >= 0)
        .map(|token| token.data.last_id)
        .ok_or_else(|| Refusal::field("next", "is not a pagination token"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_sample_of_the_documentation_is_ours() {
        let sample = "eyJ2ZXJzaW9uIjoxLCJkYXRhIjp7Imxhc3RfaWQiOjIxfX0";
        assert_eq!(read(sample).unwrap(), 21);
        assert_eq!(write(21), sample);
    }

    #[test]
    fn other_texts_are_refused() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in [
            "%".to_owned(),
            "21".to_owned(),
            encoded("{}"),
            encoded(r#"{"version":2,"data":{"last_id":21}}"#),
            encoded(r#"{"version":1,"data":{"last_id":"21"}}"#),
            encoded(r#"{"version":1,"data":{"last_id":2.5}}"#),
            encoded(r#"{"version":1,"data":{"last_id":-1}}"#),
            encoded(r#"{"version":1,"data":{}}"#),
        ] {
            assert!(read(&text).is_err(), "{text}");
        }
    }
}

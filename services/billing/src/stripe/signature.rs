//! Whether an event comes from Stripe: the header names a time and signatures over
//! `<time>.<body>`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Checks the header `Stripe-Signature` of a body. There is no limit on the age of the time:
/// an event is harmless when it is repeated, and may be delivered late.
pub fn is_valid(secret: &str, header: &str, body: &[u8]) -> bool {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = Some(value),
            Some(("v1", value)) => signatures.push(value),
            Some(_) | None => {}
        }
    }
    let Some(time) = time.filter(|time| time.parse::<i64>().is_ok()) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    signatures.into_iter().any(|signature| {
        decode(signature).is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok())
    })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let text = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    const KNOWN: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    #[test]
    fn a_known_signature_is_accepted_and_nothing_else() {
        let body = br#"{"id":"evt_1"}"#;
        let header = format!("t=1700000000,v0=00,v1=beef,v1={KNOWN}");
        assert!(is_valid("whsec_test", &header, body));
        assert!(!is_valid("whsec_other", &header, body));
        assert!(!is_valid("whsec_test", &header, b"{}"));
        assert!(!is_valid("whsec_test", &format!("v1={KNOWN}"), body));
        assert!(!is_valid(
            "whsec_test",
            &format!("t=1700000001,v1={KNOWN}"),
            body
        ));
        assert!(!is_valid("whsec_test", "t=x,v1=zz", body));
        assert!(!is_valid("whsec_test", "", body));
    }
}

//! Signatures of the Standard Webhooks scheme: HMAC-SHA-256 over id, timestamp and body.

use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::domain::channel::SECRET_PREFIX;

/// Secrets come from users: bits that a last digit has to spare do no harm.
const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The value of the signature header; none if the secret is no base64.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let digits = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    let key = TOLERANT.decode(digits).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_vector_is_signed_as_known() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = sign(secret, id, 1_614_265_330, br#"{"test": 2432232314}"#);
        let known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed.as_deref(), Some(known));
    }

    #[test]
    fn the_prefix_is_no_part_of_the_key() {
        let bare = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let named = format!("{SECRET_PREFIX}{bare}");
        assert_eq!(sign(bare, "a", 1, b"x"), sign(&named, "a", 1, b"x"));
        assert_ne!(sign(bare, "a", 1, b"x"), sign(bare, "a", 2, b"x"));
    }

    #[test]
    fn every_secret_that_is_accepted_can_sign() {
        let spare = format!("{}B==", "A".repeat(33));
        assert!(crate::domain::channel::has_secret_form(&spare));
        assert!(sign(&spare, "a", 1, b"x").is_some());
        assert_eq!(sign("-", "a", 1, b"x"), None);
    }
}

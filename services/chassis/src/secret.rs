//! The master key and what is derived from it: one 32-byte key per label by HKDF, and
//! sealing of secrets at rest. Labels are never reused for two purposes.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    ChaCha20Poly1305, Key, Nonce,
    aead::{Aead as _, KeyInit as _},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// Length of the nonce of the sealing cipher, in bytes.
const NONCE: usize = 12;

/// Why a master key or a sealed value cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The text is not one or two base64 values of 32 bytes, joined by a comma.
    #[error("a master key is 32 bytes in base64; two keys, new and old, are joined by a comma")]
    Malformed,
    /// The sealed value was made with another key, or was changed.
    #[error("the sealed value does not open with this master key")]
    CannotOpen,
}

/// The root of all secrets: the key in use, and the one before it while rotating.
#[derive(Clone)]
pub struct MasterKey {
    current: [u8; 32],
    previous: Option<[u8; 32]>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MasterKey({})", self.fingerprint())
    }
}

/// Fills a buffer from the operating system's random source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

/// HMAC-SHA-256 of a message.
pub fn hmac_sha256(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// SHA-256 of a message.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// Lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

impl MasterKey {
    /// A new random key.
    pub fn generate() -> Self {
        Self {
            current: random(),
            previous: None,
        }
    }

    /// Reads `key` or `new,old`, each 32 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let read = |part: &str| -> Result<[u8; 32], SecretError> {
            BASE64
                .decode(part.trim())
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or(SecretError::Malformed)
        };
        match text.split_once(',') {
            None => Ok(Self {
                current: read(text)?,
                previous: None,
            }),
            Some((new, old)) => Ok(Self {
                current: read(new)?,
                previous: Some(read(old)?),
            }),
        }
    }

    /// The current key in base64, as `parse` reads it.
    pub fn to_text(&self) -> String {
        BASE64.encode(self.current)
    }

    /// The key for one purpose.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        derive(&self.current, label)
    }

    /// The keys for one purpose that verify older values: the current one first.
    pub fn derive_all(&self, label: &str) -> Vec<[u8; 32]> {
        std::iter::once(&self.current)
            .chain(self.previous.as_ref())
            .map(|root| derive(root, label))
            .collect()
    }

    /// What a database keeps to recognise the key without knowing it.
    pub fn fingerprint(&self) -> String {
        hex(&derive(&self.current, "fingerprint")[..8])
    }

    /// Fingerprints of the current and the previous key.
    pub fn fingerprints(&self) -> Vec<String> {
        self.derive_all("fingerprint")
            .iter()
            .map(|key| hex(&key[..8]))
            .collect()
    }

    /// Encrypts a secret for storage. The result is text.
    pub fn seal(&self, secret: &str) -> String {
        format!("v1.{}", BASE64.encode(self.seal_bytes(secret.as_bytes())))
    }

    /// Decrypts what `seal` made, with the current or the previous key.
    pub fn unseal(&self, sealed: &str) -> Result<String, SecretError> {
        let body = sealed.strip_prefix("v1.").ok_or(SecretError::CannotOpen)?;
        let body = BASE64.decode(body).map_err(|_| SecretError::CannotOpen)?;
        String::from_utf8(self.unseal_bytes(&body)?).map_err(|_| SecretError::CannotOpen)
    }

    /// Encrypts bytes for storage: a random nonce, then the sealed bytes.
    pub fn seal_bytes(&self, secret: &[u8]) -> Vec<u8> {
        let cipher = ChaCha20Poly1305::new(Key::from_slice(&self.derive("seal")));
        let nonce: [u8; NONCE] = random();
        let sealed = cipher
            .encrypt(Nonce::from_slice(&nonce), secret)
            .expect("secrets are far below the cipher's size limit");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what `seal_bytes` made, with the current or the previous key.
    pub fn unseal_bytes(&self, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE)
            .ok_or(SecretError::CannotOpen)?;
        self.derive_all("seal")
            .iter()
            .find_map(|key| {
                ChaCha20Poly1305::new(Key::from_slice(key))
                    .decrypt(Nonce::from_slice(nonce), body)
                    .ok()
            })
            .ok_or(SecretError::CannotOpen)
    }
}

fn derive(root: &[u8; 32], label: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(b"perennial"), root)
        .expand(label.as_bytes(), &mut key)
        .expect("32 bytes are within the limit of HKDF-SHA-256");
    key
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_sealed_secret_opens_with_the_same_key_and_after_rotation() {
        let old = MasterKey::generate();
        let sealed = old.seal("whsec_1");
        assert_eq!(old.unseal(&sealed).unwrap(), "whsec_1");
        let new = MasterKey::generate();
        let rotated = MasterKey::parse(&format!("{},{}", new.to_text(), old.to_text())).unwrap();
        assert_eq!(rotated.unseal(&sealed).unwrap(), "whsec_1");
        assert!(new.unseal(&sealed).is_err());
    }

    #[test]
    fn a_changed_seal_does_not_open() {
        let key = MasterKey::generate();
        let mut sealed = key.seal("secret");
        sealed.pop();
        assert!(key.unseal(&sealed).is_err());
        assert!(key.unseal("v1.").is_err());
        assert!(key.unseal("plain").is_err());
    }

    #[test]
    fn labels_separate_keys() {
        let key = MasterKey::generate();
        assert_ne!(key.derive("a"), key.derive("b"));
    }
}

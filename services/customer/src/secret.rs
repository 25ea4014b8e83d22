//! Randomness and keyed hashes of API keys. The database never holds the text of a key.

use chassis::{
    Env,
    secret::{hex, hmac_sha256, random},
};
use subtle::ConstantTimeEq as _;

use crate::domain::api_key::{KeyKind, PUBLIC_BYTES, SECRET_BYTES, compose};

/// Hashes keys under peppers derived from the master key.
#[derive(Clone)]
pub struct Pepper {
    keys: Vec<[u8; 32]>,
}

/// A key that was just made.
pub struct Generated {
    /// Its whole text, to be shown once.
    pub text: String,
    /// Its public beginning.
    pub public_prefix: String,
}

impl Pepper {
    /// The peppers of this installation: the current one, and the one before while rotating.
    pub fn new(env: &Env) -> Self {
        Self {
            keys: env.secrets("key-pepper"),
        }
    }

    /// The hash to store for a key.
    pub fn hash(&self, text: &str) -> String {
        self.hashes(text)
            .into_iter()
            .next()
            .expect("there is always a current pepper")
    }

    /// The hashes that a stored key may have.
    pub fn hashes(&self, text: &str) -> Vec<String> {
        self.keys
            .iter()
            .map(|key| hex(&hmac_sha256(key, text.as_bytes())))
            .collect()
    }

    /// Whether a text is the key of a stored hash. Takes the same time wherever they differ.
    pub fn verify(&self, text: &str, stored: &str) -> bool {
        self.hashes(text)
            .iter()
            .any(|hash| hash.as_bytes().ct_eq(stored.as_bytes()).into())
    }
}

/// A new key of a kind; none for the kind whose text is given from outside.
pub fn generate(kind: KeyKind) -> Option<Generated> {
    let public = hex(&random::<PUBLIC_BYTES>());
    let secret = hex(&random::<SECRET_BYTES>());
    let (text, public_prefix) = compose(kind, &public, &secret)?;
    Some(Generated {
        text,
        public_prefix,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_the_same_text_under_the_same_pepper_verifies() {
        let pepper = Pepper {
            keys: vec![[1; 32], [2; 32]],
        };
        let old = Pepper {
            keys: vec![[2; 32]],
        };
        let other = Pepper {
            keys: vec![[3; 32]],
        };
        let key = generate(KeyKind::Secret).unwrap();
        assert!(pepper.verify(&key.text, &pepper.hash(&key.text)));
        assert!(pepper.verify(&key.text, &old.hash(&key.text)), "rotated");
        assert!(!pepper.verify(&key.text, &other.hash(&key.text)));
        assert!(!pepper.verify(&key.public_prefix, &pepper.hash(&key.text)));
    }

    #[test]
    fn a_generated_key_is_new_and_long() {
        let (a, b) = (
            generate(KeyKind::Probe).unwrap(),
            generate(KeyKind::Probe).unwrap(),
        );
        assert_ne!(a.text, b.text);
        assert_eq!(a.text.len(), "prb_".len() + 16 + 1 + 64);
        assert!(generate(KeyKind::Bootstrap).is_none());
    }
}

//! The tokens of end users: JSON Web Tokens, HS256 with a secret derived from the master key. The
//! signature proves them; the store only knows which were invalidated.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chassis::secret::hmac_sha256;
use kernel::{Timestamp, id::ProjectId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// The documented issuer.
const ISSUER: &str = "openmeter";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`ISSUER`].
    iss: String,
    /// Whose usage it opens.
    pub sub: String,
    /// Until when, in seconds.
    exp: i64,
    /// Since when, in seconds.
    iat: i64,
    /// Id of the token.
    pub jti: String,
    /// The project.
    pub project: String,
    /// The meters that it opens; empty for all.
    pub slugs: Vec<String>,
}

impl Claims {
    /// What a new token says.
    pub fn new(
        project: ProjectId,
        id: &str,
        subject: &str,
        slugs: &[String],
        issued: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            sub: subject.to_owned(),
            exp: expires.as_second(),
            iat: issued.as_second(),
            jti: id.to_owned(),
            project: project.to_string(),
            slugs: slugs.to_vec(),
        }
    }

    /// Whether the token opens a meter.
    pub fn opens(&self, slug: &str) -> bool {
        self.slugs.is_empty() || self.slugs.iter().any(|allowed| allowed == slug)
    }
}

/// The token of claims.
pub fn sign(claims: &Claims, secret: &[u8; 32]) -> String {
    let body = serde_json::to_vec(claims).expect("claims are plain texts and numbers");
    let signed = format!("{}.{}", BASE64.encode(HEADER), BASE64.encode(body));
    let signature = BASE64.encode(hmac_sha256(secret, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The claims of a token that one of the secrets signed and that has not ended.
pub fn verify(token: &str, secrets: &[[u8; 32]], now: Timestamp) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = BASE64.decode(signature).ok()?;
    let genuine = secrets
        .iter()
        .any(|secret| bool::from(hmac_sha256(secret, signed.as_bytes()).ct_eq(&signature)));
    if !genuine {
        return None;
    }
    let (header, body) = signed.split_once('.')?;
    if BASE64.decode(header).ok()? != HEADER.as_bytes() {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
    let alive = claims.iss == ISSUER && claims.exp > now.as_second() && !claims.sub.is_empty();
    alive.then_some(claims)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_genuine_living_tokens_are_read() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let project = ProjectId::from_ulid(kernel::id::Ulid::nil());
        let (issued, expires) = (at("2025-01-01T00:00:00Z"), at("2025-01-01T01:00:00Z"));
        let claims = Claims::new(project, "01J", "c1", &["tok".to_owned()], issued, expires);
        let token = sign(&claims, &[1; 32]);
        assert_eq!(
            verify(&token, &[[2; 32], [1; 32]], issued),
            Some(claims.clone())
        );
        assert_eq!(verify(&token, &[[2; 32]], issued), None);
        assert_eq!(verify(&token, &[[1; 32]], expires), None);
        let nobody = Claims {
            sub: String::new(),
            ..claims.clone()
        };
        assert_eq!(verify(&sign(&nobody, &[1; 32]), &[[1; 32]], issued), None);
        let mut forged = token.into_bytes();
        forged[60] ^= 1;
        assert_eq!(
            verify(&String::from_utf8_lossy(&forged), &[[1; 32]], issued),
            None
        );
        for nonsense in ["", ".", "a.b.c", "...."] {
            assert_eq!(verify(nonsense, &[[1; 32]], issued), None);
        }
        assert!(claims.opens("tok") && !claims.opens("other"));
    }
}

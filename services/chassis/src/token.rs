//! The short-lived signed token that services show each other: who the call is for, what
//! it may do, and which time the project has. Made per call, never stored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use kernel::{Timestamp, id::ProjectId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{
    auth::Grants,
    clock,
    secret::{MasterKey, hmac_sha256},
};

/// What a token starts with, behind `Bearer `; no API key starts like this.
pub const PREFIX: &str = "svc.";
const LIFETIME_SECONDS: i64 = 120;

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The project that the call acts in.
    pub project: ProjectId,
    /// Who acts, such as `key:01J…` or `service:billing`.
    pub actor: String,
    /// What the actor may do.
    pub grants: Grants,
    /// The frozen time of the project's test clock, in microseconds; none on system time.
    pub clock: Option<i64>,
    /// End of the token's life, Unix seconds, system time.
    pub expires: i64,
}

/// Signs and checks tokens.
#[derive(Clone, Debug)]
pub struct Signer {
    keys: Vec<[u8; 32]>,
}

impl Signer {
    /// A signer on the keys derived from the master key.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            keys: master.derive_all("service-token"),
        }
    }

    /// A token for a call in a project.
    pub fn sign(
        &self,
        project: ProjectId,
        actor: &str,
        grants: &Grants,
        frozen: Option<Timestamp>,
    ) -> String {
        let claims = Claims {
            project,
            actor: actor.to_owned(),
            grants: grants.clone(),
            clock: frozen.map(Timestamp::as_microsecond),
            expires: clock::system_now().as_second() + LIFETIME_SECONDS,
        };
        let body = BASE64.encode(serde_json::to_vec(&claims).expect("claims are plain values"));
        let mac = BASE64.encode(hmac_sha256(&self.keys[0], body.as_bytes()));
        format!("{PREFIX}{body}.{mac}")
    }

    /// The claims of a token that is ours and not expired.
    pub fn verify(&self, token: &str) -> Option<Claims> {
        let (body, mac) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let mac = BASE64.decode(mac).ok()?;
        let ours = self
            .keys
            .iter()
            .any(|key| hmac_sha256(key, body.as_bytes()).ct_eq(&mac).into());
        if !ours {
            return None;
        }
        let claims: Claims = serde_json::from_slice(&BASE64.decode(body).ok()?).ok()?;
        (claims.expires > clock::system_now().as_second()).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_token_is_read_back_only_by_the_same_master_key() {
        let master = MasterKey::generate();
        let signer = Signer::new(&master);
        let project = crate::id::next();
        let token = signer.sign(project, "service:billing", &Grants::Service, None);
        let claims = signer.verify(&token).unwrap();
        assert_eq!(claims.project, project);
        assert_eq!(claims.actor, "service:billing");
        assert!(Signer::new(&MasterKey::generate()).verify(&token).is_none());
        assert!(signer.verify(&format!("{token}x")).is_none());
        assert!(signer.verify("svc.a.b").is_none());
    }
}

//! Installing a Stripe app by OAuth2 (Stripe Connect): a person agrees at Stripe, whose
//! answer comes back with the state that was signed here and a code to exchange for a key.

use chassis::Context;
use kernel::{Timestamp, id::ProjectId};

use super::{Billing, settings::Connect};
use crate::{error::BillingError, stripe::Form};

/// How long a person may take.
const STATE_LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

impl Billing {
    fn connect(&self) -> Result<&Connect, BillingError> {
        self.settings
            .connect
            .as_ref()
            .ok_or(BillingError::InstallMethod)
    }

    /// Where an installation begins.
    pub fn oauth_url(&self, ctx: &Context) -> Result<String, BillingError> {
        let connect = self.connect()?;
        let query = Form::new()
            .with("response_type", "code")
            .with("client_id", &connect.client_id)
            .with("scope", "read_write")
            .with("redirect_uri", self.callback())
            .with(
                "state",
                sign(&self.state_key(), ctx.project, chassis::clock::system_now()),
            );
        Ok(format!(
            "{}/oauth/authorize?{}",
            connect.base,
            query.encode()
        ))
    }

    /// The key that a person's consent gives.
    pub async fn oauth_key(
        &self,
        ctx: &Context,
        state: &str,
        code: &str,
    ) -> Result<String, BillingError> {
        let connect = self.connect()?;
        if !is_good(
            &self.state_key(),
            state,
            ctx.project,
            chassis::clock::system_now(),
        ) {
            return Err(BillingError::invalid(
                "state",
                "is not one that this server made, or is too old",
            ));
        }
        if code.is_empty() {
            return Err(BillingError::invalid("code", "is required"));
        }
        let form = Form::new()
            .with("grant_type", "authorization_code")
            .with("code", code)
            .with("client_secret", &connect.client_secret);
        Ok(self
            .stripe
            .exchange(&connect.base, form)
            .await?
            .access_token)
    }

    /// Where a person is sent after the installation.
    pub fn oauth_done(&self) -> Result<String, BillingError> {
        Ok(self.connect()?.redirect_url.clone())
    }

    fn callback(&self) -> String {
        format!(
            "{}/api/v1/marketplace/listings/stripe/install/oauth2/authorize",
            self.settings.public_url
        )
    }

    fn state_key(&self) -> [u8; 32] {
        self.env.secret("billing.oauth2-state")
    }
}

/// `<project>.<seconds>.<signature>`.
fn sign(key: &[u8; 32], project: ProjectId, now: Timestamp) -> String {
    let said = format!("{project}.{}", now.as_second());
    let signature = chassis::secret::hex(&chassis::secret::hmac_sha256(key, said.as_bytes()));
    format!("{said}.{signature}")
}

fn is_good(key: &[u8; 32], state: &str, project: ProjectId, now: Timestamp) -> bool {
    let mut parts = state.splitn(3, '.');
    let (Some(said), Some(seconds), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let expected = chassis::secret::hex(&chassis::secret::hmac_sha256(
        key,
        format!("{said}.{seconds}").as_bytes(),
    ));
    // Compared by their hashes, so that the time taken tells nothing.
    let same = chassis::secret::sha256(expected.as_bytes())
        == chassis::secret::sha256(signature.as_bytes());
    let made = seconds
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    same && said == project.to_string()
        && made.is_some_and(|made| {
            let age = now.duration_since(made);
            !age.is_negative() && age <= STATE_LIFE
        })
}

#[cfg(test)]
mod tests {
    use kernel::id::Ulid;

    use super::*;

    #[test]
    fn a_state_is_good_for_its_project_for_an_hour() {
        let key = [7; 32];
        let project = ProjectId::from_ulid(Ulid(1));
        let made = Timestamp::UNIX_EPOCH;
        let state = sign(&key, project, made);
        let later = |minutes| made + jiff::SignedDuration::from_mins(minutes);
        assert!(is_good(&key, &state, project, later(59)));
        assert!(!is_good(&key, &state, project, later(61)));
        assert!(!is_good(
            &key,
            &state,
            ProjectId::from_ulid(Ulid(2)),
            later(1)
        ));
        assert!(!is_good(&[8; 32], &state, project, later(1)));
        assert!(!is_good(
            &key,
            &state.replace(".0.", ".1."),
            project,
            later(1)
        ));
        assert!(!is_good(&key, "", project, later(1)));
    }
}

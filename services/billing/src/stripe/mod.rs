//! A thin typed client of Stripe's REST API: forms in, JSON out, one function per call that
//! billing makes. Every POST carries an idempotency key, so each call may be sent again; what
//! a repeated send cannot settle is left to the caller, who looks at what is there.

mod calls;
mod form;
mod model;
pub mod signature;

use std::time::Duration;

use serde::de::DeserializeOwned;

pub use form::Form;
pub use model::*;

/// The release of Stripe's API whose shapes are read here.
pub const API_VERSION: &str = "2024-06-20";
/// How often one call is sent at most.
const TRIES: u32 = 3;
/// Longest answer that is read.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

/// Why a call did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// No answer: whether it was carried out is not known.
    #[error("stripe cannot be reached: {0}")]
    Unreachable(String),
    /// An answer that says no.
    #[error("stripe: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Code such as `resource_missing`; may be empty.
        code: String,
        /// Sentence for people.
        message: String,
    },
    /// An answer that cannot be read.
    #[error("stripe answered what its documentation does not allow: {0}")]
    Unreadable(String),
}

impl StripeError {
    /// Whether the key is not accepted.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401, .. })
    }

    /// Whether the thing does not exist.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => *status == 404 || code == "resource_missing",
            Self::Unreachable(_) | Self::Unreadable(_) => false,
        }
    }

    /// Code of a refusal; empty without one.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Unreachable(_) | Self::Unreadable(_) => "",
        }
    }

    /// Whether the same call may be sent again at once.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused { status, code, .. } => {
                *status == 429
                    || *status >= 500
                    || (*status == 409
                        && matches!(code.as_str(), "lock_timeout" | "idempotency_key_in_use"))
            }
            Self::Unreadable(_) => false,
        }
    }
}

/// Where Stripe is. One for all accounts.
#[derive(Clone)]
pub struct Stripe {
    http: reqwest::Client,
    base: String,
    /// Wait before the second try; it doubles.
    pause: Duration,
}

impl Stripe {
    /// Stripe at an address, each try limited in time.
    pub fn new(base: &str, timeout: Duration, pause: Duration) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(timeout)
                .redirect(reqwest::redirect::Policy::none())
                .build()?,
            base: base.trim_end_matches('/').to_owned(),
            pause,
        })
    }

    /// An account of it, by its key.
    pub fn account(&self, key: &str) -> Account {
        Account {
            stripe: self.clone(),
            key: key.to_owned(),
        }
    }

    /// Exchanges an authorization code at the OAuth2 endpoint for the key of an account.
    pub async fn exchange(&self, base: &str, form: Form) -> Result<Exchanged, StripeError> {
        let request = self
            .http
            .post(format!("{}/oauth/token", base.trim_end_matches('/')))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.encode());
        // A code is good once: no second try.
        read(request.send().await).await
    }
}

/// Calls in the name of one account.
#[derive(Clone)]
pub struct Account {
    stripe: Stripe,
    key: String,
}

/// One call.
enum Call<'a> {
    Get,
    Post { form: &'a Form, key: &'a str },
    Delete,
}

impl Account {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, StripeError> {
        self.call(path, &Call::Get).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        key: &str,
    ) -> Result<T, StripeError> {
        self.call(path, &Call::Post { form, key }).await
    }

    /// Deletes; what is gone already counts as deleted.
    async fn delete(&self, path: &str) -> Result<(), StripeError> {
        match self.call::<Deleted>(path, &Call::Delete).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_missing() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        call: &Call<'_>,
    ) -> Result<T, StripeError> {
        let mut pause = self.stripe.pause;
        let mut tries = 1;
        loop {
            match self.send(path, call).await {
                Err(error) if error.may_pass() && tries < TRIES => {
                    tracing::debug!(path, %error, "a call to stripe is sent again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        call: &Call<'_>,
    ) -> Result<T, StripeError> {
        let url = format!("{}{path}", self.stripe.base);
        let http = &self.stripe.http;
        let request = match call {
            Call::Get => http.get(url),
            Call::Delete => http.delete(url),
            Call::Post { form, key } => http
                .post(url)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("idempotency-key", *key)
                .body(form.encode()),
        };
        let request = request
            .bearer_auth(&self.key)
            .header("stripe-version", API_VERSION);
        read(request.send().await).await
    }
}

/// Reads an answer, a refusal included.
async fn read<T: DeserializeOwned>(
    answer: Result<reqwest::Response, reqwest::Error>,
) -> Result<T, StripeError> {
    let unreachable = |error: reqwest::Error| {
        StripeError::Unreachable(if error.is_timeout() {
            "no answer in time".to_owned()
        } else {
            "the connection failed".to_owned()
        })
    };
    let mut answer = answer.map_err(unreachable)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX {
            return Err(StripeError::Unreadable("it is too long".to_owned()));
        }
    }
    if status.is_success() {
        return serde_json::from_slice(&body)
            .map_err(|error| StripeError::Unreadable(error.to_string()));
    }
    let refusal: Refusal = serde_json::from_slice(&body).unwrap_or_default();
    Err(refusal.into_error(status.as_u16()))
}

//! What the tests of the ProfitWell and Probe dialects share: tokens of every kind, a frozen
//! clock, and requests that carry the token as each dialect wants it.

use contract::customer::v1::{ApiKey, CreateKeyRequest, KeyKind, SetRateRequest};
use reqwest::Method;
use serde_json::Value;
use suite::{Rest, World, http::Answer};

/// The instant at which the clock of these tests stands first.
pub const NOW: &str = "2026-03-15T12:00:00Z";

/// Seconds since 1970 of an instant.
pub fn seconds(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_second()
}

/// An installation that enforces no documented limits, with its clock frozen.
pub async fn frozen() -> World {
    let world = World::with(&[("rate_limits", "off")]).await;
    world
        .client()
        .freeze_clock(NOW.parse().unwrap())
        .await
        .unwrap();
    world
}

/// A key of this kind in the default project.
pub async fn token(world: &World, kind: KeyKind) -> String {
    let request = CreateKeyRequest {
        key: Some(ApiKey {
            kind: kind.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let made = world.client().keys().create_key(request).await;
    made.unwrap().into_inner().secret
}

/// Sets an exchange rate.
pub async fn rate(world: &World, from: &str, to: &str, rate: &str) {
    let request = SetRateRequest {
        rate: Some(contract::customer::v1::ExchangeRate {
            from_currency_code: from.into(),
            to_currency_code: to.into(),
            rate: Some(contract::kernel::v1::Decimal { value: rate.into() }),
            effective_time: Some(contract::convert::timestamp(
                "2020-01-01T00:00:00Z".parse().unwrap(),
            )),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world.client().rates().set_rate(request).await.unwrap();
}

/// A caller of one of the two dialects.
#[derive(Clone)]
pub struct Caller {
    rest: Rest,
    base: &'static str,
    authorization: Option<String>,
}

impl Caller {
    /// A caller of ProfitWell with this token.
    pub fn profitwell(world: &World, token: &str) -> Self {
        Self {
            rest: world.rest().with_key(None),
            base: "/v2",
            authorization: Some(token.to_owned()),
        }
    }

    /// A caller of Probe with this token.
    pub fn probe(world: &World, token: &str) -> Self {
        Self {
            rest: world.rest().with_key(None),
            base: "/v4",
            authorization: Some(format!("Bearer {token}")),
        }
    }

    /// The same caller with another `Authorization`, or none.
    pub fn with(&self, authorization: Option<&str>) -> Self {
        Self {
            authorization: authorization.map(str::to_owned),
            ..self.clone()
        }
    }

    /// A request without a body.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let base = if path.starts_with("/dotjs") {
            ""
        } else {
            self.base
        };
        let request = self.rest.request(method, &format!("{base}{path}"));
        match &self.authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        }
    }

    /// Sends a request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.rest.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub async fn bare(&self, method: Method, path: &str) -> Answer {
        self.send(self.request(method, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Sends a mutation under an idempotency key.
    pub async fn once(&self, method: Method, path: &str, key: &str, body: &Value) -> Answer {
        let request = self.request(method, path);
        self.send(request.header("idempotency-key", key).json(body))
            .await
    }
}

/// The sentence of a refusal of this status.
#[track_caller]
pub fn refused(answer: Answer, status: u16) -> String {
    let kind = answer.headers.get("content-type").cloned();
    let told = answer.expect(status);
    assert_eq!(
        kind.as_ref().and_then(|kind| kind.to_str().ok()),
        Some("application/json"),
        "{told}"
    );
    told["error"].as_str().unwrap().to_owned()
}

//! What handlers take out of a request, and the gate in front of them: token, throttles,
//! content type, JSON body, query parameters.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chassis::auth::{KeyKind, bearer};
use contract::customer::v1::RateCharge;
use contract::customer::v1::rate_charge::Window;
use serde::de::DeserializeOwned;

use super::error::Refusal;
use crate::Shared;
use crate::body;
use crate::call::Call;
use crate::decode::from_json;

/// What an operation is counted in beside the base bucket, and which token opens it (text
/// §1, §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Throttle {
    /// Nothing else.
    Base,
    /// Plans.
    Plans,
    /// Metrics and company settings.
    Metrics,
    /// Exclusion.
    Exclude,
    /// Anonymization.
    Anonymize,
    /// Traits.
    Traits,
    /// Nothing else; opened by the public token only.
    Events,
}

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

impl Throttle {
    fn kinds(self) -> &'static [KeyKind] {
        match self {
            Self::Events => &[KeyKind::ProfitwellPublic],
            Self::Base
            | Self::Plans
            | Self::Metrics
            | Self::Exclude
            | Self::Anonymize
            | Self::Traits => &[KeyKind::ProfitwellPrivate, KeyKind::Bootstrap],
        }
    }

    fn charges(self) -> Vec<RateCharge> {
        let own = match self {
            Self::Base | Self::Events => None,
            Self::Plans => Some(charge("profitwell.plans", 1000, DAY)),
            Self::Metrics => Some(charge("profitwell.metrics", 3000, DAY)),
            Self::Exclude => Some(charge("profitwell.exclude", 10, MINUTE)),
            Self::Anonymize => Some(charge("profitwell.anonymize", 20, MINUTE)),
            Self::Traits => Some(charge("profitwell.traits", 20, MINUTE)),
        };
        std::iter::once(charge("profitwell.base", 25, 5))
            .chain(own)
            .collect()
    }
}

fn charge(bucket: &str, limit: i32, seconds: i64) -> RateCharge {
    RateCharge {
        bucket: bucket.to_owned(),
        limit,
        span: Some(prost_types::Duration { seconds, nanos: 0 }),
        window: Window::Sliding.into(),
    }
}

/// Lets only known callers in, and not too often.
pub(crate) async fn admit(
    State((gateway, throttle)): State<(Shared, Throttle)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let unauthorized = || Refusal::bare(StatusCode::UNAUTHORIZED);
    let headers = request.headers();
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|token| !token.is_empty() && bearer(token).is_none())
        .ok_or_else(unauthorized)?;
    let (context, _) = crate::auth::admit(
        &gateway,
        headers,
        token,
        throttle.kinds(),
        throttle.charges(),
    )
    .await?;
    let call = Call::new(&gateway, context, headers)?;
    request.extensions_mut().insert(call.clone());
    let mut response = next.run(request).await;
    call.mark(&mut response);
    Ok(response)
}

/// A JSON object. `UNSUPPORTED` is the status of another content type (text §1).
pub(crate) struct Body<T, const UNSUPPORTED: u16 = 400>(pub T);

impl<T: DeserializeOwned, const UNSUPPORTED: u16> FromRequest<Shared> for Body<T, UNSUPPORTED> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Refusal> {
        if let Some(kind) = body::media_type(request.headers())
            && kind != "application/json"
        {
            let status = StatusCode::from_u16(UNSUPPORTED).unwrap_or(StatusCode::BAD_REQUEST);
            return Err(Refusal::new(
                status,
                format!("Content-Type: must be application/json, not {kind}"),
            ));
        }
        let value = body::object(request.into_body()).await?;
        Ok(Self(from_json(&value)?))
    }
}

/// The parameters of the query string as they were sent; of a repeated one the last counts.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn parse(query: &str) -> Self {
        Self(
            url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// A parameter that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)
            .ok_or_else(|| Refusal::bad(format!("{name}: is required")))
    }

    /// An integer between two bounds; a default where it is absent.
    pub(crate) fn integer(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<i32>,
        default: i32,
    ) -> Result<i32, Refusal> {
        let Some(text) = self.0.get(name) else {
            return Ok(default);
        };
        let parsed = text.parse().ok().filter(|value| bounds.contains(value));
        parsed.ok_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            Refusal::bad(format!("{name}: must be an integer from {least} to {most}"))
        })
    }

    /// Refuses parameters of other names.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(Refusal::bad(format!("{name}: unknown query parameter"))),
            None => Ok(()),
        }
    }
}

impl FromRequestParts<Shared> for Parameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_buckets_have_the_documented_limits() {
        for (throttle, own) in [
            (Throttle::Base, None),
            (Throttle::Events, None),
            (Throttle::Plans, Some((1000, 86_400))),
            (Throttle::Metrics, Some((3000, 86_400))),
            (Throttle::Exclude, Some((10, 60))),
            (Throttle::Anonymize, Some((20, 60))),
            (Throttle::Traits, Some((20, 60))),
        ] {
            let limits: Vec<(i32, i64)> = throttle
                .charges()
                .iter()
                .map(|charge| {
                    assert_eq!(charge.window(), Window::Sliding);
                    let seconds = charge.span.as_ref().map_or(0, |span| span.seconds);
                    (charge.limit, seconds)
                })
                .collect();
            let expected: Vec<_> = std::iter::once((25, 5)).chain(own).collect();
            assert_eq!(limits, expected, "{throttle:?}");
        }
        let buckets: std::collections::BTreeSet<String> = [
            Throttle::Base,
            Throttle::Plans,
            Throttle::Metrics,
            Throttle::Exclude,
            Throttle::Anonymize,
            Throttle::Traits,
        ]
        .into_iter()
        .flat_map(Throttle::charges)
        .map(|charge| charge.bucket)
        .collect();
        assert_eq!(buckets.len(), 6);
        let known = crate::limits::BUCKETS;
        assert!(
            buckets
                .iter()
                .all(|bucket| known.contains(&bucket.as_str()))
        );
    }
}

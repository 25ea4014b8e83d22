//! What handlers take out of a request: the call itself, the parameters of the path, a JSON body.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::response::Response;
use chassis::Context;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use tonic::Status;

use super::error::Refusal;
use super::list::{List, Parameters, encode};
use crate::Shared;
use crate::body::{media_type, object};
use crate::clients::Clients;
use crate::decode::from_json;

/// Longest id of anything but a customer.
const MAX_ID: usize = 255;
/// Longest id of a customer.
pub(crate) const MAX_CUSTOMER_ID: usize = 1500;

/// One call that may be made.
#[derive(Clone)]
pub(crate) struct Call {
    inner: crate::call::Call,
    /// The id by which the dialect knows the project.
    project: Arc<str>,
    /// The last parameter of the path, which names what the call is about.
    own: Arc<str>,
    /// The path as it was asked for.
    path: Arc<str>,
}

impl Call {
    /// A call that passed the frame.
    pub(crate) fn new(
        gateway: &Shared,
        context: Context,
        project: Arc<str>,
        template: &str,
        parts: &Parts,
    ) -> Result<Self, Refusal> {
        let inner = crate::call::Call::new(gateway, context, &parts.headers)
            .map_err(|_| Refusal::parameter("Idempotency-Key", "must have 1 to 255 characters"))?;
        let own = template
            .rsplit_once('{')
            .and_then(|(_, rest)| rest.split_once('}'))
            .map(|(name, _)| name)
            .unwrap_or_default();
        Ok(Self {
            inner,
            project,
            own: own.into(),
            path: parts.uri.path().into(),
        })
    }

    /// The clients of all services.
    pub(crate) fn clients(&self) -> &Clients {
        self.inner.clients()
    }

    /// A message on its way.
    pub(crate) fn rpc<T>(&self, message: T) -> tonic::Request<T> {
        self.inner.rpc(message)
    }

    /// The `request_id` of the one mutating message of this call.
    pub(crate) fn request_id(&self) -> String {
        self.inner.request_id()
    }

    /// The id by which the dialect knows the project.
    pub(crate) fn project(&self) -> &str {
        &self.project
    }

    /// The message of an answer.
    pub(crate) fn take<T>(&self, answer: Result<tonic::Response<T>, Status>) -> Result<T, Refusal> {
        self.inner
            .take(answer)
            .map_err(|status| Refusal::of(&status, &self.own))
    }

    /// The message of an answer about what a body names.
    pub(crate) fn take_named<T>(
        &self,
        answer: Result<tonic::Response<T>, Status>,
        param: &str,
    ) -> Result<T, Refusal> {
        self.inner
            .take(answer)
            .map_err(|status| Refusal::of(&status, param))
    }

    /// Marks the response when its answer was given before.
    pub(crate) fn mark(&self, response: &mut Response) {
        self.inner.mark(response);
    }

    /// An address below the project; segments are encoded.
    pub(crate) fn url(&self, segments: &[&str]) -> String {
        segments
            .iter()
            .fold(format!("/v2/projects/{}", self.project), |url, segment| {
                format!("{url}/{}", encode(segment))
            })
    }

    /// A page of the list that lives at the path of this call, and whether more follow it.
    pub(crate) fn page<T>(
        &self,
        query: &Parameters,
        items: Vec<T>,
        more: bool,
        id: impl Fn(&T) -> &str,
    ) -> List<T> {
        List::new(items, (*self.path).to_owned(), &query.kept(), more, id)
    }

    /// The first items of a list that lives elsewhere below the project, and whether more follow them.
    pub(crate) fn embedded<T>(
        &self,
        place: &[&str],
        items: Vec<T>,
        more: bool,
        id: impl Fn(&T) -> &str,
    ) -> List<T> {
        List::new(items, self.url(place), "", more, id)
    }
}

impl FromRequestParts<Shared> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Refusal::broken("a call without a frame"))
    }
}

/// The last parameter of the path.
pub(crate) struct Id(pub String);

impl FromRequestParts<Shared> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| Refusal::request("the path cannot be read"))?;
        let (name, text) = params
            .iter()
            .last()
            .ok_or_else(|| Refusal::broken("a path without a parameter"))?;
        let limit = if name == "customer_id" {
            MAX_CUSTOMER_ID
        } else {
            MAX_ID
        };
        if text.chars().count() > limit {
            return Err(Refusal::parameter(
                name,
                format!("must not be longer than {limit} characters"),
            ));
        }
        if text.contains('\0') {
            return Err(Refusal::missing(name, "there is no such thing"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Refusal> {
        if media_type(request.headers()).as_deref() != Some("application/json") {
            return Err(Refusal::request(
                "the body must be JSON with Content-Type: application/json",
            ));
        }
        let value = object(request.into_body()).await?;
        Ok(Self(from_json(&value)?))
    }
}

/// A member that may be absent but not null.
pub(crate) fn filled<'de, T, D>(reader: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(reader).map(Some)
}

/// A member that may be absent, null or something: three different things.
pub(crate) fn nullable<'de, T, D>(reader: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(reader).map(Some)
}

/// Text of a limited length, in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<const MIN: usize, const MAX: usize>(pub String);

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(reader)?;
        let count = text.chars().count();
        if count < MIN {
            return Err(D::Error::custom(if MIN == 1 {
                "must not be empty".to_owned()
            } else {
                format!("must have at least {MIN} characters")
            }));
        }
        if count > MAX {
            return Err(D::Error::custom(format!(
                "must not be longer than {MAX} characters"
            )));
        }
        if text.contains('\0') {
            return Err(D::Error::custom("must not hold the character U+0000"));
        }
        Ok(Self(text))
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

/// Milliseconds since 1970 of an instant that every answer has.
pub(crate) fn millis(wire: Option<&prost_types::Timestamp>) -> Result<i64, Refusal> {
    wire.and_then(|time| contract::convert::from_timestamp(time).ok())
        .map(kernel::Timestamp::as_millisecond)
        .ok_or_else(|| Refusal::broken("time"))
}

/// Milliseconds since 1970 of an instant that may be absent.
pub(crate) fn optional_millis(
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<i64>, Refusal> {
    wire.map(|wire| millis(Some(wire))).transpose()
}

/// A part that every answer has.
pub(crate) fn present<T>(part: Option<T>) -> Result<T, Refusal> {
    part.ok_or_else(|| Refusal::broken("an absent message"))
}

/// Text that an answer leaves empty when there is none.
pub(crate) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

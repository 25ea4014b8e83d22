//! What handlers take out of a request: the call itself, a JSON body, query parameters,
//! path parameters. Whatever is wrong becomes a problem that names the field; axum's own
//! rejections never reach a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chassis::Context;
use chassis::auth::KeyKind;
use kernel::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::decode::{from_json, from_query};
use super::error::Problem;
use crate::call::{self, REPLAYED};
use crate::clients::Clients;
use crate::layers::MAX_BODY_BYTES;
use crate::{Gateway, Shared};

/// One authenticated call and its way to the services.
pub(crate) struct Call {
    gateway: Shared,
    context: Context,
    idempotency_key: String,
    replayed: Replayed,
}

/// Whether an answer of this request was given before.
#[derive(Clone, Default)]
struct Replayed(Arc<AtomicBool>);

impl Call {
    /// The clients of all services.
    pub(crate) fn clients(&self) -> &Clients {
        &self.gateway.clients
    }

    /// A message on its way, with identity, deadline and trace of this call.
    pub(crate) fn rpc<T>(&self, message: T) -> tonic::Request<T> {
        self.context.request(message)
    }

    /// The `request_id` of the one mutating message of this call.
    pub(crate) fn request_id(&self) -> String {
        self.idempotency_key.clone()
    }

    /// Project time at the start of the call.
    pub(crate) fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The message of an answer, noting whether it is a replay.
    pub(crate) fn take<T, E>(&self, answer: Result<tonic::Response<T>, E>) -> Result<T, Problem>
    where
        Problem: From<E>,
    {
        let answer = answer?;
        if answer
            .metadata()
            .contains_key(chassis::idempotency::REPLAYED_HEADER)
        {
            self.replayed.0.store(true, Ordering::Relaxed);
        }
        Ok(answer.into_inner())
    }
}

impl FromRequestParts<Shared> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Shared) -> Result<Self, Problem> {
        let context = parts
            .extensions
            .get::<Context>()
            .cloned()
            .ok_or_else(|| Problem::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
        let replayed = parts
            .extensions
            .get::<Replayed>()
            .cloned()
            .unwrap_or_default();
        Ok(Self {
            gateway: Arc::clone(gateway),
            context,
            idempotency_key: idempotency_key(&parts.headers)?,
            replayed,
        })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    call::idempotency_key(headers).map_err(|call::BadIdempotencyKey| {
        Problem::invalid("Idempotency-Key: must have 1 to 255 characters")
    })
}

/// Lets only known callers in, and marks answers that were given before.
pub(crate) async fn authenticate(
    State(gateway): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let context = enter(&gateway, request.headers()).await?;
    let replayed = Replayed::default();
    request.extensions_mut().insert(context);
    request.extensions_mut().insert(replayed.clone());
    let mut response = next.run(request).await;
    if replayed.0.load(Ordering::Relaxed) {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn enter(gateway: &Gateway, headers: &HeaderMap) -> Result<Context, Problem> {
    crate::auth::enter(gateway, headers, &[KeyKind::Secret, KeyKind::Bootstrap])
        .await
        .map_err(Problem::from)
}

/// A JSON body.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Problem> {
        if let Some(kind) = media_type(request.headers())
            && kind != "application/json"
            && !kind.ends_with("+json")
        {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("content type {kind} is not supported, send application/json"),
            ));
        }
        let value = read_json(request.into_body()).await?;
        from_json(&value).map(Self).map_err(Problem::from)
    }
}

/// The media type of a body in lower case, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default().trim();
    (!kind.is_empty()).then(|| kind.to_ascii_lowercase())
}

/// Reads a body as JSON; numbers keep their digits.
pub(crate) async fn read_json(body: axum::body::Body) -> Result<Value, Problem> {
    let bytes = axum::body::to_bytes(body, MAX_BODY_BYTES)
        .await
        .map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is larger than 4 MiB",
            )
        })?;
    if bytes.is_empty() {
        return Err(Problem::invalid("a JSON body is required"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::invalid(format!("the body is not valid JSON: {error}")))
}

/// The parameters of the query string.
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let value = query_value(parts.uri.query().unwrap_or_default())?;
        from_query(&value).map(Self).map_err(Problem::from)
    }
}

/// Parameters by name: a repeated one is a list, `name[key]` an object (metering text §1.5). A bracket
/// that is not closed, or holds no key or another bracket, would silently lose a condition: it is refused.
fn query_value(query: &str) -> Result<Value, Problem> {
    let mut fields = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let text = Value::String(text.into_owned());
        let Some((outer, rest)) = name.split_once('[') else {
            append(&mut fields, &name, text);
            continue;
        };
        let malformed = || Problem::invalid(format!("{name}: must be of the form name[key]"));
        let inner = rest
            .strip_suffix(']')
            .filter(|inner| !inner.is_empty() && !inner.contains(['[', ']']))
            .filter(|_| !outer.is_empty())
            .ok_or_else(malformed)?;
        let object = fields
            .entry(outer)
            .or_insert_with(|| Value::Object(Map::new()));
        match object {
            Value::Object(object) => append(object, inner, text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => return Err(malformed()),
        }
    }
    Ok(Value::Object(fields))
}

fn append(fields: &mut Map<String, Value>, name: &str, text: Value) {
    match fields.get_mut(name) {
        Some(Value::Array(list)) => list.push(text),
        Some(first) => {
            let list = vec![first.take(), text];
            *first = Value::Array(list);
        }
        None => {
            fields.insert(name.to_owned(), text);
        }
    }
}

/// The parameters of the path, in order. A ULID, a key or a customer's free text: the
/// services decide what it names.
pub(crate) struct Path<T>(pub T);

impl FromRequestParts<Shared> for Path<String> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        match path_texts(parts).await?.as_slice() {
            [only] => Ok(Self(only.clone())),
            _ => Err(Problem::bare(StatusCode::NOT_FOUND)),
        }
    }
}

impl FromRequestParts<Shared> for Path<(String, String)> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        match path_texts(parts).await?.as_slice() {
            [first, second] => Ok(Self((first.clone(), second.clone()))),
            _ => Err(Problem::bare(StatusCode::NOT_FOUND)),
        }
    }
}

async fn path_texts(parts: &mut Parts) -> Result<Vec<String>, Problem> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Problem::bare(StatusCode::NOT_FOUND))?;
    // No stored name has the character U+0000.
    if params.iter().any(|(_, text)| text.contains('\0')) {
        return Err(Problem::bare(StatusCode::NOT_FOUND));
    }
    Ok(params.iter().map(|(_, text)| text.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn query_strings_become_lists_and_objects() {
        assert_eq!(
            query_value("a=1&b=x&b=y&f[k]=v&f[k2]=w&g%5Bm%5D=%2F").ok(),
            Some(json!({
                "a": "1",
                "b": ["x", "y"],
                "f": {"k": "v", "k2": "w"},
                "g": {"m": "/"},
            }))
        );
    }

    #[test]
    fn malformed_brackets_are_refused() {
        for query in [
            "f[=v",
            "f[k=v",
            "f[]=v",
            "f[a][b]=v",
            "f[k]x=v",
            "[k]=v",
            "f=1&f[k]=v",
        ] {
            assert!(query_value(query).is_err(), "{query}");
        }
    }

    #[test]
    fn media_types_lose_their_parameters() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("Application/JSON; charset=utf-8"),
        );
        assert_eq!(media_type(&headers).as_deref(), Some("application/json"));
    }
}

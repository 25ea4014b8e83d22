//! What handlers take out of a request: the call itself, a JSON body, query parameters,
//! path parameters. Whatever is wrong becomes a problem that names the field; axum's own
//! rejections never reach a client.

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use chassis::Context;
use chassis::auth::KeyKind;
use kernel::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::decode::{from_json, from_query};
use super::error::Problem;
use crate::Shared;
use crate::body;
use crate::call;
use crate::clients::Clients;

/// One authenticated call; what services refuse are problems.
pub(crate) struct Call(call::Call);

impl Call {
    /// A call that passed authentication, in its own form for the layers.
    pub(crate) fn begin(
        gateway: &Shared,
        context: Context,
        headers: &HeaderMap,
    ) -> Result<call::Call, Problem> {
        call::Call::new(gateway, context, headers).map_err(|call::BadIdempotencyKey| {
            Problem::invalid("Idempotency-Key: must have 1 to 255 characters")
        })
    }

    /// The clients of all services.
    pub(crate) fn clients(&self) -> &Clients {
        self.0.clients()
    }

    /// A message on its way.
    pub(crate) fn rpc<T>(&self, message: T) -> tonic::Request<T> {
        self.0.rpc(message)
    }

    /// The `request_id` of the one mutating message of this call.
    pub(crate) fn request_id(&self) -> String {
        self.0.request_id()
    }

    /// Project time at the start of the call.
    pub(crate) fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// The message of an answer.
    pub(crate) fn take<T, E>(&self, answer: Result<tonic::Response<T>, E>) -> Result<T, Problem>
    where
        Problem: From<E>,
    {
        Ok(self.0.accept(answer?))
    }
}

impl FromRequestParts<Shared> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Shared) -> Result<Self, Problem> {
        let call = call::Call::from_request_parts(parts, gateway).await;
        call.map(Self).map_err(Problem::bare)
    }
}

/// Lets only known callers in, and marks answers that were given before.
pub(crate) async fn authenticate(
    State(gateway): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let kinds = [KeyKind::Secret, KeyKind::Bootstrap];
    let context = crate::auth::enter(&gateway, headers, &kinds).await?;
    let call = Call::begin(&gateway, context, headers)?;
    request.extensions_mut().insert(call.clone());
    let mut response = next.run(request).await;
    call.mark(&mut response);
    Ok(response)
}

/// A JSON body.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Problem> {
        if let Some(kind) = body::media_type(request.headers())
            && kind != "application/json"
            && !kind.ends_with("+json")
        {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("content type {kind} is not supported, send application/json"),
            ));
        }
        let value = body::json(request.into_body()).await?;
        from_json(&value).map(Self).map_err(Problem::from)
    }
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
}

//! What handlers take out of a request, and the gate in front of them. The content type is
//! not looked at (text §1).

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chassis::auth::{KeyKind, bearer};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Refusal;
use crate::Shared;
use crate::call::Call;
use crate::decode::from_json;
use crate::layers::MAX_BODY_BYTES;

/// Lets only known callers in.
pub(crate) async fn authenticate(
    State(gateway): State<Shared>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let headers = request.headers();
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .ok_or(Refusal::bare(StatusCode::UNAUTHORIZED))?;
    let kinds = [KeyKind::Probe, KeyKind::Bootstrap];
    let (context, _) = crate::auth::admit(&gateway, headers, token, &kinds, Vec::new()).await?;
    let call = Call::new(&gateway, context, headers)?;
    request.extensions_mut().insert(call.clone());
    let mut response = next.run(request).await;
    call.mark(&mut response);
    Ok(response)
}

/// A JSON object.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Refusal> {
        let bytes = axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES)
            .await
            .map_err(|_| Refusal::bare(StatusCode::PAYLOAD_TOO_LARGE))?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Refusal::bad(format!("the body is not valid JSON: {error}")))?;
        if !value.is_object() {
            return Err(Refusal::bad("the body must be a JSON object"));
        }
        Ok(Self(from_json(&value)?))
    }
}

/// The one parameter of the path.
pub(crate) struct PathText(pub String);

impl FromRequestParts<Shared> for PathText {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let unknown = || Refusal::bare(StatusCode::NOT_FOUND);
        let params = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| unknown())?;
        let mut texts = params.iter().map(|(_, text)| text);
        // No stored name has the character U+0000.
        texts
            .next()
            .filter(|text| !text.is_empty() && !text.contains('\0'))
            .map(|text| Self(text.to_owned()))
            .ok_or_else(unknown)
    }
}

/// The pagination token of the query string; an empty one is none.
pub(crate) struct PageToken(pub Option<String>);

impl FromRequestParts<Shared> for PageToken {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let next = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "next")
            .map(|(_, text)| text.into_owned());
        Ok(Self(next.filter(|text| !text.is_empty())))
    }
}

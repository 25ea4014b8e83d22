//! What handlers take out of a request, and the gate in front of them. The content type is
//! not looked at (text §1).

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chassis::auth::{KeyKind, bearer};
use serde::de::DeserializeOwned;

use super::error::Refusal;
use crate::Shared;
use crate::body;
use crate::call::Call;
use crate::decode::from_json;

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
        let value = body::object(request.into_body()).await?;
        Ok(Self(from_json(&value)?))
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

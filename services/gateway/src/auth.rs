//! Who is calling: a Bearer key becomes the context that every outgoing call carries.

use axum::http::{HeaderMap, header};
use chassis::Context;
use chassis::auth::{Grants, KeyKind, PROJECT_HEADER, bearer, unauthenticated};
use tonic::Status;

use crate::Gateway;

/// The context of a call with a Bearer key of one of these kinds. Without the header the
/// call acts in `anonymous`, when there is such a project; a bad header never does.
pub(crate) async fn enter(
    gateway: &Gateway,
    headers: &HeaderMap,
    kinds: &[KeyKind],
) -> Result<Context, Status> {
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        let project = gateway
            .dev_project
            .ok_or_else(|| unauthenticated("an API key is required as Authorization: Bearer"))?;
        return Ok(gateway
            .gate
            .context(project, "development", Grants::All)
            .at_edge());
    };
    let key = header
        .to_str()
        .ok()
        .and_then(bearer)
        .ok_or_else(|| unauthenticated("the Authorization header is not Bearer and a key"))?;
    let project = headers
        .get(PROJECT_HEADER)
        .and_then(|value| value.to_str().ok());
    Ok(gateway.gate.enter(key, project, kinds).await?.at_edge())
}

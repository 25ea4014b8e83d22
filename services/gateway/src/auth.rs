//! Who is calling: a Bearer key becomes the context that every outgoing call carries.

use axum::http::{HeaderMap, header};
use chassis::Context;
use chassis::auth::{Grants, KeyKind, PROJECT_HEADER, bearer, unauthenticated};
use contract::customer::v1 as pb;
use kernel::id::ProjectId;
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

/// The context of a call with a key of one of these kinds, counted in the buckets that its
/// contract documents. The answer tells how full they are; it is empty while limits are off.
pub(crate) async fn admit(
    gateway: &Gateway,
    headers: &HeaderMap,
    key: &str,
    kinds: &[KeyKind],
    charges: Vec<pb::RateCharge>,
) -> Result<(Context, Vec<pb::RateUsage>), Status> {
    let project = headers
        .get(PROJECT_HEADER)
        .and_then(|value| value.to_str().ok());
    let charges = gateway.limits.apply(charges);
    if charges.is_empty() {
        let context = gateway.gate.enter(key, project, kinds).await?;
        return Ok((context.at_edge(), Vec::new()));
    }
    // Nobody else may resolve keys, so it is the gateway itself that asks.
    let asking = gateway.gate.context(
        ProjectId::from_ulid(ulid::Ulid::nil()),
        "gateway",
        Grants::Service,
    );
    let question = asking.request(pb::AdmitCallRequest {
        key: key.to_owned(),
        allowed_kinds: kinds.iter().map(|kind| to_proto(*kind).into()).collect(),
        project: project.unwrap_or_default().to_owned(),
        charges,
    });
    let answer = gateway.clients.principals().admit_call(question).await?;
    let answer = answer.into_inner();
    let principal = answer
        .principal
        .ok_or_else(|| Status::internal("an answer without a principal"))?;
    let principal = chassis::identity::from_proto(&principal)?;
    let context = gateway
        .gate
        .context(principal.project, &principal.actor, principal.grants);
    Ok((context.at_edge(), answer.usages))
}

fn to_proto(kind: KeyKind) -> pb::KeyKind {
    match kind {
        KeyKind::Secret => pb::KeyKind::Secret,
        KeyKind::ProfitwellPrivate => pb::KeyKind::ProfitwellPrivate,
        KeyKind::ProfitwellPublic => pb::KeyKind::ProfitwellPublic,
        KeyKind::Probe => pb::KeyKind::Probe,
        KeyKind::Bootstrap => pb::KeyKind::Bootstrap,
    }
}

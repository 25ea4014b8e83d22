//! Portal tokens: they let an end user read the usage of one subject (metering text §6).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use chassis::auth::{Grants, unauthenticated};
use contract::metering::v1 as pb;
use kernel::id::ProjectId;
use serde::{Deserialize, Serialize};
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::meter_query::{
    AskedTime, ClientId, MeterQueryRequest, MeterQueryResult, WindowSize, answer,
};
use super::scalars::{Filled, Time, Ulid, optional};
use super::value::{broken, present, time};
use crate::Shared;

/// A token that opens the usage of one subject.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortalToken {
    #[schema(value_type = Ulid)]
    id: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Time>,
    /// Only in the answer to its making.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Empty for all meters.
    allowed_meter_slugs: Vec<String>,
}

impl PortalToken {
    fn from_proto(wire: pb::PortalToken) -> Result<Self, Problem> {
        Ok(Self {
            id: wire.id,
            subject: wire.subject,
            expires_at: time(wire.expire_time.as_ref())?,
            expired: wire.expired.then_some(true),
            created_at: time(wire.create_time.as_ref())?,
            token: optional(wire.token),
            allowed_meter_slugs: wire.allowed_meter_slugs,
        })
    }
}

/// A token to make. The contract calls the expiry read-only, but it counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PortalTokenCreate {
    subject: Filled,
    expires_at: Option<Time>,
    allowed_meter_slugs: Option<Vec<String>>,
    /// Ignored, like the three that follow.
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    id: Option<String>,
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    expired: Option<bool>,
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    created_at: Option<String>,
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    token: Option<String>,
}

/// Makes a token.
#[utoipa::path(
    post, path = "/api/v1/portal/tokens", operation_id = "createPortalToken", tag = "Portal",
    request_body = PortalTokenCreate,
    responses((status = 200, body = PortalToken), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<PortalTokenCreate>,
) -> Result<Json<PortalToken>, Problem> {
    if new
        .allowed_meter_slugs
        .as_ref()
        .is_some_and(|slugs| slugs.is_empty())
    {
        return Err(Problem::invalid("allowedMeterSlugs: must not be empty"));
    }
    let request = pb::CreatePortalTokenRequest {
        portal_token: Some(pb::PortalToken {
            subject: new.subject.into(),
            expire_time: new.expires_at.map(Into::into),
            allowed_meter_slugs: new.allowed_meter_slugs.unwrap_or_default(),
            ..pb::PortalToken::default()
        }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .portal_tokens()
        .create_portal_token(call.rpc(request))
        .await;
    PortalToken::from_proto(present(call.take(answer)?.portal_token)?).map(Json)
}

/// Parameters of a list of tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPortalTokensParams {
    /// Most tokens; 25 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
}

/// Lists tokens, newest first.
#[utoipa::path(
    get, path = "/api/v1/portal/tokens", operation_id = "listPortalTokens", tag = "Portal",
    params(ListPortalTokensParams),
    responses((status = 200, body = Vec<PortalToken>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(params): Query<ListPortalTokensParams>,
) -> Result<Json<Vec<PortalToken>>, Problem> {
    let limit = params.limit.unwrap_or(25);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit: must be 1 to 100"));
    }
    let request = pb::ListPortalTokensRequest {
        page_size: limit,
        ..pb::ListPortalTokensRequest::default()
    };
    let answer = call
        .clients()
        .portal_tokens()
        .list_portal_tokens(call.rpc(request))
        .await;
    call.take(answer)?
        .portal_tokens
        .into_iter()
        .map(PortalToken::from_proto)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Which tokens end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InvalidatePortalTokens {
    id: Option<String>,
    subject: Option<String>,
}

/// Ends a token, or all tokens of a subject, at once.
#[utoipa::path(
    post, path = "/api/v1/portal/tokens/invalidate", operation_id = "invalidatePortalTokens", tag = "Portal",
    request_body = InvalidatePortalTokens,
    responses((status = 204)),
)]
pub(crate) async fn invalidate(
    call: Call,
    Body(which): Body<InvalidatePortalTokens>,
) -> Result<StatusCode, Problem> {
    let (id, subject) = (
        which.id.unwrap_or_default(),
        which.subject.unwrap_or_default(),
    );
    if id.is_empty() && subject.is_empty() {
        return Err(Problem::invalid("id or subject is required"));
    }
    let request = pb::InvalidatePortalTokensRequest {
        id,
        subject,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .portal_tokens()
        .invalidate_portal_tokens(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The subject that a token opens.
#[derive(Clone)]
pub(crate) struct Subject(String);

/// Lets only holders of a portal token in, for the meter that the path names.
pub(crate) async fn authenticate(
    State(gateway): State<Shared>,
    Path(meter_slug): Path<String>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .ok_or_else(|| Problem::from(unauthenticated("a portal token is required")))?
        .to_owned();
    // The token alone decides the project, so the question is asked in none; and it is the
    // gateway itself that asks, since nobody else may.
    let asking = gateway.gate.context(
        ProjectId::from_ulid(ulid::Ulid::nil()),
        "portal",
        Grants::Service,
    );
    let question = asking.request(pb::ResolvePortalTokenRequest { token, meter_slug });
    let opened = gateway
        .clients
        .portal_tokens()
        .resolve_portal_token(question)
        .await?
        .into_inner();
    let project = opened
        .project_id
        .parse()
        .map_err(|_| broken("project id", &opened.project_id))?;
    let token = present(opened.portal_token)?;
    let context = gateway
        .gate
        .context(
            project,
            &format!("portal:{}", token.id),
            Grants::Listed(
                [
                    "metering:meters:read".to_owned(),
                    "customer_information:customers:read".to_owned(),
                ]
                .into(),
            ),
        )
        .at_edge();
    let call = Call::begin(&gateway, context, request.headers())?;
    request.extensions_mut().insert(call);
    request.extensions_mut().insert(Subject(token.subject));
    Ok(next.run(request).await)
}

/// End users' pages may ask from anywhere (metering text §6.2).
pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods([Method::GET, Method::OPTIONS])
        .allow_headers([header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE])
        .allow_credentials(true)
        .max_age(std::time::Duration::from_secs(1_728_000))
}

/// Parameters of a portal query.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct PortalQueryParams {
    /// Accepted and ignored.
    #[param(value_type = Option<String>, min_length = 1, max_length = 36)]
    #[expect(dead_code, reason = "accepted and ignored, metering text §6.2")]
    client_id: Option<ClientId>,
    /// First instant that counts.
    from: Option<AskedTime>,
    /// First instant that no longer counts.
    to: Option<AskedTime>,
    /// Size of the windows; absent for one total.
    #[param(inline)]
    window_size: Option<WindowSize>,
    /// Time zone of the windows.
    window_time_zone: Option<String>,
    /// Accepted and ignored.
    #[serde(default)]
    #[param(required = false, max_items = 100)]
    #[expect(dead_code, reason = "accepted and ignored, metering text §6.2")]
    filter_customer_id: Vec<String>,
    /// Only these group-by values.
    #[param(style = DeepObject, explode)]
    filter_group_by: Option<std::collections::BTreeMap<String, Vec<String>>>,
    /// Accepted and ignored.
    #[expect(dead_code, reason = "accepted and ignored, metering text §6.2")]
    advanced_meter_group_by_filters: Option<String>,
    /// Keys to group by.
    #[serde(default)]
    #[param(required = false)]
    group_by: Vec<String>,
}

/// Counts the usage of the token's subject.
#[utoipa::path(
    get, path = "/api/v1/portal/meters/{meterSlug}/query", operation_id = "queryPortalMeter", tag = "Portal",
    params(("meterSlug" = String, Path), PortalQueryParams),
    responses(
        (status = 200, content((MeterQueryResult = "application/json"), (String = "text/csv"))),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn query(
    call: Call,
    Path(meter): Path<String>,
    Query(params): Query<PortalQueryParams>,
    subject: axum::Extension<Subject>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let group_by = (!params.group_by.is_empty()).then_some(params.group_by);
    let query = MeterQueryRequest {
        from: params.from,
        to: params.to,
        window_size: params.window_size,
        window_time_zone: params.window_time_zone,
        subject: Some(vec![subject.0.0]),
        filter_group_by: params.filter_group_by,
        group_by,
        ..MeterQueryRequest::default()
    };
    answer(&call, meter, query, &headers).await
}

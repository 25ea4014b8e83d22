//! What can be installed, and the ways to do it (billing text §23).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chassis::auth::Grants;
use contract::billing::v1 as pb;
use kernel::id::ProjectId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::apps::{App, AppCapabilityType, AppType, InstallMethod, MarketplaceListing};
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery};
use super::scalars::Filled;
use super::value::{known, present};
use crate::Shared;

/// The listings with the ways of installing that this deployment has.
async fn offered(call: &Call) -> Result<Vec<(AppType, MarketplaceListing)>, Problem> {
    use pb::app_listing::InstallMethod as Wire;
    let request = pb::ListAppListingsRequest {};
    let answer = call
        .clients()
        .apps()
        .list_app_listings(call.rpc(request))
        .await;
    call.take(answer)?
        .listings
        .into_iter()
        .map(|wire| {
            let r#type = AppType::from_proto(wire.r#type)?;
            let mut listing = MarketplaceListing::of(r#type);
            listing.install_methods = wire
                .install_methods
                .into_iter()
                .map(|method| {
                    Ok(match known(method)? {
                        Wire::Oauth2 => InstallMethod::WithOauth2,
                        Wire::ApiKey => InstallMethod::WithApiKey,
                        Wire::Unspecified | Wire::NoCredentials => {
                            InstallMethod::NoCredentialsRequired
                        }
                    })
                })
                .collect::<Result<_, Problem>>()?;
            Ok((r#type, listing))
        })
        .collect()
}

/// Lists the apps that can be installed.
#[utoipa::path(
    get, path = "/api/v1/marketplace/listings", operation_id = "listMarketplaceListings", tag = "Apps",
    params(PageQuery),
    responses((status = 200, body = Page<MarketplaceListing>)),
)]
pub(crate) async fn listings(
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<MarketplaceListing>>, Problem> {
    let window = page.window()?;
    let size = usize::try_from(window.size).unwrap_or_default();
    let before = usize::try_from(window.page - 1).unwrap_or_default();
    let all = offered(&call).await?;
    let total = i64::try_from(all.len()).unwrap_or_default();
    let items = all
        .into_iter()
        .skip(before.saturating_mul(size))
        .take(size)
        .map(|(_, listing)| listing);
    Ok(Json(Page::new(window, total, items)))
}

/// Shows an app that can be installed.
#[utoipa::path(
    get, path = "/api/v1/marketplace/listings/{type}", operation_id = "getMarketplaceListing", tag = "Apps",
    params(("type" = AppType, Path)),
    responses((status = 200, body = MarketplaceListing)),
)]
pub(crate) async fn listing(
    call: Call,
    Path(r#type): Path<String>,
) -> Result<Json<MarketplaceListing>, Problem> {
    let wanted = AppType::from_path(&r#type)?;
    let found = offered(&call)
        .await?
        .into_iter()
        .find(|(r#type, _)| *r#type == wanted)
        .map(|(_, listing)| listing);
    present(found).map(Json)
}

/// How an app is to be installed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketplaceInstallRequestPayload {
    name: Option<String>,
    #[expect(
        dead_code,
        reason = "no profile is made for these apps, billing text §23.2"
    )]
    create_billing_profile: Option<bool>,
}

/// An app that was installed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketplaceInstallResponse {
    app: App,
    default_for_capability_types: Vec<AppCapabilityType>,
}

/// Installs an app that needs no credentials.
#[utoipa::path(
    post, path = "/api/v1/marketplace/listings/{type}/install", operation_id = "marketplaceAppInstall", tag = "Apps",
    params(("type" = AppType, Path)),
    request_body = MarketplaceInstallRequestPayload,
    responses((status = 200, body = MarketplaceInstallResponse)),
)]
pub(crate) async fn install(
    call: Call,
    Path(r#type): Path<String>,
    Body(payload): Body<MarketplaceInstallRequestPayload>,
) -> Result<Json<MarketplaceInstallResponse>, Problem> {
    let r#type = AppType::from_path(&r#type)?;
    let request = pb::InstallAppRequest {
        r#type: r#type.into_proto().into(),
        name: payload.name.unwrap_or_default(),
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().apps().install_app(call.rpc(request)).await)?;
    Ok(Json(MarketplaceInstallResponse {
        app: App::from_proto(present(answer.app)?)?,
        default_for_capability_types: Vec::new(),
    }))
}

/// How an app is to be installed by a key of its provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketplaceInstallApiKeyRequestPayload {
    name: Option<String>,
    create_billing_profile: Option<bool>,
    api_key: Filled,
}

/// Installs an app by an API key of its provider.
#[utoipa::path(
    post, path = "/api/v1/marketplace/listings/{type}/install/apikey",
    operation_id = "marketplaceAppAPIKeyInstall", tag = "Apps",
    params(("type" = AppType, Path)),
    request_body = MarketplaceInstallApiKeyRequestPayload,
    responses(
        (status = 200, body = MarketplaceInstallResponse), (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn install_with_key(
    call: Call,
    Path(r#type): Path<String>,
    Body(payload): Body<MarketplaceInstallApiKeyRequestPayload>,
) -> Result<Json<MarketplaceInstallResponse>, Problem> {
    let r#type = AppType::from_path(&r#type)?;
    let request = pb::InstallAppWithApiKeyRequest {
        r#type: r#type.into_proto().into(),
        api_key: payload.api_key.into(),
        name: payload.name.unwrap_or_default(),
        skip_billing_profile: !payload.create_billing_profile.unwrap_or(true),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .apps()
        .install_app_with_api_key(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    // Billing text §23.2: all three of an app whose profile is the default one.
    let defaults = if answer.became_default {
        vec![
            AppCapabilityType::CalculateTax,
            AppCapabilityType::InvoiceCustomers,
            AppCapabilityType::CollectPayments,
        ]
    } else {
        Vec::new()
    };
    Ok(Json(MarketplaceInstallResponse {
        app: App::from_proto(present(answer.app)?)?,
        default_for_capability_types: defaults,
    }))
}

/// Where an installation by OAuth2 begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientAppStartResponse {
    url: String,
}

/// Answers where an installation by OAuth2 begins.
#[utoipa::path(
    get, path = "/api/v1/marketplace/listings/{type}/install/oauth2",
    operation_id = "marketplaceOAuth2InstallGetURL", tag = "Apps",
    params(("type" = AppType, Path)),
    responses((status = 200, body = ClientAppStartResponse)),
)]
pub(crate) async fn oauth_url(
    call: Call,
    Path(r#type): Path<String>,
) -> Result<Json<ClientAppStartResponse>, Problem> {
    let r#type = AppType::from_path(&r#type)?;
    let request = pb::GetOAuth2InstallUrlRequest {
        r#type: r#type.into_proto().into(),
    };
    let answer = call
        .clients()
        .apps()
        .get_o_auth2_install_url(call.rpc(request))
        .await;
    Ok(Json(ClientAppStartResponse {
        url: call.take(answer)?.url,
    }))
}

/// Why the provider does not allow an installation (RFC 6749, 4.1.2.1).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OAuth2AuthorizationCodeGrantErrorType {
    /// The request was wrong.
    InvalidRequest,
    /// The platform may not ask.
    UnauthorizedClient,
    /// The person said no.
    AccessDenied,
    /// Codes are not supported.
    UnsupportedResponseType,
    /// The scope is wrong.
    InvalidScope,
    /// The provider failed.
    ServerError,
    /// The provider is busy.
    TemporarilyUnavailable,
}

/// What the provider says about a person's consent.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OAuth2AuthorizeParams {
    /// The state of the address where it began.
    state: Option<String>,
    /// The authorization code.
    code: Option<String>,
    /// Why there is none.
    #[param(inline)]
    error: Option<OAuth2AuthorizationCodeGrantErrorType>,
    /// The same in words.
    error_description: Option<String>,
    /// A page about it.
    #[expect(dead_code, reason = "a page for people, of no use to a program")]
    error_uri: Option<String>,
}

/// Installs an app with a person's consent. A browser comes here from the provider, without
/// a key: the signed state is the credential, and decides the project.
#[utoipa::path(
    get, path = "/api/v1/marketplace/listings/{type}/install/oauth2/authorize",
    operation_id = "marketplaceOAuth2InstallAuthorize", tag = "Apps",
    params(OAuth2AuthorizeParams, ("type" = AppType, Path)),
    responses((status = 303)),
)]
pub(crate) async fn oauth_authorize(
    State(gateway): State<Shared>,
    Path(r#type): Path<String>,
    Query(params): Query<OAuth2AuthorizeParams>,
) -> Result<Response, Problem> {
    let r#type = AppType::from_path(&r#type)?;
    let state = params.state.unwrap_or_default();
    // Read before it is known to be genuine: billing checks it against this very project,
    // and does nothing else for a caller like this.
    let project = state
        .split('.')
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| ProjectId::from_ulid(ulid::Ulid::nil()));
    let context = gateway
        .gate
        .context(
            project,
            "oauth2",
            Grants::Listed(["billing:apps:read_write".to_owned()].into()),
        )
        .at_edge();
    let error = match params.error {
        None => String::new(),
        Some(error) => serde_json::to_value(error)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
    };
    let request = pb::CompleteOAuth2InstallRequest {
        r#type: r#type.into_proto().into(),
        state,
        code: params.code.unwrap_or_default(),
        error,
        error_description: params.error_description.unwrap_or_default(),
        request_id: String::new(),
    };
    let answer = gateway
        .clients
        .apps()
        .complete_o_auth2_install(context.request(request))
        .await?
        .into_inner();
    let location = HeaderValue::from_str(&answer.redirect_url)
        .map_err(|_| Problem::bare(StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

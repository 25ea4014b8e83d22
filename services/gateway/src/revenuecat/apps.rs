//! Apps: the stores in which products are sold (behaviour text §6).

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use pb::store_app::{Details, Type};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app_input::{AppCreate, AppUpdate};
use super::error::Refusal;
use super::extract::{Body, Call, Id, millis, present, some};
use super::list::{List, PageParams, Parameters};
use super::objects::{AppObject, DeletedKind, DeletedObject};

/// Platform of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppType {
    Amazon,
    AppStore,
    MacAppStore,
    PlayStore,
    Stripe,
    RcBilling,
    Roku,
}

impl AppType {
    pub(crate) fn into_proto(self) -> Type {
        match self {
            Self::Amazon => Type::Amazon,
            Self::AppStore => Type::AppStore,
            Self::MacAppStore => Type::MacAppStore,
            Self::PlayStore => Type::PlayStore,
            Self::Stripe => Type::Stripe,
            Self::RcBilling => Type::BuiltIn,
            Self::Roku => Type::Roku,
        }
    }

    fn from_proto(wire: Type) -> Result<Self, Refusal> {
        Ok(match wire {
            Type::Amazon => Self::Amazon,
            Type::AppStore => Self::AppStore,
            Type::MacAppStore => Self::MacAppStore,
            Type::PlayStore => Self::PlayStore,
            Type::Stripe => Self::Stripe,
            Type::BuiltIn => Self::RcBilling,
            Type::Roku => Self::Roku,
            Type::Unspecified => return Err(Refusal::broken("app type")),
        })
    }
}

/// Currency of the web billing store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = RCBillingCurrency)]
pub(crate) enum BillingCurrency {
    Aud,
    Cad,
    Eur,
    Gbp,
    Jpy,
    Usd,
}

impl BillingCurrency {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Aud => "AUD",
            Self::Cad => "CAD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
            Self::Usd => "USD",
        }
    }

    fn from_code(code: &str) -> Result<Self, Refusal> {
        [
            Self::Aud,
            Self::Cad,
            Self::Eur,
            Self::Gbp,
            Self::Jpy,
            Self::Usd,
        ]
        .into_iter()
        .find(|currency| currency.code() == code)
        .ok_or_else(|| Refusal::broken("currency of an app"))
    }
}

/// What a store with packages knows an app by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PackageDetails {
    #[schema(min_length = 1, max_length = 256)]
    package_name: String,
}

/// What a store with bundles knows an app by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BundleDetails {
    #[schema(min_length = 1, max_length = 256)]
    bundle_id: String,
}

/// A Stripe account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StripeDetails {
    #[schema(min_length = 1, max_length = 256)]
    stripe_account_id: Option<String>,
}

/// Billing by this platform itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RcBillingDetails {
    #[schema(min_length = 1, max_length = 256)]
    stripe_account_id: Option<String>,
    #[schema(min_length = 1, max_length = 256)]
    seller_company_name: String,
    #[schema(min_length = 1, max_length = 320)]
    seller_company_support_email: Option<String>,
    default_currency: BillingCurrency,
}

/// A Roku channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RokuDetails {
    #[schema(min_length = 6, max_length = 6)]
    roku_channel_id: Option<String>,
    #[schema(min_length = 1, max_length = 30)]
    roku_channel_name: Option<String>,
}

/// An app. Only the detail object named like `type` is present; secrets are never returned.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct App {
    object: AppObject,
    #[schema(min_length = 1, max_length = 255)]
    id: String,
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    created_at: i64,
    r#type: AppType,
    #[schema(min_length = 1, max_length = 20)]
    project_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amazon: Option<PackageDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_store: Option<BundleDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_app_store: Option<BundleDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    play_store: Option<PackageDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe: Option<StripeDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rc_billing: Option<RcBillingDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roku: Option<RokuDetails>,
}

impl App {
    pub(crate) fn from_proto(wire: pb::StoreApp, project: &str) -> Result<Self, Refusal> {
        let kind = AppType::from_proto(wire.r#type())?;
        let mut app = Self {
            object: AppObject,
            created_at: millis(wire.create_time.as_ref())?,
            id: wire.short_id,
            name: wire.name,
            r#type: kind,
            project_id: project.to_owned(),
            amazon: None,
            app_store: None,
            mac_app_store: None,
            play_store: None,
            stripe: None,
            rc_billing: None,
            roku: None,
        };
        match wire.details {
            Some(Details::Amazon(details)) => {
                app.amazon = Some(PackageDetails {
                    package_name: details.package_name,
                });
            }
            Some(Details::AppStore(details)) => {
                app.app_store = Some(BundleDetails {
                    bundle_id: details.bundle_id,
                });
            }
            Some(Details::MacAppStore(details)) => {
                app.mac_app_store = Some(BundleDetails {
                    bundle_id: details.bundle_id,
                });
            }
            Some(Details::PlayStore(details)) => {
                app.play_store = Some(PackageDetails {
                    package_name: details.package_name,
                });
            }
            Some(Details::Stripe(details)) => {
                app.stripe = Some(StripeDetails {
                    stripe_account_id: some(details.stripe_account_id),
                });
            }
            Some(Details::BuiltIn(details)) => {
                app.rc_billing = Some(RcBillingDetails {
                    stripe_account_id: some(details.stripe_account_id),
                    seller_company_name: details.seller_company_name,
                    seller_company_support_email: some(details.seller_company_support_email),
                    default_currency: BillingCurrency::from_code(&details.default_currency_code)?,
                });
            }
            Some(Details::Roku(details)) => {
                app.roku = Some(RokuDetails {
                    roku_channel_id: some(details.roku_channel_id),
                    roku_channel_name: some(details.roku_channel_name),
                });
            }
            None => {}
        }
        Ok(app)
    }
}

/// List the apps of a project.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/apps", operation_id = "listApps", tag = "App",
    params(("project_id" = String, Path), PageParams),
    responses((status = 200, body = List<App>)),
    extensions(("x-permission" = json!("project_configuration:apps:read"))),
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<List<App>>, Refusal> {
    let paging = query.paging()?;
    let request = pb::ListStoreAppsRequest {
        page_size: paging.limit,
        after_id: paging.after,
        ..pb::ListStoreAppsRequest::default()
    };
    let answer = call
        .clients()
        .store_apps()
        .list_store_apps(call.rpc(request))
        .await;
    let page = call.take(answer)?;
    let apps = page
        .store_apps
        .into_iter()
        .map(|app| App::from_proto(app, call.project()))
        .collect::<Result<Vec<_>, _>>()?;
    let more = !page.next_page_token.is_empty();
    Ok(Json(call.page(&query, apps, more, |app| &app.id)))
}

/// Create an app.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/apps", operation_id = "createApp", tag = "App",
    params(("project_id" = String, Path)), request_body = AppCreate,
    responses((status = 201, body = App)),
    extensions(("x-permission" = json!("project_configuration:apps:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<AppCreate>,
) -> Result<(StatusCode, Json<App>), Refusal> {
    let request = pb::CreateStoreAppRequest {
        store_app: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .store_apps()
        .create_store_app(call.rpc(request))
        .await;
    let app = present(call.take(answer)?.store_app)?;
    let app = App::from_proto(app, call.project())?;
    Ok((StatusCode::CREATED, Json(app)))
}

async fn find(call: &Call, id: String) -> Result<pb::StoreApp, Refusal> {
    let answer = call
        .clients()
        .store_apps()
        .get_store_app(call.rpc(pb::GetStoreAppRequest { id }))
        .await;
    present(call.take(answer)?.store_app)
}

/// Read an app.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/apps/{app_id}", operation_id = "getApp", tag = "App",
    params(("project_id" = String, Path), ("app_id" = String, Path)),
    responses((status = 200, body = App)),
    extensions(("x-permission" = json!("project_configuration:apps:read"))),
)]
pub(crate) async fn get(call: Call, Id(id): Id) -> Result<Json<App>, Refusal> {
    Ok(Json(App::from_proto(
        find(&call, id).await?,
        call.project(),
    )?))
}

/// Change an app.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/apps/{app_id}", operation_id = "updateApp", tag = "App",
    params(("project_id" = String, Path), ("app_id" = String, Path)), request_body = AppUpdate,
    responses((status = 200, body = App)),
    extensions(("x-permission" = json!("project_configuration:apps:read_write"))),
)]
pub(crate) async fn update(
    call: Call,
    Id(id): Id,
    Body(change): Body<AppUpdate>,
) -> Result<Json<App>, Refusal> {
    let before = find(&call, id).await?;
    let kind = AppType::from_proto(before.r#type())?;
    let (app, paths) = change.into_proto(before.id.clone(), kind)?;
    if paths.is_empty() {
        return Ok(Json(App::from_proto(before, call.project())?));
    }
    let request = pb::UpdateStoreAppRequest {
        store_app: Some(app),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .store_apps()
        .update_store_app(call.rpc(request))
        .await;
    let app = present(call.take(answer)?.store_app)?;
    Ok(Json(App::from_proto(app, call.project())?))
}

/// Delete an app.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/apps/{app_id}", operation_id = "deleteApp", tag = "App",
    params(("project_id" = String, Path), ("app_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("project_configuration:apps:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = pb::DeleteStoreAppRequest {
        id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .store_apps()
        .delete_store_app(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let id = present(answer.store_app)?.short_id;
    DeletedObject::new(DeletedKind::App, id, answer.delete_time)
}

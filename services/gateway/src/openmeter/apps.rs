//! Invoicing apps that are installed (billing text §23).

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::decode::union;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery};
use super::scalars::{Description, Label, Metadata, Time, Ulid, metadata, optional};
use super::value::{known, present, required_time, time};

/// Kind of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppType {
    /// Invoices and payments through Stripe.
    Stripe,
    /// Simulated, for trying things out.
    Sandbox,
    /// Invoices and payments through a system of the user's own.
    CustomInvoicing,
}

impl AppType {
    pub(crate) fn from_proto(wire: i32) -> Result<Self, Problem> {
        match known(wire)? {
            pb::app::Type::Unspecified | pb::app::Type::Sandbox => Ok(Self::Sandbox),
            pb::app::Type::Stripe => Ok(Self::Stripe),
            pb::app::Type::CustomInvoicing => Ok(Self::CustomInvoicing),
        }
    }

    pub(crate) fn into_proto(self) -> pb::app::Type {
        match self {
            Self::Stripe => pb::app::Type::Stripe,
            Self::Sandbox => pb::app::Type::Sandbox,
            Self::CustomInvoicing => pb::app::Type::CustomInvoicing,
        }
    }

    pub(crate) fn from_path(word: &str) -> Result<Self, Problem> {
        match word {
            "stripe" => Ok(Self::Stripe),
            "sandbox" => Ok(Self::Sandbox),
            "custom_invoicing" => Ok(Self::CustomInvoicing),
            _ => Err(Problem::invalid(
                "type: must be one of stripe, sandbox, custom_invoicing",
            )),
        }
    }
}

/// What an app can do.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "the contract knows more capabilities than any app has"
)]
pub(crate) enum AppCapabilityType {
    /// Report usage.
    ReportUsage,
    /// Report events.
    ReportEvents,
    /// Calculate tax.
    CalculateTax,
    /// Send invoices.
    InvoiceCustomers,
    /// Collect payments.
    CollectPayments,
}

/// How an app is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InstallMethod {
    /// By OAuth2.
    #[serde(rename = "with_oauth2")]
    WithOauth2,
    /// With an API key.
    WithApiKey,
    /// Just so.
    NoCredentialsRequired,
}

/// Something that an app can do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppCapability {
    r#type: AppCapabilityType,
    key: String,
    name: &'static str,
    description: &'static str,
}

/// An app that can be installed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketplaceListing {
    r#type: AppType,
    name: &'static str,
    description: &'static str,
    capabilities: Vec<AppCapability>,
    pub(crate) install_methods: Vec<InstallMethod>,
}

impl MarketplaceListing {
    /// A listing, as apps show it (billing text §23.1).
    pub(crate) fn of(r#type: AppType) -> Self {
        let (prefix, name, description, method) = match r#type {
            AppType::Stripe => (
                "stripe",
                "Stripe",
                "Send invoices, calculate tax and collect payments.",
                InstallMethod::WithApiKey,
            ),
            AppType::Sandbox => (
                "sandbox",
                "Sandbox",
                "Sandbox can be used to test OpenMeter without external connections.",
                InstallMethod::NoCredentialsRequired,
            ),
            AppType::CustomInvoicing => (
                "custom_invoicing",
                "Custom Invoicing",
                "Custom Invoicing can be used to interface with third party invoicing and payment systems",
                InstallMethod::NoCredentialsRequired,
            ),
        };
        let capability = |r#type, suffix, name, description| AppCapability {
            r#type,
            key: format!("{prefix}_{suffix}"),
            name,
            description,
        };
        Self {
            r#type,
            name,
            description,
            capabilities: vec![
                capability(
                    AppCapabilityType::CollectPayments,
                    "collect_payment",
                    "Payment",
                    "Process payments",
                ),
                capability(
                    AppCapabilityType::CalculateTax,
                    "calculate_tax",
                    "Calculate Tax",
                    "Calculate tax for a payment",
                ),
                capability(
                    AppCapabilityType::InvoiceCustomers,
                    "invoice_customer",
                    "Invoice Customer",
                    "Invoice a customer",
                ),
            ],
            install_methods: vec![method],
        }
    }
}

/// Whether an app can be used.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppStatus {
    /// It can.
    Ready,
    /// Its credentials are refused.
    Unauthorized,
}

/// An installed app. Which parts are there follows from `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct App {
    #[schema(value_type = Ulid)]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    listing: MarketplaceListing,
    status: AppStatus,
    r#type: AppType,
    /// Of a Stripe app, like the two that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    livemode: Option<bool>,
    #[serde(rename = "maskedAPIKey", skip_serializing_if = "Option::is_none")]
    masked_api_key: Option<String>,
    /// Of a custom invoicing app, like the one that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_draft_sync_hook: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_issuing_sync_hook: Option<bool>,
}

impl App {
    pub(crate) fn from_proto(wire: pb::App) -> Result<Self, Problem> {
        let r#type = AppType::from_proto(wire.r#type)?;
        let hooks =
            (r#type == AppType::CustomInvoicing).then(|| wire.custom_invoicing.unwrap_or_default());
        let account = (r#type == AppType::Stripe).then(|| wire.stripe.unwrap_or_default());
        Ok(Self {
            id: wire.id,
            name: wire.name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            listing: MarketplaceListing::of(r#type),
            status: match known(wire.status)? {
                pb::app::Status::Unspecified | pb::app::Status::Ready => AppStatus::Ready,
                pb::app::Status::Unauthorized => AppStatus::Unauthorized,
            },
            r#type,
            stripe_account_id: account.as_ref().map(|account| account.account_id.clone()),
            livemode: account.as_ref().map(|account| account.live_mode),
            masked_api_key: account.map(|account| account.masked_api_key),
            enable_draft_sync_hook: hooks.map(|hooks| hooks.enable_draft_sync_hook),
            enable_issuing_sync_hook: hooks.map(|hooks| hooks.enable_issuing_sync_hook),
        })
    }
}

/// Lists the installed apps.
#[utoipa::path(
    get, path = "/api/v1/apps", operation_id = "listApps", tag = "Apps",
    params(PageQuery),
    responses((status = 200, body = Page<App>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<App>>, Problem> {
    let window = page.window()?;
    let request = pb::ListAppsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
    };
    let answer = call.take(call.clients().apps().list_apps(call.rpc(request)).await)?;
    let apps = answer
        .apps
        .into_iter()
        .map(App::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, apps)))
}

/// Shows an installed app.
#[utoipa::path(
    get, path = "/api/v1/apps/{id}", operation_id = "getApp", tag = "Apps",
    params(("id" = String, Path)),
    responses((status = 200, body = App), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Result<Json<App>, Problem> {
    let request = pb::GetAppRequest { app_id: id };
    let answer = call.take(call.clients().apps().get_app(call.rpc(request)).await)?;
    App::from_proto(present(answer.app)?).map(Json)
}

/// The changeable part of a Stripe app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeAppReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    #[serde(rename = "secretAPIKey")]
    secret_api_key: Option<String>,
}

/// The changeable part of a sandbox app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SandboxAppReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
}

/// The changeable part of a custom invoicing app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingAppReplaceUpdate {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    enable_draft_sync_hook: bool,
    enable_issuing_sync_hook: bool,
}

/// The changeable part of an app.
#[derive(Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum AppReplaceUpdate {
    /// Of a Stripe app.
    Stripe(StripeAppReplaceUpdate),
    /// Of a sandbox app.
    Sandbox(SandboxAppReplaceUpdate),
    /// Of a custom invoicing app.
    CustomInvoicing(CustomInvoicingAppReplaceUpdate),
}
union!(AppReplaceUpdate by "type" {
    "stripe" => Stripe, "sandbox" => Sandbox, "custom_invoicing" => CustomInvoicing,
});

impl AppReplaceUpdate {
    fn into_proto(self, id: String) -> pb::App {
        let app =
            |r#type: AppType, name: Label, description: Option<Description>, metadata| pb::App {
                id,
                r#type: r#type.into_proto().into(),
                name: name.into(),
                description: description.map(String::from).unwrap_or_default(),
                metadata: Option::unwrap_or_default(metadata),
                ..pb::App::default()
            };
        match self {
            Self::Stripe(stripe) => app(
                AppType::Stripe,
                stripe.name,
                stripe.description,
                stripe.metadata,
            ),
            Self::Sandbox(sandbox) => app(
                AppType::Sandbox,
                sandbox.name,
                sandbox.description,
                sandbox.metadata,
            ),
            Self::CustomInvoicing(custom) => pb::App {
                custom_invoicing: Some(pb::CustomInvoicingSettings {
                    enable_draft_sync_hook: custom.enable_draft_sync_hook,
                    enable_issuing_sync_hook: custom.enable_issuing_sync_hook,
                }),
                ..app(
                    AppType::CustomInvoicing,
                    custom.name,
                    custom.description,
                    custom.metadata,
                )
            },
        }
    }
}

/// Replaces the changeable part of an app.
#[utoipa::path(
    put, path = "/api/v1/apps/{id}", operation_id = "updateApp", tag = "Apps",
    params(("id" = String, Path)),
    request_body = AppReplaceUpdate,
    responses((status = 200, body = App), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<AppReplaceUpdate>,
) -> Result<Json<App>, Problem> {
    let secret_api_key = match &update {
        AppReplaceUpdate::Stripe(stripe) => stripe.secret_api_key.clone().unwrap_or_default(),
        AppReplaceUpdate::Sandbox(_) | AppReplaceUpdate::CustomInvoicing(_) => String::new(),
    };
    let request = pb::UpdateAppRequest {
        app: Some(update.into_proto(id)),
        secret_api_key,
        request_id: call.request_id(),
    };
    let answer = call.take(call.clients().apps().update_app(call.rpc(request)).await)?;
    App::from_proto(present(answer.app)?).map(Json)
}

/// Removes an app that nothing uses.
#[utoipa::path(
    delete, path = "/api/v1/apps/{id}", operation_id = "uninstallApp", tag = "Apps",
    params(("id" = String, Path)),
    responses(
        (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn uninstall(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::UninstallAppRequest {
        app_id: id,
        request_id: call.request_id(),
    };
    call.take(call.clients().apps().uninstall_app(call.rpc(request)).await)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn apps_show_their_listing_and_their_own_settings() {
        let zero = || Some(prost_types::Timestamp::default());
        let app = App::from_proto(pb::App {
            id: "A".into(),
            r#type: pb::app::Type::CustomInvoicing.into(),
            name: "Mine".into(),
            create_time: zero(),
            update_time: zero(),
            custom_invoicing: Some(pb::CustomInvoicingSettings {
                enable_draft_sync_hook: true,
                enable_issuing_sync_hook: false,
            }),
            ..pb::App::default()
        });
        let shown = serde_json::to_value(app.unwrap()).unwrap();
        assert_eq!(shown["type"], "custom_invoicing");
        assert_eq!(shown["listing"]["name"], "Custom Invoicing");
        assert_eq!(
            shown["listing"]["capabilities"][0]["key"],
            "custom_invoicing_collect_payment"
        );
        assert_eq!(shown["enableDraftSyncHook"], true);
        assert_eq!(shown["enableIssuingSyncHook"], false);
        assert_eq!(shown.get("livemode"), None);
    }
}

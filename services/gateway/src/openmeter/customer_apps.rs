//! What apps know about customers (billing text §24.3).

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::apps::{App, AppType};
use super::customers::find_live;
use super::decode::union;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery};
use super::scalars::{Metadata, Ulid, metadata, optional};
use super::value::present;

/// What an app knows about a customer. Which parts are there follows from `type`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerAppData {
    #[schema(value_type = Ulid)]
    id: String,
    r#type: AppType,
    app: App,
    /// Of a Stripe app, like the one that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripe_default_payment_method_id: Option<String>,
    /// Of a custom invoicing app.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

impl CustomerAppData {
    fn from_proto(wire: pb::CustomerApp) -> Result<Self, Problem> {
        let app = present(wire.app)?;
        let (customer, method) = match wire.stripe {
            None => (None, None),
            Some(stripe) => (
                optional(stripe.stripe_customer_id),
                optional(stripe.default_payment_method_id),
            ),
        };
        Ok(Self {
            id: app.id.clone(),
            r#type: AppType::from_proto(app.r#type)?,
            app: App::from_proto(app)?,
            stripe_customer_id: customer,
            stripe_default_payment_method_id: method,
            metadata: metadata(wire.metadata),
        })
    }
}

/// Parameters of a list of what apps know.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCustomerAppDataParams {
    /// Only apps of this kind.
    #[param(inline)]
    r#type: Option<AppType>,
}

/// Lists what apps know about a customer.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}/apps", operation_id = "listCustomerAppData", tag = "Customers",
    params(("customerIdOrKey" = String, Path), PageQuery, ListCustomerAppDataParams),
    responses((status = 200, body = Page<CustomerAppData>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn list(
    call: Call,
    Path(customer): Path<String>,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListCustomerAppDataParams>,
) -> Result<Json<Page<CustomerAppData>>, Problem> {
    let window = page.window()?;
    let customer = find_live(&call, customer).await?;
    let request = pb::ListCustomerAppsRequest {
        customer_id: customer.id,
        r#type: params.r#type.map_or(0, |kind| kind.into_proto().into()),
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
    };
    let answer = call
        .clients()
        .customer_apps()
        .list_customer_apps(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let items = answer
        .customer_apps
        .into_iter()
        .map(CustomerAppData::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, items)))
}

/// What a Stripe app shall know about a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeCustomerAppDataCreateOrUpdateItem {
    id: Option<Ulid>,
    stripe_customer_id: String,
    stripe_default_payment_method_id: Option<String>,
}

/// That a sandbox app shall know a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SandboxCustomerAppData {
    id: Option<Ulid>,
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    #[schema(value_type = Option<App>, read_only)]
    app: Option<serde_json::Value>,
}

/// What a custom invoicing app shall know about a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomInvoicingCustomerAppData {
    id: Option<Ulid>,
    #[expect(dead_code, reason = "read-only, ignored when sent")]
    #[schema(value_type = Option<App>, read_only)]
    app: Option<serde_json::Value>,
    metadata: Option<Metadata>,
}

/// What an app shall know about a customer.
#[derive(Debug, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum CustomerAppDataCreateOrUpdateItem {
    /// A Stripe app.
    Stripe(StripeCustomerAppDataCreateOrUpdateItem),
    /// A sandbox app.
    Sandbox(SandboxCustomerAppData),
    /// A custom invoicing app.
    CustomInvoicing(CustomInvoicingCustomerAppData),
}
union!(CustomerAppDataCreateOrUpdateItem by "type" {
    "stripe" => Stripe, "sandbox" => Sandbox, "custom_invoicing" => CustomInvoicing,
});

impl CustomerAppDataCreateOrUpdateItem {
    fn into_proto(self) -> pb::CustomerAppInput {
        let input = |kind: AppType, id: Option<Ulid>| pb::CustomerAppInput {
            r#type: kind.into_proto().into(),
            app_id: id.map(String::from).unwrap_or_default(),
            ..pb::CustomerAppInput::default()
        };
        match self {
            Self::Stripe(item) => pb::CustomerAppInput {
                stripe: Some(pb::StripeCustomer {
                    stripe_customer_id: item.stripe_customer_id,
                    default_payment_method_id: item
                        .stripe_default_payment_method_id
                        .unwrap_or_default(),
                }),
                ..input(AppType::Stripe, item.id)
            },
            Self::Sandbox(item) => input(AppType::Sandbox, item.id),
            Self::CustomInvoicing(item) => pb::CustomerAppInput {
                metadata: item.metadata.unwrap_or_default(),
                ..input(AppType::CustomInvoicing, item.id)
            },
        }
    }
}

async fn put(
    call: &Call,
    customer: String,
    items: Vec<pb::CustomerAppInput>,
) -> Result<Vec<CustomerAppData>, Problem> {
    let customer = find_live(call, customer).await?;
    let request = pb::PutCustomerAppsRequest {
        customer_id: customer.id,
        items,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customer_apps()
        .put_customer_apps(call.rpc(request))
        .await;
    call.take(answer)?
        .customer_apps
        .into_iter()
        .map(CustomerAppData::from_proto)
        .collect()
}

/// Stores what apps shall know about a customer.
#[utoipa::path(
    put, path = "/api/v1/customers/{customerIdOrKey}/apps", operation_id = "upsertCustomerAppData", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    request_body = Vec<CustomerAppDataCreateOrUpdateItem>,
    responses((status = 200, body = Vec<CustomerAppData>), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn upsert(
    call: Call,
    Path(customer): Path<String>,
    Body(items): Body<Vec<CustomerAppDataCreateOrUpdateItem>>,
) -> Result<Json<Vec<CustomerAppData>>, Problem> {
    let items = items
        .into_iter()
        .map(CustomerAppDataCreateOrUpdateItem::into_proto)
        .collect();
    // The catalog text (§4) has an empty body here; the contract has not, and its clients read it.
    put(&call, customer, items).await.map(Json)
}

/// Forgets what an app knows about a customer.
#[utoipa::path(
    delete, path = "/api/v1/customers/{customerIdOrKey}/apps/{appId}", operation_id = "deleteCustomerAppData", tag = "Customers",
    params(("customerIdOrKey" = String, Path), ("appId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(
    call: Call,
    Path((customer, app)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let customer = find_live(&call, customer).await?;
    let request = pb::DeleteCustomerAppRequest {
        customer_id: customer.id,
        app_id: app,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customer_apps()
        .delete_customer_app(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the Stripe data of a customer.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}/stripe", operation_id = "getCustomerStripeAppData", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    responses((status = 200, body = CustomerAppData), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get_stripe(
    call: Call,
    Path(customer): Path<String>,
) -> Result<Json<CustomerAppData>, Problem> {
    let customer = find_live(&call, customer).await?;
    let request = pb::GetStripeCustomerRequest {
        customer_id: customer.id,
    };
    let answer = call
        .clients()
        .customer_apps()
        .get_stripe_customer(call.rpc(request))
        .await;
    let answer = match answer {
        // The customer is there; what it needs before it can be asked is not (catalog text §4).
        Err(status) if chassis::error::details(&status).reason == "CUSTOMER_APP_NOT_FOUND" => {
            return Err(Problem::new(
                StatusCode::PRECONDITION_FAILED,
                status.message(),
            ));
        }
        answer => answer,
    };
    CustomerAppData::from_proto(present(call.take(answer)?.customer_app)?).map(Json)
}

/// The Stripe data of a customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StripeCustomerAppDataBase {
    stripe_customer_id: String,
    stripe_default_payment_method_id: Option<String>,
}

/// Stores the Stripe data of a customer.
#[utoipa::path(
    put, path = "/api/v1/customers/{customerIdOrKey}/stripe", operation_id = "upsertCustomerStripeAppData", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    request_body = StripeCustomerAppDataBase,
    responses((status = 200, body = CustomerAppData), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn put_stripe(
    call: Call,
    Path(customer): Path<String>,
    Body(data): Body<StripeCustomerAppDataBase>,
) -> Result<Json<CustomerAppData>, Problem> {
    let item = CustomerAppDataCreateOrUpdateItem::Stripe(StripeCustomerAppDataCreateOrUpdateItem {
        id: None,
        stripe_customer_id: data.stripe_customer_id,
        stripe_default_payment_method_id: data.stripe_default_payment_method_id,
    });
    let stored = put(&call, customer, vec![item.into_proto()]).await?.pop();
    present(stored).map(Json)
}

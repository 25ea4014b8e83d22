//! Customer overrides: which billing profile applies to a customer (billing text §4).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::billing::v1 as pb;
use contract::customer::v1 as customer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::customers::Customer;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::scalars::{Time, Ulid, optional};
use super::value::{present, required_time};
use super::workflow::{BillingParty, BillingProfileApps, BillingWorkflow};

/// What was decided for a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileCustomerOverride {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Ulid>)]
    billing_profile_id: Option<String>,
    #[schema(value_type = Ulid)]
    customer_id: String,
}

/// What applies to a customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingCustomerProfile {
    supplier: BillingParty,
    workflow: BillingWorkflow,
    apps: BillingProfileApps,
}

/// A customer's override, and what applies.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileCustomerOverrideWithDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_override: Option<BillingProfileCustomerOverride>,
    #[schema(value_type = Ulid)]
    base_billing_profile_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_profile: Option<BillingCustomerProfile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
}

type Details = BillingProfileCustomerOverrideWithDetails;

impl Details {
    fn from_proto(
        wire: pb::CustomerBilling,
        apps_in_full: bool,
        customer: Option<customer::Customer>,
    ) -> Result<Self, Problem> {
        let profile = present(wire.profile)?;
        Ok(Self {
            customer_override: wire
                .customer_override
                .map(|over| {
                    Ok::<_, Problem>(BillingProfileCustomerOverride {
                        created_at: required_time(over.create_time.as_ref())?,
                        updated_at: required_time(over.update_time.as_ref())?,
                        billing_profile_id: optional(over.billing_profile_id),
                        customer_id: over.customer_id,
                    })
                })
                .transpose()?,
            base_billing_profile_id: profile.id,
            customer_profile: Some(BillingCustomerProfile {
                supplier: BillingParty::from_supplier(profile.supplier.unwrap_or_default()),
                workflow: BillingWorkflow::from_proto(profile.workflow.unwrap_or_default())?,
                apps: BillingProfileApps::from_proto(present(profile.apps)?, apps_in_full)?,
            }),
            customer: customer.map(Customer::from_proto).transpose()?,
        })
    }
}

/// What is joined to overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BillingProfileCustomerOverrideExpand {
    /// The apps in full.
    Apps,
    /// The customers.
    Customer,
}

type Expand = BillingProfileCustomerOverrideExpand;

/// Sort key of a list of overrides.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "the words of the contract")]
pub(crate) enum BillingProfileCustomerOverrideOrderBy {
    /// By customer.
    #[default]
    CustomerId,
    /// By name of the customer.
    CustomerName,
    /// By key of the customer.
    CustomerKey,
    /// By e-mail address of the customer.
    CustomerPrimaryEmail,
    /// By time of making of the customer.
    CustomerCreatedAt,
}

/// Parameters of a list of overrides.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOverridesParams {
    /// Customers with these profiles.
    #[serde(default)]
    #[param(required = false)]
    billing_profile: Vec<Ulid>,
    /// Only customers without an override.
    customers_without_pinned_profile: Option<bool>,
    /// Customers without an override too; yes when absent.
    include_all_customers: Option<bool>,
    /// These customers.
    #[serde(default)]
    #[param(required = false)]
    customer_id: Vec<Ulid>,
    /// Part of the name.
    customer_name: Option<String>,
    /// The key.
    customer_key: Option<String>,
    /// Part of the e-mail address.
    customer_primary_email: Option<String>,
    /// What to join.
    #[serde(default)]
    #[param(required = false, inline)]
    expand: Vec<BillingProfileCustomerOverrideExpand>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<BillingProfileCustomerOverrideOrderBy>,
}

/// The customers of these ids, when they are asked for: one call for all of them.
async fn customers(
    call: &Call,
    wires: &[pb::CustomerBilling],
    expand: &[Expand],
) -> Result<BTreeMap<String, customer::Customer>, Problem> {
    if !expand.contains(&Expand::Customer) || wires.is_empty() {
        return Ok(BTreeMap::new());
    }
    let request = customer::BatchGetCustomersRequest {
        ids: wires.iter().map(|wire| wire.customer_id.clone()).collect(),
    };
    let answer = call
        .clients()
        .customers()
        .batch_get_customers(call.rpc(request))
        .await;
    Ok(call
        .take(answer)?
        .customers
        .into_iter()
        .map(|customer| (customer.id.clone(), customer))
        .collect())
}

/// Lists customers with what applies to them.
#[utoipa::path(
    get, path = "/api/v1/billing/customers", operation_id = "listBillingProfileCustomerOverrides", tag = "Billing",
    params(PageQuery, ListOverridesParams),
    responses((status = 200, body = Page<BillingProfileCustomerOverrideWithDetails>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListOverridesParams>,
) -> Result<Json<Page<BillingProfileCustomerOverrideWithDetails>>, Problem> {
    use BillingProfileCustomerOverrideOrderBy as OrderBy;
    use pb::list_customer_billings_request::Order as Wire;
    let window = page.window()?;
    let order = match params.order_by.unwrap_or_default() {
        OrderBy::CustomerId => Wire::CustomerId,
        OrderBy::CustomerName => Wire::CustomerName,
        OrderBy::CustomerKey => Wire::CustomerKey,
        OrderBy::CustomerPrimaryEmail => Wire::CustomerEmail,
        OrderBy::CustomerCreatedAt => Wire::CustomerCreateTime,
    };
    let request = pb::ListCustomerBillingsRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        include_all_customers: params.include_all_customers.unwrap_or(true),
        billing_profile_ids: params.billing_profile.into_iter().map(Into::into).collect(),
        customers_without_pinned_profile: params
            .customers_without_pinned_profile
            .unwrap_or_default(),
        customer_ids: params.customer_id.into_iter().map(Into::into).collect(),
        customer_key: params.customer_key.unwrap_or_default(),
        customer_name: params.customer_name.unwrap_or_default(),
        customer_email: params.customer_primary_email.unwrap_or_default(),
        order: order.into(),
        descending: params.order.unwrap_or_default().descending(),
    };
    let answer = call
        .clients()
        .overrides()
        .list_customer_billings(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let mut joined = customers(&call, &answer.customer_billings, &params.expand).await?;
    let in_full = params.expand.contains(&Expand::Apps);
    let items = answer
        .customer_billings
        .into_iter()
        .map(|wire| {
            let customer = joined.remove(&wire.customer_id);
            Details::from_proto(wire, in_full, customer)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(Page::new(window, answer.total_size, items)))
}

/// Parameters of one override.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetOverrideParams {
    /// What to join.
    #[serde(default)]
    #[param(required = false, inline)]
    expand: Vec<BillingProfileCustomerOverrideExpand>,
}

/// Shows what applies to a customer.
#[utoipa::path(
    get, path = "/api/v1/billing/customers/{customerId}", operation_id = "getBillingProfileCustomerOverride", tag = "Billing",
    params(("customerId" = String, Path), GetOverrideParams),
    responses(
        (status = 200, body = BillingProfileCustomerOverrideWithDetails),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetOverrideParams>,
) -> Result<Json<BillingProfileCustomerOverrideWithDetails>, Problem> {
    let request = pb::GetCustomerBillingRequest { customer_id: id };
    let answer = call
        .clients()
        .overrides()
        .get_customer_billing(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.customer_billing)?;
    let mut joined = customers(&call, std::slice::from_ref(&wire), &params.expand).await?;
    let customer = joined.remove(&wire.customer_id);
    Details::from_proto(wire, params.expand.contains(&Expand::Apps), customer).map(Json)
}

/// What is decided for a customer; without a profile the default one applies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BillingProfileCustomerOverrideCreate {
    billing_profile_id: Option<Ulid>,
}

/// Decides which profile applies to a customer.
#[utoipa::path(
    put, path = "/api/v1/billing/customers/{customerId}", operation_id = "upsertBillingProfileCustomerOverride", tag = "Billing",
    params(("customerId" = String, Path)),
    request_body = BillingProfileCustomerOverrideCreate,
    responses(
        (status = 200, body = BillingProfileCustomerOverrideWithDetails),
        (status = 404, body = ProblemDocument),
    ),
)]
pub(crate) async fn put(
    call: Call,
    Path(id): Path<String>,
    Body(over): Body<BillingProfileCustomerOverrideCreate>,
) -> Result<Json<BillingProfileCustomerOverrideWithDetails>, Problem> {
    let request = pb::PutOverrideRequest {
        customer_id: id,
        billing_profile_id: over
            .billing_profile_id
            .map(String::from)
            .unwrap_or_default(),
        tax_rates: None,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .overrides()
        .put_override(call.rpc(request))
        .await;
    let wire = present(call.take(answer)?.customer_billing)?;
    Details::from_proto(wire, false, None).map(Json)
}

/// Takes the decision back.
#[utoipa::path(
    delete, path = "/api/v1/billing/customers/{customerId}", operation_id = "deleteBillingProfileCustomerOverride", tag = "Billing",
    params(("customerId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::DeleteOverrideRequest {
        customer_id: id,
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .overrides()
        .delete_override(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

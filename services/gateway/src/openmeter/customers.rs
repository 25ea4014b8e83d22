//! Customers: who pays, and whose usage counts (catalog text §3).

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as pb;
use contract::subscription::v1 as subscription;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::page::{Page, PageQuery, SortOrder};
use super::scalars::{
    Annotations, CountryCode, CurrencyCode, Description, ExternalKey, Filled, Label, Metadata,
    Time, Ulid, metadata, optional,
};
use super::subscriptions::Subscription;
use super::value::{present, required_time, time};

/// Whose usage counts for a customer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CustomerUsageAttribution {
    pub subject_keys: Vec<Filled>,
}

/// A postal address.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<CountryCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line1: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
}

impl Address {
    fn into_proto(self) -> pb::Address {
        pb::Address {
            country_code: self.country.map(Into::into),
            postal_code: self.postal_code,
            state: self.state,
            city: self.city,
            line1: self.line1,
            line2: self.line2,
            phone_number: self.phone_number,
        }
    }

    fn from_proto(wire: pb::Address) -> Option<Self> {
        let address = Self {
            country: wire.country_code.map(CountryCode),
            postal_code: wire.postal_code,
            state: wire.state,
            city: wire.city,
            line1: wire.line1,
            line2: wire.line2,
            phone_number: wire.phone_number,
        };
        (!address.paths().is_empty()).then_some(address)
    }

    /// The parts that are there, as paths of an update mask.
    fn paths(&self) -> Vec<&'static str> {
        [
            (self.country.is_some(), "billing_address.country_code"),
            (self.postal_code.is_some(), "billing_address.postal_code"),
            (self.state.is_some(), "billing_address.state"),
            (self.city.is_some(), "billing_address.city"),
            (self.line1.is_some(), "billing_address.line1"),
            (self.line2.is_some(), "billing_address.line2"),
            (self.phone_number.is_some(), "billing_address.phone_number"),
        ]
        .into_iter()
        .filter_map(|(there, path)| there.then_some(path))
        .collect()
    }

    /// From the address of a party of an invoice.
    pub(crate) fn from_postal(wire: contract::billing::v1::PostalAddress) -> Self {
        Self {
            country: optional(wire.country).map(CountryCode),
            postal_code: optional(wire.postal_code),
            state: optional(wire.state),
            city: optional(wire.city),
            line1: optional(wire.line1),
            line2: optional(wire.line2),
            phone_number: optional(wire.phone_number),
        }
    }

    /// The address of a party of an invoice.
    pub(crate) fn into_postal(self) -> contract::billing::v1::PostalAddress {
        contract::billing::v1::PostalAddress {
            country: self.country.map(String::from).unwrap_or_default(),
            postal_code: self.postal_code.unwrap_or_default(),
            state: self.state.unwrap_or_default(),
            city: self.city.unwrap_or_default(),
            line1: self.line1.unwrap_or_default(),
            line2: self.line2.unwrap_or_default(),
            phone_number: self.phone_number.unwrap_or_default(),
        }
    }
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
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
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_attribution: Option<CustomerUsageAttribution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<CurrencyCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Ulid>)]
    current_subscription_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriptions: Option<Vec<Subscription>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Annotations>,
}

impl Customer {
    /// The customer without its subscriptions, as answers to writes show it.
    pub(crate) fn from_proto(wire: pb::Customer) -> Result<Self, Problem> {
        let subject_keys: Vec<Filled> = wire
            .usage_attribution
            .map(|attribution| attribution.subject_keys)
            .unwrap_or_default()
            .into_iter()
            .map(super::scalars::Text)
            .collect();
        Ok(Self {
            id: wire.id,
            name: wire.display_name,
            description: optional(wire.description),
            metadata: metadata(wire.metadata),
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: time(wire.delete_time.as_ref())?,
            key: optional(wire.key),
            usage_attribution: (!subject_keys.is_empty())
                .then_some(CustomerUsageAttribution { subject_keys }),
            primary_email: optional(wire.primary_email),
            currency: optional(wire.currency_code).map(CurrencyCode),
            billing_address: wire.billing_address.and_then(Address::from_proto),
            current_subscription_id: None,
            subscriptions: None,
            annotations: None,
        })
    }
}

/// A customer to make, or the whole of one to replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CustomerCreate)]
pub(crate) struct CustomerInput {
    name: Label,
    description: Option<Description>,
    metadata: Option<Metadata>,
    key: Option<ExternalKey>,
    usage_attribution: Option<CustomerUsageAttribution>,
    primary_email: Option<String>,
    currency: Option<CurrencyCode>,
    billing_address: Option<Address>,
}

impl CustomerInput {
    fn into_proto(self) -> pb::Customer {
        pb::Customer {
            display_name: self.name.into(),
            description: self.description.map(String::from).unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            key: self.key.map(String::from).unwrap_or_default(),
            usage_attribution: self
                .usage_attribution
                .map(|attribution| pb::UsageAttribution {
                    subject_keys: attribution
                        .subject_keys
                        .into_iter()
                        .map(Into::into)
                        .collect(),
                }),
            primary_email: self.primary_email.unwrap_or_default(),
            currency_code: self.currency.map(String::from).unwrap_or_default(),
            billing_address: self.billing_address.map(Address::into_proto),
            ..pb::Customer::default()
        }
    }

    /// What a replacement changes (catalog text §3.5): everything, but an absent e-mail or
    /// currency stays, and so do absent parts of a present address.
    fn update_mask(&self) -> prost_types::FieldMask {
        let mut paths = vec![
            "display_name",
            "description",
            "key",
            "metadata",
            "usage_attribution",
        ];
        if self.primary_email.is_some() {
            paths.push("primary_email");
        }
        if self.currency.is_some() {
            paths.push("currency_code");
        }
        match &self.billing_address {
            None => paths.push("billing_address"),
            Some(address) => paths.extend(address.paths()),
        }
        prost_types::FieldMask {
            paths: paths.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// What is joined to customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CustomerExpand {
    /// Their active subscriptions.
    Subscriptions,
}

/// Sort key of a list of customers.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CustomerOrderBy {
    /// By id.
    Id,
    /// By name.
    #[default]
    Name,
    /// By time of making.
    CreatedAt,
}

/// Parameters of a list of customers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCustomersParams {
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<CustomerOrderBy>,
    /// Deleted customers too.
    include_deleted: Option<bool>,
    /// Part of the key.
    key: Option<String>,
    /// Part of the name.
    name: Option<String>,
    /// Part of the e-mail address.
    primary_email: Option<String>,
    /// Part of a subject key.
    subject: Option<String>,
    /// Plan of an active subscription.
    plan_key: Option<String>,
    /// What to join; the subscriptions when absent.
    #[param(inline)]
    expand: Option<Vec<CustomerExpand>>,
}

/// Parameters of one customer.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct GetCustomerParams {
    /// What to join; the subscriptions when absent.
    #[param(inline)]
    expand: Option<Vec<CustomerExpand>>,
}

/// Absent means the subscriptions (catalog text §3.3).
fn wants_subscriptions(expand: Option<&[CustomerExpand]>) -> bool {
    expand.is_none_or(|expand| expand.contains(&CustomerExpand::Subscriptions))
}

/// Customers with what is active for them now: one call for all of them.
async fn with_subscriptions(
    call: &Call,
    wires: Vec<pb::Customer>,
    expand: bool,
) -> Result<Vec<Customer>, Problem> {
    let ids: BTreeSet<&String> = wires
        .iter()
        .flat_map(|customer| &customer.active_subscription_ids)
        .collect();
    let mut subscriptions = BTreeMap::new();
    if expand && !ids.is_empty() {
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        for chunk in ids.chunks(1000) {
            let request = subscription::ListSubscriptionsRequest {
                ids: chunk.to_vec(),
                page: 1,
                page_size: 1000,
                ..subscription::ListSubscriptionsRequest::default()
            };
            let answer = call
                .clients()
                .subscriptions()
                .list_subscriptions(call.rpc(request))
                .await;
            for wire in call.take(answer)?.subscriptions {
                subscriptions.insert(wire.id.clone(), wire);
            }
        }
    }
    wires
        .into_iter()
        .map(|wire| {
            let active = wire.active_subscription_ids.clone();
            let joined = active
                .iter()
                .filter_map(|id| subscriptions.get(id).cloned())
                .map(Subscription::from_proto)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Customer {
                current_subscription_id: active.into_iter().next(),
                subscriptions: (!joined.is_empty()).then_some(joined),
                ..Customer::from_proto(wire)?
            })
        })
        .collect()
}

/// Lists customers.
#[utoipa::path(
    get, path = "/api/v1/customers", operation_id = "listCustomers", tag = "Customers",
    params(PageQuery, ListCustomersParams),
    responses((status = 200, body = Page<Customer>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(params): Query<ListCustomersParams>,
) -> Result<Json<Page<Customer>>, Problem> {
    use pb::list_customers_request::OrderBy as Wire;
    let window = page.window()?;
    let order_by = match params.order_by.unwrap_or_default() {
        CustomerOrderBy::Id => Wire::Id,
        CustomerOrderBy::Name => Wire::Name,
        CustomerOrderBy::CreatedAt => Wire::CreateTime,
    };
    let request = pb::ListCustomersRequest {
        page: window.page,
        page_size: window.size,
        page_token: String::new(),
        key: params.key.unwrap_or_default(),
        display_name: params.name.unwrap_or_default(),
        primary_email: params.primary_email.unwrap_or_default(),
        subject_key: params.subject.unwrap_or_default(),
        plan_key: params.plan_key.unwrap_or_default(),
        include_deleted: params.include_deleted.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or_default().descending(),
        ..Default::default()
    };
    let answer = call
        .clients()
        .customers()
        .list_customers(call.rpc(request))
        .await;
    let answer = call.take(answer)?;
    let expand = wants_subscriptions(params.expand.as_deref());
    let customers = with_subscriptions(&call, answer.customers, expand).await?;
    Ok(Json(Page::new(window, answer.total_size, customers)))
}

/// Makes a customer.
#[utoipa::path(
    post, path = "/api/v1/customers", operation_id = "createCustomer", tag = "Customers",
    request_body = CustomerInput,
    responses((status = 201, body = Customer), (status = 409, body = ProblemDocument)),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<CustomerInput>,
) -> Result<(StatusCode, Json<Customer>), Problem> {
    let customer = Customer::from_proto(create_from(&call, new).await?)?;
    Ok((StatusCode::CREATED, Json(customer)))
}

/// Makes a customer, as this or another operation asks for.
pub(crate) async fn create_from(call: &Call, new: CustomerInput) -> Result<pb::Customer, Problem> {
    let request = pb::CreateCustomerRequest {
        customer: Some(new.into_proto()),
        request_id: call.request_id(),
        ..Default::default()
    };
    let answer = call
        .clients()
        .customers()
        .create_customer(call.rpc(request))
        .await;
    present(call.take(answer)?.customer)
}

/// The customer that a path names.
pub(crate) fn customer_ref(id_or_key: String) -> pb::CustomerRef {
    pb::CustomerRef {
        r#ref: Some(pb::customer_ref::Ref::IdOrKey(id_or_key)),
    }
}

/// Reads a customer by id, deleted or not, or by key among the live ones.
pub(crate) async fn find(call: &Call, id_or_key: String) -> Result<pb::Customer, Problem> {
    let request = pb::GetCustomerRequest {
        customer_ref: Some(customer_ref(id_or_key)),
        include_deleted: true,
        for_subscription: false,
    };
    let answer = call
        .clients()
        .customers()
        .get_customer(call.rpc(request))
        .await;
    present(call.take(answer)?.customer)
}

/// Reads a live customer: a deleted one is 412 (catalog text §3.7).
pub(crate) async fn find_live(call: &Call, id_or_key: String) -> Result<pb::Customer, Problem> {
    let customer = find(call, id_or_key).await?;
    if customer.delete_time.is_some() {
        return Err(Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "customer is deleted",
        ));
    }
    Ok(customer)
}

/// Shows a customer.
#[utoipa::path(
    get, path = "/api/v1/customers/{customerIdOrKey}", operation_id = "getCustomer", tag = "Customers",
    params(("customerIdOrKey" = String, Path), GetCustomerParams),
    responses((status = 200, body = Customer), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetCustomerParams>,
) -> Result<Json<Customer>, Problem> {
    let wire = find(&call, id).await?;
    let expand = wants_subscriptions(params.expand.as_deref());
    let mut customers = with_subscriptions(&call, vec![wire], expand).await?;
    present(customers.pop()).map(Json)
}

/// Replaces a customer.
#[utoipa::path(
    put, path = "/api/v1/customers/{customerIdOrKey}", operation_id = "updateCustomer", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    request_body = CustomerInput,
    responses(
        (status = 200, body = Customer), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn update(
    call: Call,
    Path(id): Path<String>,
    Body(update): Body<CustomerInput>,
) -> Result<Json<Customer>, Problem> {
    let request = pb::UpdateCustomerRequest {
        customer_ref: Some(customer_ref(id)),
        update_mask: Some(update.update_mask()),
        customer: Some(update.into_proto()),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customers()
        .update_customer(call.rpc(request))
        .await;
    Customer::from_proto(present(call.take(answer)?.customer)?).map(Json)
}

/// Deletes a customer that nothing depends on.
#[utoipa::path(
    delete, path = "/api/v1/customers/{customerIdOrKey}", operation_id = "deleteCustomer", tag = "Customers",
    params(("customerIdOrKey" = String, Path)),
    responses(
        (status = 204), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let customer = find_live(&call, id).await?;
    // What ended lately may still have to be invoiced, which then holds the customer.
    let sync = subscription::SyncCustomerRequest {
        customer_id: customer.id.clone(),
    };
    let answer = call
        .clients()
        .subscriptions()
        .sync_customer(call.rpc(sync))
        .await;
    call.take(answer)?;
    let request = pb::DeleteCustomerRequest {
        customer_ref: Some(customer_ref(customer.id)),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .customers()
        .delete_customer(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::json;

    fn mask(body: serde_json::Value) -> Vec<String> {
        from_json::<CustomerInput>(&body)
            .unwrap()
            .update_mask()
            .paths
    }

    #[test]
    fn a_replacement_keeps_email_currency_and_address_parts() {
        let always = [
            "display_name",
            "description",
            "key",
            "metadata",
            "usage_attribution",
        ];
        let bare = mask(json!({"name": "A"}));
        assert_eq!(bare[..5], always);
        assert_eq!(bare[5..], ["billing_address"]);
        let full = mask(json!({
            "name": "A", "primaryEmail": "a@b.c", "currency": "USD",
            "billingAddress": {"city": "Graz", "country": "AT"},
        }));
        assert_eq!(
            full[5..],
            [
                "primary_email",
                "currency_code",
                "billing_address.country_code",
                "billing_address.city",
            ]
        );
    }

    #[test]
    fn empty_parts_are_left_out() {
        let customer = Customer::from_proto(pb::Customer {
            id: "01J".into(),
            display_name: "A".into(),
            usage_attribution: Some(pb::UsageAttribution::default()),
            billing_address: Some(pb::Address::default()),
            create_time: Some(prost_types::Timestamp::default()),
            update_time: Some(prost_types::Timestamp::default()),
            ..pb::Customer::default()
        })
        .unwrap();
        assert_eq!(
            serde_json::to_value(customer).unwrap(),
            json!({
                "id": "01J", "name": "A", "createdAt": "1970-01-01T00:00:00Z",
                "updatedAt": "1970-01-01T00:00:00Z",
            })
        );
    }
}

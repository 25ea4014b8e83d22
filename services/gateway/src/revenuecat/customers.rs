//! Customers, their aliases and what they have access to (behaviour text §8). Every path takes any id of a
//! customer; answers carry the canonical one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as catalog;
use contract::customer::v1 as pb;
use contract::entitlement::v1 as access;
use contract::subscription::v1 as subscription;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::attributes::{self, CustomerAttribute};
use super::error::Refusal;
use super::extract::{
    Body, Call, Id, MAX_CUSTOMER_ID, Text, filled, millis, optional_millis, present,
};
use super::list::{List, PageParams, Paging, Parameters, cut};
use super::objects::{
    ActiveEntitlementObject, AliasObject, CustomerObject, DeletedKind, DeletedObject,
};
use super::products::BATCH;

/// Most customers of one question about access.
const ACCESS_BATCH: usize = 100;
/// Most customers and aliases that one call of the customer service answers.
const CUSTOMER_PAGE: i32 = 250;
/// Ids that no customer may be given.
const BLOCKED: [&str; 12] = [
    "no_user",
    "null",
    "none",
    "nil",
    "NaN",
    "unidentified",
    "undefined",
    "unknown",
    "anonymous",
    "guest",
    "-1",
    "0",
];

/// Access that a customer has now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomerEntitlement {
    object: ActiveEntitlementObject,
    #[schema(min_length = 1, max_length = 255)]
    entitlement_id: String,
    /// End of access in milliseconds since 1970, null for access without an end.
    #[schema(required)]
    expires_at: Option<i64>,
}

/// An experiment that a customer takes part in; there are none here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ExperimentEnrollment {
    object: ExperimentObject,
    #[schema(max_length = 1500)]
    id: String,
    #[schema(max_length = 1500)]
    name: String,
    /// `a` is the control, `b` the treatment.
    #[schema(min_length = 1, max_length = 1)]
    variant: String,
}

/// The word `experiment_enrollment`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExperimentObject {
    #[expect(dead_code, reason = "no customer takes part in one")]
    ExperimentEnrollment,
}

/// A customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    object: CustomerObject,
    /// The canonical id.
    #[schema(min_length = 1, max_length = 1500)]
    pub id: String,
    #[schema(min_length = 1, max_length = 20)]
    project_id: String,
    first_seen_at: i64,
    #[schema(required)]
    last_seen_at: Option<i64>,
    active_entitlements: List<CustomerEntitlement>,
    experiment: Option<ExperimentEnrollment>,
    /// Present only when expanded.
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<List<CustomerAttribute>>,
}

/// The id that the dialect shows: the key, else the ULID.
pub(crate) fn canonical(customer: &pb::Customer) -> &str {
    if customer.key.is_empty() {
        &customer.id
    } else {
        &customer.key
    }
}

/// A customer by any of its ids.
pub(crate) fn handle(id: &str) -> pb::CustomerRef {
    pb::CustomerRef {
        r#ref: Some(pb::customer_ref::Ref::Handle(id.to_owned())),
    }
}

/// Finds the customer that the path names.
pub(crate) async fn find(call: &Call, id: &str) -> Result<pb::Customer, Refusal> {
    find_named(call, id, "customer_id").await
}

/// Finds a customer that a parameter names.
pub(crate) async fn find_named(
    call: &Call,
    id: &str,
    param: &str,
) -> Result<pb::Customer, Refusal> {
    if id.is_empty() {
        return Err(Refusal::parameter(param, "must not be empty"));
    }
    let request = pb::GetCustomerRequest {
        customer_ref: Some(handle(id)),
        include_deleted: false,
        for_subscription: false,
    };
    let answer = call
        .clients()
        .customers()
        .get_customer(call.rpc(request))
        .await;
    let found = call.take_named(answer, param).map_err(|refusal| {
        if refusal.status == StatusCode::NOT_FOUND {
            Refusal::missing(param, "there is no such customer")
        } else {
            refusal
        }
    })?;
    present(found.customer)
}

/// What each of these customers has access to now, by ULID of the customer, in the order in
/// which the entitlements were made.
async fn active(
    call: &Call,
    customers: &[String],
) -> Result<HashMap<String, Vec<CustomerEntitlement>>, Refusal> {
    let mut given: Vec<access::ActiveAccess> = Vec::new();
    for ids in customers.chunks(ACCESS_BATCH) {
        let request = access::ListActiveAccessRequest {
            customer_ids: ids.to_vec(),
        };
        let answer = call
            .clients()
            .access()
            .list_active_access(call.rpc(request))
            .await;
        given.extend(call.take(answer)?.access);
    }
    let keys: BTreeSet<&String> = given.iter().map(|access| &access.feature_key).collect();
    let keys: Vec<String> = keys.into_iter().cloned().collect();
    let mut definitions = BTreeMap::new();
    for keys in keys.chunks(BATCH) {
        let request = catalog::BatchGetEntitlementDefinitionsRequest {
            lookup_keys: keys.to_vec(),
            ..catalog::BatchGetEntitlementDefinitionsRequest::default()
        };
        let answer = call
            .clients()
            .entitlement_definitions()
            .batch_get_entitlement_definitions(call.rpc(request))
            .await;
        let found = call.take(answer)?.entitlement_definitions;
        definitions.extend(
            found
                .into_iter()
                .map(|definition| (definition.lookup_key.clone(), definition)),
        );
    }
    let mut by_customer: HashMap<String, Vec<(i64, String, CustomerEntitlement)>> = HashMap::new();
    for access in given {
        let Some(definition) = definitions.get(&access.feature_key) else {
            continue;
        };
        let shown = CustomerEntitlement {
            object: ActiveEntitlementObject,
            entitlement_id: definition.short_id.clone(),
            expires_at: optional_millis(access.end_time.as_ref())?,
        };
        by_customer.entry(access.customer_id).or_default().push((
            millis(definition.create_time.as_ref())?,
            definition.id.clone(),
            shown,
        ));
    }
    Ok(by_customer
        .into_iter()
        .map(|(customer, mut list)| {
            list.sort_by(|one, two| (one.0, &one.1).cmp(&(two.0, &two.1)));
            (
                customer,
                list.into_iter().map(|(.., shown)| shown).collect(),
            )
        })
        .collect())
}

/// Customers with what they have access to.
async fn show_all(call: &Call, customers: Vec<pb::Customer>) -> Result<Vec<Customer>, Refusal> {
    let ids: Vec<String> = customers
        .iter()
        .map(|customer| customer.id.clone())
        .collect();
    let mut active = active(call, &ids).await?;
    customers
        .into_iter()
        .map(|customer| {
            let id = canonical(&customer).to_owned();
            let own = active.remove(&customer.id).unwrap_or_default();
            let (items, more) = cut(own, &Paging::first(), |item| &item.entitlement_id)?;
            let place = ["customers", &id, "active_entitlements"];
            let active_entitlements =
                call.embedded(&place, items, more, |item| &item.entitlement_id);
            Ok(Customer {
                object: CustomerObject,
                id,
                project_id: call.project().to_owned(),
                first_seen_at: millis(customer.create_time.as_ref())?,
                last_seen_at: optional_millis(customer.last_seen_time.as_ref())?,
                active_entitlements,
                experiment: None,
                attributes: None,
            })
        })
        .collect()
}

/// A customer with what it has access to.
pub(crate) async fn show(call: &Call, customer: pb::Customer) -> Result<Customer, Refusal> {
    let shown = show_all(call, vec![customer]).await?;
    present(shown.into_iter().next())
}

/// List customers.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers", operation_id = "listCustomers",
    tag = "Customer", params(("project_id" = String, Path), PageParams),
    responses((status = 200, body = List<Customer>)),
    extensions(("x-permission" = json!("customer_information:customers:read"))),
)]
pub(crate) async fn list(call: Call, query: Parameters) -> Result<Json<List<Customer>>, Refusal> {
    let paging = query.paging()?;
    let mut customers: Vec<pb::Customer> = Vec::new();
    let mut after = Some(paging.after)
        .filter(|after| !after.is_empty())
        .map(|after| handle(&after));
    let mut wanted = paging.limit;
    let more = loop {
        let request = pb::ListCustomersRequest {
            page_size: wanted.min(CUSTOMER_PAGE),
            after_customer: after,
            order_by: pb::list_customers_request::OrderBy::CreateTime.into(),
            ..pb::ListCustomersRequest::default()
        };
        let answer = call
            .clients()
            .customers()
            .list_customers(call.rpc(request))
            .await;
        let page = call
            .take_named(answer, "starting_after")
            .map_err(|refusal| {
                if refusal.status == StatusCode::NOT_FOUND {
                    super::list::unknown_cursor()
                } else {
                    refusal
                }
            })?;
        customers.extend(page.customers);
        wanted -= CUSTOMER_PAGE;
        let more = !page.next_page_token.is_empty();
        if !more || wanted <= 0 {
            break more;
        }
        after = customers.last().map(|last| pb::CustomerRef {
            r#ref: Some(pb::customer_ref::Ref::Id(last.id.clone())),
        });
    };
    let customers = show_all(&call, customers).await?;
    Ok(Json(
        call.page(&query, customers, more, |customer| &customer.id),
    ))
}

/// An id that a customer may be given.
#[derive(Clone, Debug)]
struct NewId(String);

impl<'de> Deserialize<'de> for NewId {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let id = Text::<1, MAX_CUSTOMER_ID>::deserialize(reader)?.0;
        if !id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        {
            return Err(D::Error::custom(
                "may only hold letters, digits, underscores and hyphens",
            ));
        }
        if BLOCKED.contains(&id.as_str()) {
            return Err(D::Error::custom("is not allowed as the id of a customer"));
        }
        Ok(Self(id))
    }
}

/// An attribute of a new customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAttribute {
    /// A reserved name, or one of the caller's own.
    #[schema(value_type = attributes::AttributeName)]
    name: Text<1, 40>,
    #[schema(value_type = String, max_length = 500)]
    value: Text<0, 500>,
}

/// A new customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerCreate {
    #[schema(value_type = String, min_length = 1, max_length = 1500, pattern = "^[0-9a-zA-Z_-]*$")]
    id: NewId,
    #[serde(default, deserialize_with = "filled")]
    #[schema(max_items = 50)]
    attributes: Option<Vec<NewAttribute>>,
}

/// Create a customer.
#[utoipa::path(
    post, path = "/v2/projects/{project_id}/customers", operation_id = "createCustomer",
    tag = "Customer", params(("project_id" = String, Path)), request_body = CustomerCreate,
    responses((status = 201, body = Customer)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<CustomerCreate>,
) -> Result<(StatusCode, Json<Customer>), Refusal> {
    let request = pb::CreateCustomerRequest {
        customer: Some(pb::Customer {
            key: new.id.0,
            ..pb::Customer::default()
        }),
        attributes: new
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(|attribute| pb::CustomerAttribute {
                name: attribute.name.into(),
                value: attribute.value.into(),
                update_time: None,
            })
            .collect(),
        derive_display_name: true,
        request_id: call.request_id(),
        ..pb::CreateCustomerRequest::default()
    };
    let answer = call
        .clients()
        .customers()
        .create_customer(call.rpc(request))
        .await;
    let customer = present(call.take(answer)?.customer)?;
    Ok((StatusCode::CREATED, Json(show(&call, customer).await?)))
}

/// What of a customer is shown.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "written for the document; read from the raw query"
)]
pub(crate) struct GetCustomerParams {
    /// `attributes`.
    expand: Option<Vec<String>>,
}

/// Read a customer.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}", operation_id = "getCustomer",
    tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path), GetCustomerParams),
    responses((status = 200, body = Customer)),
    extensions(("x-permission" = json!("customer_information:customers:read"))),
)]
pub(crate) async fn get(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<Customer>, Refusal> {
    let expand = query.expands(&["attributes"], "attributes")?;
    let customer = find(&call, &id).await?;
    let ulid = customer.id.clone();
    let mut shown = show(&call, customer).await?;
    if expand {
        shown.attributes = Some(attributes::first(&call, &ulid, &shown.id).await?);
    }
    Ok(Json(shown))
}

/// Delete a customer with everything it has, in every dialect.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/customers/{customer_id}",
    operation_id = "deleteCustomer", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path)),
    responses((status = 200, body = DeletedObject)),
    extensions(("x-permission" = json!("customer_information:customers:read_write"))),
)]
pub(crate) async fn delete(call: Call, Id(id): Id) -> Result<Json<DeletedObject>, Refusal> {
    let request = subscription::EraseCustomerRequest {
        handle: id,
        request_id: call.request_id(),
        ..subscription::EraseCustomerRequest::default()
    };
    let answer = call
        .clients()
        .subscriptions()
        .erase_customer(call.rpc(request))
        .await;
    let gone = call.take(answer)?;
    DeletedObject::new(DeletedKind::Customer, gone.customer_key, gone.erase_time)
}

/// List what a customer has access to now.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}/active_entitlements",
    operation_id = "listCustomerActiveEntitlements", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path), PageParams),
    responses((status = 200, body = List<CustomerEntitlement>)),
    extensions(("x-permission" = json!("customer_information:customers:read"))),
)]
pub(crate) async fn list_active(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<CustomerEntitlement>>, Refusal> {
    let paging = query.paging()?;
    let customer = find(&call, &id).await?;
    let mut active = active(&call, std::slice::from_ref(&customer.id)).await?;
    let own = active.remove(&customer.id).unwrap_or_default();
    let (items, more) = cut(own, &paging, |item| &item.entitlement_id)?;
    Ok(Json(
        call.page(&query, items, more, |item| &item.entitlement_id),
    ))
}

/// One of the ids of a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomerAlias {
    object: AliasObject,
    #[schema(min_length = 1, max_length = 1500)]
    id: String,
    created_at: i64,
}

/// List the ids of a customer, the canonical one included.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/customers/{customer_id}/aliases",
    operation_id = "listCustomerAliases", tag = "Customer",
    params(("project_id" = String, Path), ("customer_id" = String, Path), PageParams),
    responses((status = 200, body = List<CustomerAlias>)),
    extensions(("x-permission" = json!("customer_information:customers:read"))),
)]
pub(crate) async fn list_aliases(
    call: Call,
    Id(id): Id,
    query: Parameters,
) -> Result<Json<List<CustomerAlias>>, Refusal> {
    let paging = query.paging()?;
    let mut aliases = Vec::new();
    let mut after = paging.after;
    let mut wanted = paging.limit;
    let more = loop {
        let request = pb::ListAliasesRequest {
            customer_ref: Some(handle(&id)),
            page_size: wanted.min(CUSTOMER_PAGE),
            after_alias: after,
            ..pb::ListAliasesRequest::default()
        };
        let answer = call
            .clients()
            .aliases()
            .list_aliases(call.rpc(request))
            .await;
        let page = call.take(answer)?;
        for alias in page.aliases {
            aliases.push(CustomerAlias {
                object: AliasObject,
                created_at: millis(alias.create_time.as_ref())?,
                id: alias.alias,
            });
        }
        wanted -= CUSTOMER_PAGE;
        let more = !page.next_page_token.is_empty();
        if !more || wanted <= 0 {
            break more;
        }
        after = aliases
            .last()
            .map(|alias| alias.id.clone())
            .unwrap_or_default();
    };
    Ok(Json(call.page(&query, aliases, more, |alias| &alias.id)))
}

//! Customers with what they are worth (text §6), and the names under which this dialect
//! knows them (text §3).

use std::collections::HashMap;

use axum::Json;
use axum::http::StatusCode;
use contract::customer::v1 as pb;
use contract::customer::v1::customer_ref::Ref;
use contract::customer::v1::list_customers_request::OrderBy;
use contract::subscription::v1 as subscription;
use contract::subscription::v1::CustomerRevenueStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::dates::{Asked, utc_text};
use super::error::Refusal;
use super::extract::Parameters;
use crate::body::PathText;
use crate::call::Call;

/// Most customers of a page, and the default.
const PER_PAGE_MAX: i32 = 250;
/// Customers that numbers of pages reach.
const REACH: i32 = 100_000;

/// A customer and what it is worth, in the account's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Customer {
    customer_id: String,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    first_name: Option<String>,
    #[schema(required)]
    last_name: Option<String>,
    /// Monthly recurring revenue in hundredths.
    mrr_cents: i64,
    /// Ids of the plans of subscriptions that have not ended.
    plans: Vec<String>,
    /// `active`, `cancelled`, `trialing`, `churned_delinquent`, `churned_voluntary`,
    /// `churned_trial` or `no_history`.
    status: &'static str,
    /// YYYY-MM-DDTHH:MM:SSZ, like the others.
    created_on: String,
    /// When the customer first paid.
    #[schema(required)]
    activated_on: Option<String>,
    /// When the customer last stopped to pay.
    #[schema(required)]
    churned_on: Option<String>,
    updated_on: String,
    /// Sum of all payments in hundredths.
    total_spend_cents: i64,
}

impl Customer {
    fn from_proto(customer: pb::Customer, revenue: subscription::CustomerRevenue) -> Self {
        let (first_name, last_name) = names(&customer);
        Self {
            customer_id: customer_id(&customer).to_owned(),
            first_name,
            last_name,
            mrr_cents: revenue.mrr_cents,
            status: status(revenue.status()),
            plans: revenue.product_keys,
            created_on: utc_text(customer.create_time.as_ref()).unwrap_or_default(),
            activated_on: utc_text(revenue.activate_time.as_ref()),
            churned_on: utc_text(revenue.churn_time.as_ref()),
            updated_on: utc_text(customer.touch_time.as_ref()).unwrap_or_default(),
            total_spend_cents: revenue.total_spend_cents,
            email: given(customer.primary_email),
        }
    }
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// What names a customer in answers: the key, else the ULID.
fn customer_id(customer: &pb::Customer) -> &str {
    if customer.key.is_empty() {
        &customer.id
    } else {
        &customer.key
    }
}

/// First and last name: a name that was given, split at its first blank.
fn names(customer: &pb::Customer) -> (Option<String>, Option<String>) {
    if customer.display_name_derived || customer.anonymize_time.is_some() {
        return (None, None);
    }
    match customer.display_name.split_once(' ') {
        Some((first, last)) => (given(first.to_owned()), given(last.to_owned())),
        None => (given(customer.display_name.clone()), None),
    }
}

fn status(status: CustomerRevenueStatus) -> &'static str {
    match status {
        CustomerRevenueStatus::Active => "active",
        CustomerRevenueStatus::Canceled => "cancelled",
        CustomerRevenueStatus::Trialing => "trialing",
        CustomerRevenueStatus::ChurnedDelinquent => "churned_delinquent",
        CustomerRevenueStatus::ChurnedVoluntary => "churned_voluntary",
        CustomerRevenueStatus::ChurnedTrial => "churned_trial",
        CustomerRevenueStatus::NoHistory | CustomerRevenueStatus::Unspecified => "no_history",
    }
}

/// A customer by any of its names.
pub(crate) fn by_handle(handle: String) -> Option<pb::CustomerRef> {
    Some(pb::CustomerRef {
        r#ref: Some(Ref::Handle(handle)),
    })
}

/// A customer by its ULID.
pub(crate) fn by_id(id: String) -> Option<pb::CustomerRef> {
    Some(pb::CustomerRef {
        r#ref: Some(Ref::Id(id)),
    })
}

/// The live customer that any of its names names.
pub(crate) async fn handle(call: &Call, handle: String) -> Result<pb::Customer, tonic::Status> {
    let request = call.rpc(pb::GetCustomerRequest {
        customer_ref: by_handle(handle),
        include_deleted: false,
        for_subscription: false,
    });
    let answer = call.take(call.clients().customers().get_customer(request).await)?;
    answer
        .customer
        .ok_or_else(|| tonic::Status::internal("an answer without its customer"))
}

/// How a user is called.
#[derive(Clone, Debug)]
pub(crate) struct UserNames {
    /// The generated id.
    pub id: String,
    /// The caller's own.
    pub alias: Option<String>,
    pub email: String,
}

/// The names of a user. One who got an alias only later has it beside the key.
pub(crate) async fn user_names(call: &Call, customer: pb::Customer) -> Result<UserNames, Refusal> {
    let mut alias = given(customer.key).filter(|key| *key != customer.profitwell_id);
    if alias.is_none() {
        let request = call.rpc(pb::ListAliasesRequest {
            customer_ref: by_id(customer.id),
            ..Default::default()
        });
        // A customer that is deleted meanwhile has none.
        if let Ok(answer) = call.clients().aliases().list_aliases(request).await {
            let mut aliases = answer.into_inner().aliases.into_iter();
            alias = aliases
                .find(|one| !one.canonical && one.alias != customer.profitwell_id)
                .map(|one| one.alias);
        }
    }
    Ok(UserNames {
        id: customer.profitwell_id,
        alias,
        email: customer.primary_email,
    })
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    page: i32,
    per_page: i32,
}

impl Paging {
    /// Reads the parameters `page` and `per_page`.
    pub(crate) fn read(query: &Parameters) -> Result<Self, Refusal> {
        let per_page = query.integer("per_page", 1..=PER_PAGE_MAX, PER_PAGE_MAX)?;
        let page = query.integer("page", 1..=REACH / per_page, 1)?;
        Ok(Self { page, per_page })
    }
}

/// One page of the customers that a filter matches, with what they are worth.
pub(crate) async fn customers(
    call: &Call,
    filter: pb::ListCustomersRequest,
    paging: Paging,
) -> Result<Vec<Customer>, Refusal> {
    let request = call.rpc(pb::ListCustomersRequest {
        page: paging.page,
        page_size: paging.per_page,
        ..filter
    });
    let answer = call.take(call.clients().customers().list_customers(request).await)?;
    with_revenue(call, answer.customers).await
}

/// Customers with what they are worth.
async fn with_revenue(call: &Call, customers: Vec<pb::Customer>) -> Result<Vec<Customer>, Refusal> {
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let request = call.rpc(subscription::BatchGetCustomerRevenueRequest {
        customer_ids: customers.iter().map(|one| one.id.clone()).collect(),
    });
    let answer = call
        .clients()
        .revenue()
        .batch_get_customer_revenue(request)
        .await;
    let revenue = call.take(answer)?.customers.into_iter();
    let mut revenue: HashMap<_, _> = revenue.map(|one| (one.customer_id.clone(), one)).collect();
    let joined = customers.into_iter().map(|customer| {
        let revenue = revenue.remove(&customer.id).unwrap_or_default();
        Customer::from_proto(customer, revenue)
    });
    Ok(joined.collect())
}

/// Reads one customer.
#[utoipa::path(
    get,
    path = "/customers/{customer_id}",
    operation_id = "getCustomerById",
    tag = "Customers",
    params(("customer_id" = String, Path, description = "Key, alias or `user_id`.")),
    responses(
        (status = 200, description = "The customer.", body = Customer),
        (status = 404, description = "There is none."),
    )
)]
pub(crate) async fn get(call: Call, PathText(id): PathText) -> Result<Json<Customer>, Refusal> {
    let customer = handle(&call, id).await?;
    let mut found = with_revenue(&call, vec![customer]).await?;
    found
        .pop()
        .map(Json)
        .ok_or(Refusal::bare(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Lists customers by the time at which anything about them last changed.
#[utoipa::path(
    get,
    path = "/customers",
    operation_id = "searchCustomers",
    tag = "Customers",
    params(
        ("start_date" = Option<String>, Query, description = "Only customers that changed then or later."),
        ("end_date" = Option<String>, Query, description = "Only customers that changed before."),
        ("email" = Option<String>, Query, description = "The whole address, in any case."),
        ("page" = Option<i32>, Query, description = "Page number from 1; times `per_page` at most 100,000."),
        ("per_page" = Option<i32>, Query, description = "Customers of a page, 250 where absent.", minimum = 1, maximum = 250),
        ("direction" = Option<String>, Query, description = "`asc`, the default, or `desc`."),
        ("date_field" = Option<String>, Query, description = "`updated_on`."),
    ),
    responses(
        (status = 200, description = "The customers of the page.", body = Vec<Customer>),
        (status = 400, description = "A parameter is wrong."),
    )
)]
pub(crate) async fn search(call: Call, query: Parameters) -> Result<Json<Vec<Customer>>, Refusal> {
    let asked = |name| {
        let text = query.text(name);
        text.map(|text| Asked::from_query(name, text)).transpose()
    };
    let start = asked("start_date")?;
    let end = asked("end_date")?;
    let paging = Paging::read(&query)?;
    let descending = match query.text("direction") {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(Refusal::bad("direction: must be one of asc, desc")),
    };
    if !matches!(query.text("date_field"), None | Some("updated_on")) {
        return Err(Refusal::bad("date_field: must be updated_on"));
    }
    let filter = pb::ListCustomersRequest {
        order_by: OrderBy::TouchTime.into(),
        descending,
        primary_email_equal: query.text("email").unwrap_or_default().to_owned(),
        touch_start_time: start.map(Asked::into_proto),
        touch_end_time: end.map(Asked::into_proto),
        ..Default::default()
    };
    customers(&call, filter, paging).await.map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(display_name: &str) -> pb::Customer {
        pb::Customer {
            id: "01J".to_owned(),
            display_name: display_name.to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn names_are_split_at_the_first_blank() {
        let split = |text: &str| names(&named(text));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(split("Ada"), (some("Ada"), None));
        assert_eq!(
            split("Ada King Lovelace"),
            (some("Ada"), some("King Lovelace"))
        );
    }

    #[test]
    fn names_that_nobody_gave_are_null() {
        let derived = pb::Customer {
            display_name_derived: true,
            ..named("a@b.c")
        };
        assert_eq!(names(&derived), (None, None));
        let anonymized = pb::Customer {
            anonymize_time: Some(prost_types::Timestamp::default()),
            ..named("anonymized")
        };
        assert_eq!(names(&anonymized), (None, None));
    }

    #[test]
    fn the_key_names_a_customer_before_the_ulid() {
        assert_eq!(customer_id(&named("Ada")), "01J");
        let keyed = pb::Customer {
            key: "acme".to_owned(),
            ..named("Ada")
        };
        assert_eq!(customer_id(&keyed), "acme");
    }
}

//! What customers may use by what they bought. Which entitlements a product gives is asked of the catalog at every question, so that
//! attaching and detaching count at once.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use kernel::{Timestamp, id::CustomerId, period::OpenPeriod};

use crate::{
    domain::{
        product_right::{ProductRight, Subject},
        promotion::joined,
    },
    error::EntitlementError,
    memory::Memory,
    store,
};

/// What each customer may use by what was bought, by key, and when.
pub type Bought = BTreeMap<CustomerId, BTreeMap<String, OpenPeriod>>;

/// What customers may use at an instant by what they bought.
pub async fn bought(
    memory: &Memory,
    context: &Context,
    customers: &[CustomerId],
    at: Timestamp,
) -> Result<Bought, EntitlementError> {
    held(memory, context, customers, at, |right| right.period).await
}

/// The same, where what is renewed is had until it is.
pub async fn bought_until_renewal(
    memory: &Memory,
    context: &Context,
    customers: &[CustomerId],
    at: Timestamp,
) -> Result<Bought, EntitlementError> {
    let until = |right: &ProductRight| right.until_renewal(at);
    held(memory, context, customers, at, until).await
}

async fn held(
    memory: &Memory,
    context: &Context,
    customers: &[CustomerId],
    at: Timestamp,
    period: impl Fn(&ProductRight) -> OpenPeriod,
) -> Result<Bought, EntitlementError> {
    if customers.is_empty() {
        return Ok(Bought::new());
    }
    let db = memory.db.reader();
    let rights = store::product_right::holding(db, context.project, customers, at).await?;
    let mut products = BTreeSet::new();
    for (_, right) in &rights {
        if let Subject::Product(id) = &right.subject {
            products.insert(id.clone());
        }
    }
    let given = memory.clients.definitions(context, products).await?;
    let mut found = Bought::new();
    for (customer, right) in rights {
        let keys = match &right.subject {
            Subject::Feature(key) => vec![key.clone()],
            Subject::Product(id) => given.get(id).cloned().unwrap_or_default(),
        };
        let period = period(&right);
        let own = found.entry(customer).or_default();
        for key in keys {
            let span = own.get(&key).copied();
            let span = joined(span.into_iter().chain([period]));
            own.insert(key, span.unwrap_or(period));
        }
    }
    Ok(found)
}

/// The same for one customer and one key.
pub async fn bought_one(
    memory: &Memory,
    context: &Context,
    customer: CustomerId,
    key: &str,
    at: Timestamp,
) -> Result<Option<OpenPeriod>, EntitlementError> {
    let found = bought(memory, context, &[customer], at).await?;
    Ok(found.get(&customer).and_then(|own| own.get(key)).copied())
}

//! The revenue ledger.

use std::collections::{BTreeMap, BTreeSet};

use chassis::db::{instant, micros};
use chassis::{Exact, Write};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use kernel::period::Period;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Select,
};

use super::entity::revenue_entry::{ActiveModel, Column, Entity, Model};
use super::entity::revenue_stale;
use crate::domain::revenue::change::{Class, changes, product_key};
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// Customers that one statement names.
const CUSTOMERS_PER_SELECT: usize = 500;
/// Rows that one statement writes: its parameters are limited.
const ROWS_PER_INSERT: usize = 500;

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The subscription.
    pub subscription_id: String,
    /// Which of the things that the subscription sells side by side.
    pub part: i32,
    /// Its customer.
    pub customer_id: String,
    /// What is sold.
    pub product_key: String,
    /// Code of the value's currency.
    pub currency: String,
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What it counts as.
    pub class: Class,
}

/// An entry to be written: from an instant on, what one part of a subscription is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// From when on. One part has at most one entry per instant.
    pub at: Timestamp,
    /// Which of the things that the subscription sells side by side; 0 for the first or only one. A part that is no longer
    /// sold needs an entry that ends it.
    pub part: i32,
    /// What is sold.
    pub product_key: String,
    /// Code of the value's currency.
    pub currency: String,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What it counts as.
    pub class: Class,
}

/// Writes the ledger of a plan-based subscription anew.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    subscription: &Subscription,
) -> Result<(), SubscriptionError> {
    let entries = new_entries(subscription)?;
    let customer = subscription.customer_id;
    replace_entries(tx, project, subscription.id, customer, &entries).await
}

/// Writes the ledger of a new plan-based subscription, with the commit.
pub fn begin_later(
    write: &Write,
    project: ProjectId,
    subscription: &Subscription,
) -> Result<(), SubscriptionError> {
    let backend = write.tx().get_database_backend();
    let customer = subscription.customer_id;
    let rows: Vec<ActiveModel> = new_entries(subscription)?
        .iter()
        .map(|entry| to_row(project, subscription.id, customer, entry))
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        write.later(Entity::insert_many(rows.to_vec()).build(backend));
    }
    let stale = revenue_stale::Entity::insert(stale_row(project, customer.to_string()));
    write.later(stale.build(backend));
    Ok(())
}

fn new_entries(subscription: &Subscription) -> Result<Vec<NewEntry>, SubscriptionError> {
    let (product_key, currency) = (product_key(subscription), subscription.currency.code());
    Ok(changes(subscription)?
        .iter()
        .map(|change| NewEntry {
            at: change.at,
            part: 0,
            product_key: product_key.clone(),
            currency: currency.to_owned(),
            monthly_value: change.monthly_value,
            class: change.class,
        })
        .collect())
}

fn stale_row(project: ProjectId, customer_id: String) -> revenue_stale::ActiveModel {
    revenue_stale::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(chassis::id::next::<ulid::Ulid>().to_string()),
        customer_id: Set(customer_id),
    }
}

/// Writes the ledger of a subscription of any origin anew: all its entries, ahead of now too, in any order; none when it
/// never was. Sums and figures follow by themselves.
pub async fn replace_entries(
    tx: &DatabaseTransaction,
    project: ProjectId,
    subscription: SubscriptionId,
    customer: CustomerId,
    entries: &[NewEntry],
) -> Result<(), SubscriptionError> {
    let own = || {
        Column::ProjectId
            .eq(project.to_string())
            .and(Column::SubscriptionId.eq(subscription.to_string()))
    };
    let owners: Vec<String> = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .distinct()
        .filter(own())
        .into_tuple()
        .all(tx)
        .await?;
    if !owners.is_empty() {
        Entity::delete_many().filter(own()).exec(tx).await?;
    }
    let rows: Vec<ActiveModel> = entries
        .iter()
        .map(|entry| to_row(project, subscription, customer, entry))
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    let mut stale: BTreeSet<String> = owners.into_iter().collect();
    stale.insert(customer.to_string());
    mark_stale(tx, project, stale).await
}

/// Notes that the ledger of customers has changed.
pub async fn mark_stale(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customers: impl IntoIterator<Item = String>,
) -> Result<(), SubscriptionError> {
    let rows: Vec<revenue_stale::ActiveModel> = customers
        .into_iter()
        .map(|customer_id| stale_row(project, customer_id))
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        revenue_stale::Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// All entries of these customers, in order of time.
pub async fn of_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<LedgerEntry>>, SubscriptionError> {
    let mut found: BTreeMap<String, Vec<LedgerEntry>> = BTreeMap::new();
    let ids: Vec<&str> = customers.iter().map(String::as_str).collect();
    for ids in ids.chunks(CUSTOMERS_PER_SELECT) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(ids.iter().copied()))
            .all(connection)
            .await?;
        for entry in rows.into_iter().filter_map(from_row) {
            found
                .entry(entry.customer_id.clone())
                .or_default()
                .push(entry);
        }
    }
    for entries in found.values_mut() {
        entries.sort_by(|a, b| {
            (a.at, &a.subscription_id, a.part).cmp(&(b.at, &b.subscription_id, b.part))
        });
    }
    Ok(found)
}

/// Customers behind another one in the order of their ids: those with an entry within a period, or before its end if `all`.
pub async fn customers_within(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    period: Period,
    all: bool,
    after: &str,
    limit: u64,
) -> Result<BTreeSet<String>, SubscriptionError> {
    let mut query = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .distinct()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.gt(after))
        .filter(Column::EffectiveTime.lt(micros(period.end)));
    if !all {
        query = query.filter(Column::EffectiveTime.gte(micros(period.start)));
    }
    let found: Vec<String> = query
        .order_by_asc(Column::CustomerId)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(found.into_iter().collect())
}

/// The instant of the first entry of a project. Leans on `revenue_entry_by_time`.
pub async fn first(
    connection: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<Timestamp>, SubscriptionError> {
    let first = select(project, None).limit(1).all(connection).await?;
    Ok(first.first().map(|row| instant(row.effective_time)))
}

/// Removes everything of a customer from the ledger.
pub async fn remove_customer(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: &str,
) -> Result<(), SubscriptionError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer))
        .exec(tx)
        .await?;
    mark_stale(tx, project, [customer.to_owned()]).await
}

/// Where an entry stands in the order of the ledger: by time, subscription and part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Effective time.
    pub time: i64,
    /// The subscription.
    pub subscription_id: String,
    /// The part.
    pub part: i32,
}

impl Place {
    /// Where this entry stands.
    pub fn of(entry: &LedgerEntry) -> Self {
        Self {
            time: micros(entry.at),
            subscription_id: entry.subscription_id.clone(),
            part: entry.part,
        }
    }
}

/// A page of entries by time, subscription and part.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: Option<CustomerId>,
    subscription: Option<SubscriptionId>,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<LedgerEntry>, SubscriptionError> {
    let mut query = select(project, after);
    if let Some(customer) = customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    if let Some(subscription) = subscription {
        query = query.filter(Column::SubscriptionId.eq(subscription.to_string()));
    }
    Ok(query
        .limit(limit)
        .all(connection)
        .await?
        .into_iter()
        .filter_map(from_row)
        .collect())
}

fn select(project: ProjectId, after: Option<Place>) -> Select<Entity> {
    let query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .order_by_asc(Column::EffectiveTime)
        .order_by_asc(Column::SubscriptionId)
        .order_by_asc(Column::Part);
    match after {
        None => query,
        Some(place) => {
            let column = |column| Expr::col((Entity, column));
            let (time, id) = (
                column(Column::EffectiveTime),
                column(Column::SubscriptionId),
            );
            let later_part = id
                .clone()
                .eq(place.subscription_id.clone())
                .and(column(Column::Part).gt(place.part));
            let same = time
                .clone()
                .eq(place.time)
                .and(id.gt(place.subscription_id).or(later_part));
            query.filter(time.gt(place.time).or(same))
        }
    }
}

fn to_row(
    project: ProjectId,
    subscription: SubscriptionId,
    customer: CustomerId,
    entry: &NewEntry,
) -> ActiveModel {
    ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(subscription.to_string()),
        effective_time: Set(micros(entry.at)),
        part: Set(entry.part),
        customer_id: Set(customer.to_string()),
        product_key: Set(entry.product_key.clone()),
        currency: Set(entry.currency.clone()),
        monthly_value: Set(Exact(entry.monthly_value)),
        class: Set(entry.class.as_str().to_owned()),
    }
}

/// A class that this version does not know is of a later one; it is left out.
fn from_row(row: Model) -> Option<LedgerEntry> {
    Some(LedgerEntry {
        class: Class::parse(&row.class)?,
        subscription_id: row.subscription_id,
        part: row.part,
        customer_id: row.customer_id,
        product_key: row.product_key,
        currency: row.currency,
        at: instant(row.effective_time),
        monthly_value: row.monthly_value.0,
    })
}

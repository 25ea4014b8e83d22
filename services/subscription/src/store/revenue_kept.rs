//! What is kept beside the sums: what they were made with, what of each customer is in them, and whose part of them is out of
//! date.

use std::collections::{BTreeMap, BTreeSet};

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::ProjectId;
use prost::Message as _;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    ExprTrait as _, QueryFilter, QueryOrder, QuerySelect,
};

use super::entity::{
    revenue_customer as customer, revenue_excluded as excluded, revenue_stale as stale,
    revenue_state as state, revenue_unconverted as unconverted,
};
use crate::domain::revenue::change::Class;
use crate::domain::revenue::entry::Entry;
use crate::error::SubscriptionError;

/// Rows that one statement names or writes: its parameters are limited.
const ROWS: usize = 500;

/// What of a customer is in the sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Grows with each restatement; 0 before the first.
    pub version: i64,
    /// Generation of the sums that the customer is in.
    pub generation: i64,
    /// By which rates amounts were converted; none where nothing had to be.
    pub rates: Option<i64>,
    /// All entries, converted, in order of time.
    pub entries: Vec<Entry>,
    /// Those before this instant are in the sums.
    pub until: Timestamp,
}

/// Customers whose part of the sums is out of date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The customers.
    pub customers: BTreeSet<String>,
    /// The notes about them: id, and customer.
    pub marks: Vec<(String, String)>,
    /// Whether there are more of them.
    pub more: bool,
}

/// What the sums of a project were made with.
pub async fn state(
    connection: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<state::Model>, SubscriptionError> {
    Ok(state::Entity::find()
        .filter(state::Column::ProjectId.eq(project.to_string()))
        .one(connection)
        .await?)
}

/// Stores what the sums of a project are made with.
pub async fn save_state(
    tx: &DatabaseTransaction,
    row: &state::Model,
) -> Result<(), SubscriptionError> {
    let replace = OnConflict::column(state::Column::ProjectId)
        .update_columns([
            state::Column::Generation,
            state::Column::Engine,
            state::Column::Currency,
            state::Column::TimeZone,
            state::Column::Rates,
            state::Column::DueTime,
        ])
        .to_owned();
    let row = state::ActiveModel {
        project_id: Set(row.project_id.clone()),
        generation: Set(row.generation),
        engine: Set(row.engine),
        currency: Set(row.currency.clone()),
        time_zone: Set(row.time_zone.clone()),
        rates: Set(row.rates),
        due_time: Set(row.due_time),
    };
    state::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Customers whose ledger was changed, whose next entry has come to pass by `until`, or who are in sums of an older generation
/// or rates. With `ahead` also those whose sums have come further than `until`.
pub async fn stale(
    connection: &impl ConnectionTrait,
    state: &state::Model,
    until: Timestamp,
    ahead: bool,
    limit: u64,
) -> Result<Stale, SubscriptionError> {
    let marks: Vec<(String, String)> = stale::Entity::find()
        .select_only()
        .column(stale::Column::Id)
        .column(stale::Column::CustomerId)
        .filter(stale::Column::ProjectId.eq(&state.project_id))
        .order_by_asc(stale::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?;
    let mut found = Stale {
        customers: marks.iter().map(|(_, customer)| customer.clone()).collect(),
        more: reaches(marks.len(), limit),
        marks,
    };
    let until = micros(until);
    let mut outdated = vec![
        customer::Column::NextTime.lt(until),
        customer::Column::Generation.lt(state.generation),
        customer::Column::Rates.lt(state.rates),
    ];
    if ahead {
        outdated.push(customer::Column::LastTime.gte(until));
    }
    for condition in outdated {
        let customers: Vec<String> = customer::Entity::find()
            .select_only()
            .column(customer::Column::CustomerId)
            .filter(customer::Column::ProjectId.eq(&state.project_id))
            .filter(condition)
            .limit(limit)
            .into_tuple()
            .all(connection)
            .await?;
        found.more |= reaches(customers.len(), limit);
        found.customers.extend(customers);
    }
    Ok(found)
}

/// What of these customers is in the sums; nothing of those that are not in the answer.
pub async fn kept(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &BTreeSet<String>,
) -> Result<BTreeMap<String, Kept>, SubscriptionError> {
    let mut found = BTreeMap::new();
    for ids in chunks(customers) {
        let rows = customer::Entity::find()
            .filter(customer::Column::ProjectId.eq(project.to_string()))
            .filter(customer::Column::CustomerId.is_in(ids))
            .all(connection)
            .await?;
        for row in rows {
            let kept = Kept {
                version: row.version,
                generation: row.generation,
                rates: row.rates,
                entries: decode(&row.customer_id, &row.entries)?,
                until: match row.last_time {
                    Some(last) => instant(last.saturating_add(1)),
                    None => Timestamp::MIN,
                },
            };
            found.insert(row.customer_id, kept);
        }
    }
    Ok(found)
}

/// The versions of what of these customers is in the sums.
pub async fn versions(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customers: &BTreeSet<String>,
) -> Result<BTreeMap<String, i64>, SubscriptionError> {
    let mut found = BTreeMap::new();
    for ids in chunks(customers) {
        let rows: Vec<(String, i64)> = customer::Entity::find()
            .select_only()
            .column(customer::Column::CustomerId)
            .column(customer::Column::Version)
            .filter(customer::Column::ProjectId.eq(project.to_string()))
            .filter(customer::Column::CustomerId.is_in(ids))
            .into_tuple()
            .all(tx)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Stores what of customers is in the sums.
pub async fn save(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customers: &BTreeMap<String, Kept>,
) -> Result<(), SubscriptionError> {
    let rows: Vec<customer::ActiveModel> = customers
        .iter()
        .map(|(id, kept)| {
            let past = kept.entries.partition_point(|entry| entry.at < kept.until);
            let (past, ahead) = kept.entries.split_at(past);
            customer::ActiveModel {
                project_id: Set(project.to_string()),
                customer_id: Set(id.clone()),
                version: Set(kept.version),
                generation: Set(kept.generation),
                rates: Set(kept.rates),
                next_time: Set(ahead.first().map(|entry| micros(entry.at))),
                last_time: Set(past.last().map(|entry| micros(entry.at))),
                entries: Set(encode(&kept.entries)),
            }
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        let replace =
            OnConflict::columns([customer::Column::ProjectId, customer::Column::CustomerId])
                .update_columns([
                    customer::Column::Version,
                    customer::Column::Generation,
                    customer::Column::Rates,
                    customer::Column::NextTime,
                    customer::Column::LastTime,
                    customer::Column::Entries,
                ])
                .to_owned();
        customer::Entity::insert_many(rows.to_vec())
            .on_conflict(replace)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Removes notes that were dealt with.
pub async fn unmark(
    tx: &DatabaseTransaction,
    project: ProjectId,
    marks: &[&str],
) -> Result<(), SubscriptionError> {
    for marks in marks.chunks(ROWS) {
        stale::Entity::delete_many()
            .filter(stale::Column::ProjectId.eq(project.to_string()))
            .filter(stale::Column::Id.is_in(marks.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The first instant at which an entry that was ahead comes to pass.
pub async fn next_time(
    connection: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<i64>, SubscriptionError> {
    let first: Option<Option<i64>> = customer::Entity::find()
        .select_only()
        .column_as(customer::Column::NextTime.min(), "next")
        .filter(customer::Column::ProjectId.eq(project.to_string()))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(first.flatten())
}

/// Projects with something to restate, and since when or from when on.
pub async fn due(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, SubscriptionError> {
    let marked: Vec<String> = stale::Entity::find()
        .select_only()
        .column(stale::Column::ProjectId)
        .distinct()
        .into_tuple()
        .all(connection)
        .await?;
    let timed: Vec<(String, i64)> = state::Entity::find()
        .select_only()
        .column(state::Column::ProjectId)
        .column(state::Column::DueTime)
        .filter(state::Column::DueTime.is_not_null())
        .into_tuple()
        .all(connection)
        .await?;
    let mut due: BTreeMap<String, Timestamp> = timed
        .into_iter()
        .map(|(project, time)| (project, instant(time)))
        .collect();
    due.extend(marked.into_iter().map(|project| (project, Timestamp::MIN)));
    Ok(due
        .into_iter()
        .filter_map(|(project, time)| Some((project.parse().ok()?, time)))
        .collect())
}

/// Makes everything that was converted due for conversion again.
pub async fn outdate_rates(
    tx: &DatabaseTransaction,
    project: ProjectId,
) -> Result<(), SubscriptionError> {
    state::Entity::update_many()
        .col_expr(state::Column::Rates, Expr::col(state::Column::Rates).add(1))
        .col_expr(state::Column::DueTime, Expr::value(0_i64))
        .filter(state::Column::ProjectId.eq(project.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Which of these customers are in no figure.
pub async fn excluded(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &BTreeSet<String>,
) -> Result<BTreeSet<String>, SubscriptionError> {
    let mut found = BTreeSet::new();
    for ids in chunks(customers) {
        let rows: Vec<String> = excluded::Entity::find()
            .select_only()
            .column(excluded::Column::CustomerId)
            .filter(excluded::Column::ProjectId.eq(project.to_string()))
            .filter(excluded::Column::CustomerId.is_in(ids))
            .into_tuple()
            .all(connection)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Takes a customer out of all figures.
pub async fn exclude(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: &str,
) -> Result<(), SubscriptionError> {
    let row = excluded::ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_owned()),
    };
    let known = OnConflict::columns([excluded::Column::ProjectId, excluded::Column::CustomerId])
        .do_nothing()
        .to_owned();
    excluded::Entity::insert(row)
        .on_conflict(known)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Writes anew which subscriptions of these customers cannot be converted.
pub async fn save_unconverted(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customers: &BTreeSet<String>,
    found: &[(String, String)],
) -> Result<(), SubscriptionError> {
    for ids in chunks(customers) {
        unconverted::Entity::delete_many()
            .filter(unconverted::Column::ProjectId.eq(project.to_string()))
            .filter(unconverted::Column::CustomerId.is_in(ids))
            .exec(tx)
            .await?;
    }
    let rows: Vec<unconverted::ActiveModel> = found
        .iter()
        .map(|(subscription, customer)| unconverted::ActiveModel {
            project_id: Set(project.to_string()),
            subscription_id: Set(subscription.clone()),
            customer_id: Set(customer.clone()),
        })
        .collect();
    for rows in rows.chunks(ROWS) {
        let known = OnConflict::columns([
            unconverted::Column::ProjectId,
            unconverted::Column::SubscriptionId,
        ])
        .update_column(unconverted::Column::CustomerId)
        .to_owned();
        unconverted::Entity::insert_many(rows.to_vec())
            .on_conflict(known)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Subscriptions that cannot be converted, and their customers, by subscription.
pub async fn unconverted(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, String)>, SubscriptionError> {
    Ok(unconverted::Entity::find()
        .select_only()
        .column(unconverted::Column::SubscriptionId)
        .column(unconverted::Column::CustomerId)
        .filter(unconverted::Column::ProjectId.eq(project.to_string()))
        .filter(unconverted::Column::SubscriptionId.gt(after))
        .order_by_asc(unconverted::Column::SubscriptionId)
        .limit(limit)
        .into_tuple()
        .all(connection)
        .await?)
}

fn reaches(count: usize, limit: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| count >= limit)
}

fn chunks(ids: &BTreeSet<String>) -> impl Iterator<Item = Vec<&str>> {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let count = ids.len().div_ceil(ROWS);
    (0..count).map(move |index| ids.iter().skip(index * ROWS).take(ROWS).copied().collect())
}

/// Entries as they are stored: names once, entries by reference to them.
#[derive(Clone, PartialEq, prost::Message)]
struct Packed {
    #[prost(string, repeated, tag = "1")]
    names: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    entries: Vec<PackedEntry>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PackedEntry {
    #[prost(uint32, tag = "1")]
    subscription: u32,
    #[prost(sint32, tag = "2")]
    part: i32,
    #[prost(uint32, tag = "3")]
    product: u32,
    #[prost(sint64, tag = "4")]
    at: i64,
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
    #[prost(uint32, tag = "6")]
    class: u32,
}

/// Places of the classes in what is stored. Add at the end only.
const CLASSES: [Class; 7] = [
    Class::Trial,
    Class::Free,
    Class::Paid,
    Class::Ended,
    Class::Delinquent,
    Class::PastDue,
    Class::Lapsed,
];

fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut packed = Packed::default();
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in entries {
        for name in [&entry.subscription_id, &entry.product_key] {
            let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
            places.entry(name).or_insert_with(|| {
                packed.names.push(name.clone());
                next
            });
        }
        let place = |name: &str| places.get(name).copied().unwrap_or_default();
        let class = CLASSES.iter().position(|class| *class == entry.class);
        packed.entries.push(PackedEntry {
            subscription: place(&entry.subscription_id),
            part: entry.part,
            product: place(&entry.product_key),
            at: micros(entry.at),
            value: if entry.monthly_value.is_zero() {
                Vec::new()
            } else {
                entry.monthly_value.serialize().to_vec()
            },
            class: class
                .and_then(|place| u32::try_from(place).ok())
                .unwrap_or_default(),
        });
    }
    packed.encode_to_vec()
}

fn decode(customer: &str, bytes: &[u8]) -> Result<Vec<Entry>, SubscriptionError> {
    let unreadable = || sea_orm::DbErr::Type(format!("kept revenue of {customer} cannot be read"));
    let packed = Packed::decode(bytes).map_err(|_| unreadable())?;
    let name = |place: u32| {
        let place = usize::try_from(place).ok()?;
        packed.names.get(place).cloned()
    };
    packed
        .entries
        .iter()
        .map(|entry| {
            let value = match <[u8; 16]>::try_from(entry.value.as_slice()) {
                Ok(value) => Decimal::deserialize(value),
                Err(_) if entry.value.is_empty() => Decimal::ZERO,
                Err(_) => return None,
            };
            Some(Entry {
                customer_id: customer.to_owned(),
                subscription_id: name(entry.subscription)?,
                part: entry.part,
                product_key: name(entry.product)?,
                at: instant(entry.at),
                monthly_value: value,
                class: *CLASSES.get(usize::try_from(entry.class).ok()?)?,
            })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| unreadable().into())
}

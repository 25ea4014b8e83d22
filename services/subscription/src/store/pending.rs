//! What other services still have to be told: one row per subscription with the newest revision, removed when all know.

use std::collections::BTreeMap;

use chassis::Write;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _,
};

use super::entity::pending_apply::{ActiveModel, Column, Entity};
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// Most rows that one look for work reads.
const LOOK_MAX: u64 = 1_000;
/// Longest pause between two attempts, in microseconds.
const PAUSE_MICROS_MAX: i64 = 15_000_000;
/// Pause after the first failure, in microseconds.
const PAUSE_MICROS_FIRST: i64 = 1_000_000;

/// A subscription to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The revision to apply.
    pub revision: i64,
    /// How often it failed.
    pub attempts: i32,
}

impl Pending {
    /// A revision that nobody was told of yet.
    pub fn new(subscription: &Subscription) -> Self {
        Self {
            subscription: subscription.id,
            revision: subscription.revision,
            attempts: 0,
        }
    }
}

/// Notes with the commit that a revision has to be applied; `free_at` is the system time from which the worker may do it.
pub fn put_later(
    write: &Write,
    project: ProjectId,
    subscription: &Subscription,
    now: Timestamp,
    free_at: Timestamp,
) {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(subscription.id.to_string()),
        customer_id: Set(subscription.customer_id.to_string()),
        revision: Set(subscription.revision),
        attempts: Set(0),
        next_attempt_time: Set(micros(free_at)),
        create_time: Set(micros(now)),
    };
    let replace = OnConflict::columns([Column::ProjectId, Column::SubscriptionId])
        .update_columns([
            Column::Revision,
            Column::Attempts,
            Column::NextAttemptTime,
            Column::CreateTime,
        ])
        .to_owned();
    let insert = Entity::insert(row).on_conflict(replace);
    write.later(insert.build(write.tx().get_database_backend()));
}

/// What a customer's services still have to be told.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Pending>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .limit(LOOK_MAX)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let subscription = row.subscription_id.parse().ok()?;
            Some(Pending {
                subscription,
                revision: row.revision,
                attempts: row.attempts,
            })
        })
        .collect())
}

/// Projects with work that may be tried at a system time, and since when (project time) it waits. Work that was never
/// tried may be tried if it is free before `fresh_until`.
pub async fn due_projects(
    connection: &impl ConnectionTrait,
    system_now: Timestamp,
    fresh_until: Timestamp,
) -> Result<Vec<(ProjectId, Timestamp)>, SubscriptionError> {
    let rows = Entity::find()
        .filter(due(system_now, fresh_until))
        .order_by_asc(Column::NextAttemptTime)
        .limit(LOOK_MAX)
        .all(connection)
        .await?;
    let mut projects: BTreeMap<ProjectId, i64> = BTreeMap::new();
    for row in rows {
        if let Ok(project) = row.project_id.parse() {
            let since = projects.entry(project).or_insert(row.create_time);
            *since = row.create_time.min(*since);
        }
    }
    Ok(projects
        .into_iter()
        .map(|(project, since)| (project, instant(since)))
        .collect())
}

/// Customers of a project with such work.
pub async fn due_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    system_now: Timestamp,
    fresh_until: Timestamp,
) -> Result<Vec<CustomerId>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(due(system_now, fresh_until))
        .order_by_asc(Column::NextAttemptTime)
        .limit(LOOK_MAX)
        .all(connection)
        .await?;
    let mut customers: Vec<CustomerId> = rows
        .iter()
        .filter_map(|row| row.customer_id.parse().ok())
        .collect();
    customers.sort_unstable();
    customers.dedup();
    Ok(customers)
}

fn due(system_now: Timestamp, fresh_until: Timestamp) -> Condition {
    let untried = Condition::all()
        .add(Column::Attempts.eq(0))
        .add(Column::NextAttemptTime.lte(micros(fresh_until)));
    Condition::any()
        .add(Column::NextAttemptTime.lte(micros(system_now)))
        .add(untried)
}

/// Removes with the commit what is applied, unless a newer revision came meanwhile.
pub fn done_later(write: &Write, project: ProjectId, pending: Pending) {
    let delete = Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SubscriptionId.eq(pending.subscription.to_string()))
        .filter(Column::Revision.lte(pending.revision));
    write.later(delete.build(write.tx().get_database_backend()));
}

/// Puts the next attempt off with the commit, each time for longer.
pub fn failed_later(write: &Write, project: ProjectId, pending: Pending, system_now: Timestamp) {
    let doubled = u32::try_from(pending.attempts)
        .ok()
        .and_then(|attempts| PAUSE_MICROS_FIRST.checked_shl(attempts));
    let pause = doubled
        .unwrap_or(PAUSE_MICROS_MAX)
        .clamp(PAUSE_MICROS_FIRST, PAUSE_MICROS_MAX);
    let row = ActiveModel {
        attempts: Set(pending.attempts.saturating_add(1)),
        next_attempt_time: Set(micros(system_now).saturating_add(pause)),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SubscriptionId.eq(pending.subscription.to_string()))
        .filter(Column::Revision.eq(pending.revision));
    write.later(update.build(write.tx().get_database_backend()));
}

//! What other services still have to be told: one row per subscription with the newest revision, removed when all know.

use chassis::Write;
use chassis::db::{instant, micros};
use jiff::{SignedDuration, Timestamp};
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _,
};

use super::entity::pending_apply::{ActiveModel, Column, Entity};
use crate::domain::subscription::Subscription;
use crate::due::{self, Turn};
use crate::error::SubscriptionError;

/// Most rows that one look for work reads.
const LOOK_MAX: u64 = 1_000;
/// Longest pause between two attempts.
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(15);

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

/// Projects with work whose turn it is, and since when (project time) it waits.
pub async fn due_projects(
    connection: &impl ConnectionTrait,
    turn: Turn,
) -> Result<Vec<(ProjectId, Timestamp)>, SubscriptionError> {
    let rows = Entity::find()
        .filter(turn.is_due(Column::Attempts, Column::NextAttemptTime))
        .order_by_asc(Column::NextAttemptTime)
        .limit(LOOK_MAX)
        .all(connection)
        .await?;
    let since = rows.iter().filter_map(|row| {
        let project = row.project_id.parse().ok()?;
        Some((project, instant(row.create_time)))
    });
    Ok(due::oldest(since))
}

/// Customers of a project with such work.
pub async fn due_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    turn: Turn,
) -> Result<Vec<CustomerId>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(turn.is_due(Column::Attempts, Column::NextAttemptTime))
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

/// Removes with the commit what is applied, unless a newer revision came meanwhile.
pub fn done_later(write: &Write, project: ProjectId, pending: Pending) {
    let delete = Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SubscriptionId.eq(pending.subscription.to_string()))
        .filter(Column::Revision.lte(pending.revision));
    write.later(delete.build(write.tx().get_database_backend()));
}

/// Puts the next attempt off with the commit, each time for longer.
pub fn failed_later(write: &Write, project: ProjectId, pending: Pending) {
    let (attempts, next) = due::put_off(pending.attempts, PAUSE_MAX);
    let row = ActiveModel {
        attempts: Set(attempts),
        next_attempt_time: Set(next),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SubscriptionId.eq(pending.subscription.to_string()))
        .filter(Column::Revision.eq(pending.revision));
    write.later(update.build(write.tx().get_database_backend()));
}

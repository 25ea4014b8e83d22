//! Whose rights have changed, and who of them the entitlement service has still to be told about.

use chassis::Write;
use chassis::db::{instant, micros};
use jiff::{SignedDuration, Timestamp};
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait as _, Statement,
};

use super::entity::product_access::{ActiveModel, Column, Entity, Model};
use crate::due::{self, Turn};
use crate::error::SubscriptionError;

/// Most rows that one look for work reads.
const LOOK_MAX: u64 = 1_000;
/// Longest pause between two attempts.
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(15);

/// Rights of a customer that have to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The customer.
    pub customer: CustomerId,
    /// Which change.
    pub revision: i64,
    /// How often it failed.
    pub attempts: i32,
}

/// The column that says which change of the rights was the last.
pub const REVISION: &str = "revision";

/// The statement that notes that the rights of a customer changed; `free_at` is the system time from which the worker may tell of it.
pub fn changed(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
    free_at: Timestamp,
) -> Statement {
    Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO product_access (project_id, customer_id, revision, attempts, next_attempt_time, create_time) \
         VALUES ($1, $2, 1, 0, $3, $4) ON CONFLICT (project_id, customer_id) DO UPDATE SET \
         revision = product_access.revision + 1, attempts = 0, next_attempt_time = excluded.next_attempt_time, \
         create_time = excluded.create_time",
        [
            project.to_string().into(),
            customer.to_string().into(),
            micros(free_at).into(),
            micros(now).into(),
        ],
    )
}

/// What is pending of a customer.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Option<Pending>, SubscriptionError> {
    let row = Entity::find_by_id((project.to_string(), customer.to_string()))
        .one(connection)
        .await?;
    Ok(row
        .filter(|row| row.next_attempt_time.is_some())
        .and_then(|row| pending(&row)))
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

/// Such work of a project.
pub async fn due_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    turn: Turn,
) -> Result<Vec<Pending>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(turn.is_due(Column::Attempts, Column::NextAttemptTime))
        .order_by_asc(Column::NextAttemptTime)
        .limit(LOOK_MAX)
        .all(connection)
        .await?;
    Ok(rows.iter().filter_map(pending).collect())
}

/// Notes with the commit that it is told, unless more has changed meanwhile.
pub fn done_later(write: &Write, project: ProjectId, pending: Pending) {
    update_later(write, project, pending, None, 0);
}

/// Puts the next attempt off with the commit, each time for longer.
pub fn failed_later(write: &Write, project: ProjectId, pending: Pending) {
    let (attempts, next) = due::put_off(pending.attempts, PAUSE_MAX);
    update_later(write, project, pending, Some(next), attempts);
}

fn update_later(
    write: &Write,
    project: ProjectId,
    pending: Pending,
    next: Option<i64>,
    attempts: i32,
) {
    let row = ActiveModel {
        attempts: Set(attempts),
        next_attempt_time: Set(next),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(pending.customer.to_string()))
        .filter(Column::Revision.eq(pending.revision));
    write.later(update.build(write.tx().get_database_backend()));
}

fn pending(row: &Model) -> Option<Pending> {
    Some(Pending {
        customer: row.customer_id.parse().ok()?,
        revision: row.revision,
        attempts: row.attempts,
    })
}

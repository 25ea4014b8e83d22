//! Customers who are being erased: what this service removes at once, and what others have still to remove.

use chassis::db::{instant, micros};
use jiff::{SignedDuration, Timestamp};
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};
use serde::{Deserialize, Serialize};

use crate::due::{self, Turn};
use crate::error::SubscriptionError;

/// Longest pause between two attempts.
const PAUSE_MAX: SignedDuration = SignedDuration::from_secs(60);
/// Erasures that the worker looks at in one go.
const LOOK_MAX: i64 = 100;

/// What goes beside the subscriptions themselves.
const OF_CUSTOMER: [&str; 12] = [
    "DELETE FROM store_transaction WHERE project_id = $1 AND line IN \
     (SELECT source_key FROM term WHERE project_id = $1 AND customer_id = $2)",
    "DELETE FROM store_transaction WHERE project_id = $1 AND line IN \
     (SELECT line FROM purchase WHERE project_id = $1 AND customer_id = $2)",
    "DELETE FROM term WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM purchase WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM payment WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM invoice_share WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM product_access WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM revenue_entry WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM subscription_change WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM pending_apply WHERE project_id = $1 AND customer_id = $2",
    "DELETE FROM subscription_name WHERE project_id = $1 AND subscription_id IN \
     (SELECT id FROM subscription WHERE project_id = $1 AND customer_id = $2)",
    "DELETE FROM reported_payment WHERE project_id = $1 AND subscription_id IN \
     (SELECT id FROM subscription WHERE project_id = $1 AND customer_id = $2)",
];

/// A subscription that others still know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// Its id.
    pub id: SubscriptionId,
    /// A revision above all that others know.
    pub revision: i64,
}

/// An erasure that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The project.
    pub project: ProjectId,
    /// Who is erased.
    pub customer: CustomerId,
    /// Subscriptions that billing and catalog may know.
    pub gone: Vec<Gone>,
    /// How often it failed.
    pub attempts: i32,
    /// When it began, in project time.
    pub began_at: Timestamp,
}

/// The subscriptions of a customer, deleted ones too: all of them, and those that other services were told about.
pub async fn subscriptions(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(Vec<SubscriptionId>, Vec<Gone>), SubscriptionError> {
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "SELECT id, revision, kind FROM subscription WHERE project_id = $1 AND customer_id = $2 ORDER BY id",
            [project.to_string().into(), customer.to_string().into()],
        ))
        .await?;
    let (mut all, mut told) = (Vec::new(), Vec::new());
    for row in rows {
        let id: String = row.try_get("", "id")?;
        let Ok(id) = id.parse() else { continue };
        all.push(id);
        let kind: String = row.try_get("", "kind")?;
        if kind == super::subscription::PLAN {
            let revision: i64 = row.try_get("", "revision")?;
            told.push(Gone {
                id,
                revision: revision.saturating_add(1),
            });
        }
    }
    Ok((all, told))
}

/// Removes the subscriptions of a customer, and what hangs on them.
pub async fn remove(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), SubscriptionError> {
    let last = "DELETE FROM subscription WHERE project_id = $1 AND customer_id = $2";
    for sql in OF_CUSTOMER.into_iter().chain([last]) {
        execute(
            tx,
            sql,
            [project.to_string().into(), customer.to_string().into()],
        )
        .await?;
    }
    super::revenue::remove_customer(tx, project, &customer.to_string()).await
}

/// Notes that other services have still to erase a customer. The call that does it has until `free_at`.
pub async fn begin(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
    gone: &[Gone],
    (now, free_at): (Timestamp, Timestamp),
) -> Result<(), SubscriptionError> {
    let sql = "INSERT INTO pending_erasure \
               (project_id, customer_id, subscriptions, attempts, next_attempt_time, create_time) \
               VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (project_id, customer_id) DO NOTHING";
    let gone = serde_json::to_string(gone).map_err(SubscriptionError::Corrupt)?;
    let values = [
        project.to_string().into(),
        customer.to_string().into(),
        gone.into(),
        micros(free_at).into(),
        micros(now).into(),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}

/// The erasure is over.
pub async fn done(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), SubscriptionError> {
    let sql = "DELETE FROM pending_erasure WHERE project_id = $1 AND customer_id = $2";
    execute(
        tx,
        sql,
        [project.to_string().into(), customer.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Puts the next attempt off, each time for longer.
pub async fn failed(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
    attempts: i32,
) -> Result<(), SubscriptionError> {
    let (attempts, next) = due::put_off(attempts, PAUSE_MAX);
    let sql = "UPDATE pending_erasure SET attempts = $3, next_attempt_time = $4 \
               WHERE project_id = $1 AND customer_id = $2";
    let values = [
        project.to_string().into(),
        customer.to_string().into(),
        attempts.into(),
        next.into(),
    ];
    execute(tx, sql, values).await?;
    Ok(())
}

/// Erasures that nobody is at: those whose pause is over, and those that were begun before this process and left untried.
pub async fn due(
    connection: &impl ConnectionTrait,
    turn: Turn,
) -> Result<Vec<Pending>, SubscriptionError> {
    let [again, fresh] = turn.limits();
    let sql = "SELECT * FROM pending_erasure \
               WHERE next_attempt_time <= $1 OR (attempts = 0 AND next_attempt_time <= $2) \
               ORDER BY next_attempt_time LIMIT $3";
    let values = [again.into(), fresh.into(), LOOK_MAX.into()];
    read(connection, sql, values).await
}

/// The erasure of a customer, if one is not over.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Option<Pending>, SubscriptionError> {
    let sql = "SELECT * FROM pending_erasure WHERE project_id = $1 AND customer_id = $2";
    let values = [project.to_string().into(), customer.to_string().into()];
    Ok(read(connection, sql, values).await?.pop())
}

async fn read<const N: usize>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<Pending>, SubscriptionError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut found = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let text = |column: &str| row.try_get::<String>("", column);
        let (project, customer) = (text("project_id")?, text("customer_id")?);
        if let (Ok(project), Ok(customer)) = (project.parse(), customer.parse()) {
            found.push(Pending {
                project,
                customer,
                gone: serde_json::from_str(&text("subscriptions")?)
                    .map_err(SubscriptionError::Corrupt)?,
                attempts: row.try_get("", "attempts")?,
                began_at: instant(row.try_get("", "create_time")?),
            });
        }
    }
    Ok(found)
}

async fn execute<const N: usize>(
    tx: &DatabaseTransaction,
    sql: &str,
    values: [Value; N],
) -> Result<u64, SubscriptionError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

//! One number per customer that every write moves on: two writes that saw the same number cannot both commit, on
//! whatever replicas they run. It also numbers the reports to the customer service.

use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Statement};

use super::subscription;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// The number that a write must still find.
pub async fn read(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<i64, SubscriptionError> {
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT sequence FROM customer_gate WHERE project_id = $1 AND customer_id = $2",
            [project.to_string().into(), customer.to_string().into()],
        ))
        .await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "sequence"))?)
}

/// What a decision about a customer leans on, in one look.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The number that a write must still find.
    pub sequence: i64,
    /// All subscriptions from plans that were not deleted, by start.
    pub stored: Vec<Subscription>,
    /// Whether other services still have to be told something.
    pub pending: bool,
    /// Which change of the customer's rights by what was bought was the last; 0: there was none.
    pub rights: i64,
    /// Whether the customer has had anything that such rights come from.
    pub bought: bool,
}

/// Looks at a customer.
pub async fn look(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Seen, SubscriptionError> {
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT g.sequence, s.document, \
             (SELECT count(*) FROM pending_apply \
              WHERE pending_apply.project_id = $1 AND pending_apply.customer_id = $2) AS pending, \
             (SELECT p.revision FROM product_access AS p \
              WHERE p.project_id = $1 AND p.customer_id = $2) AS rights, \
             CASE WHEN EXISTS (SELECT 1 FROM term AS t WHERE t.project_id = $1 AND t.customer_id = $2) \
             OR EXISTS (SELECT 1 FROM purchase AS b WHERE b.project_id = $1 AND b.customer_id = $2) \
             THEN 1 ELSE 0 END AS bought \
             FROM (SELECT 1 AS one) AS o \
             LEFT JOIN customer_gate AS g ON g.project_id = $1 AND g.customer_id = $2 \
             LEFT JOIN subscription AS s ON s.project_id = $1 AND s.customer_id = $2 \
             AND s.delete_time IS NULL AND s.kind = 'plan' \
             ORDER BY s.active_from, s.id LIMIT $3",
            [
                project.to_string().into(),
                customer.to_string().into(),
                subscription::CUSTOMER_MAX.into(),
            ],
        ))
        .await?;
    let mut seen = Seen {
        sequence: 0,
        stored: Vec::with_capacity(rows.len()),
        pending: false,
        rights: 0,
        bought: false,
    };
    for row in rows {
        seen.sequence = row.try_get::<Option<i64>>("", "sequence")?.unwrap_or(0);
        seen.pending = row.try_get::<i64>("", "pending")? > 0;
        seen.rights = row.try_get::<Option<i64>>("", "rights")?.unwrap_or(0);
        seen.bought = row.try_get::<i32>("", "bought")? > 0;
        if let Some(document) = row.try_get::<Option<String>>("", "document")? {
            seen.stored.push(subscription::read(&document)?);
        }
    }
    Ok(seen)
}

/// Moves the number on; refuses when somebody else did.
pub async fn advance(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
    seen: i64,
) -> Result<(), SubscriptionError> {
    let done = tx
        .execute_raw(advancement(
            tx.get_database_backend(),
            project,
            customer,
            seen,
        ))
        .await?;
    advanced(done.rows_affected())
}

/// The statement that moves the number on; it writes no row when somebody else did.
pub fn advancement(
    backend: DatabaseBackend,
    project: ProjectId,
    customer: CustomerId,
    seen: i64,
) -> Statement {
    Statement::from_sql_and_values(
        backend,
        "INSERT INTO customer_gate (project_id, customer_id, sequence) VALUES ($1, $2, $3 + 1) \
         ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = customer_gate.sequence + 1 \
         WHERE customer_gate.sequence = $3",
        [
            project.to_string().into(),
            customer.to_string().into(),
            seen.into(),
        ],
    )
}

/// Refuses when the number was not moved on.
pub fn advanced(rows: u64) -> Result<(), SubscriptionError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(SubscriptionError::Raced)
    }
}

//! One number per customer that every write moves on: two writes that saw the same number cannot both commit, on
//! whatever replicas they run. It also numbers the reports to the customer service.

use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};

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

/// Moves the number on; refuses when somebody else did.
pub async fn advance(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
    seen: i64,
) -> Result<(), SubscriptionError> {
    let done = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO customer_gate (project_id, customer_id, sequence) VALUES ($1, $2, $3 + 1) \
             ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = customer_gate.sequence + 1 \
             WHERE customer_gate.sequence = $3",
            [project.to_string().into(), customer.to_string().into(), seen.into()],
        ))
        .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(SubscriptionError::Raced)
    }
}

//! Counters of invoice numbers. They stand still for nobody: a number once given is never
//! given again.

use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, Statement};

use crate::{domain::numbering::Scope, error::BillingError};

/// The next number of a scope. Concurrent writers of one scope wait for each other.
pub async fn next(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    scope: Scope,
) -> Result<i64, BillingError> {
    let row = tx
        .query_one_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO sequence (project_id, scope, last) VALUES ($1, $2, 1) \
             ON CONFLICT (project_id, scope) DO UPDATE SET last = sequence.last + 1 RETURNING last",
            [project.to_string().into(), scope.counter().into()],
        ))
        .await?
        .ok_or(BillingError::CorruptColumn("sequence.last"))?;
    Ok(row.try_get("", "last")?)
}

//! Removing what is kept of a customer.

use kernel::id::{CustomerId, InvoiceId, ProjectId};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

use super::id;
use crate::error::BillingError;

/// What is kept of a customer beside invoices.
const OF_CUSTOMER: [&str; 3] = ["customer_override", "customer_app", "stale_hold"];

/// Ids of all invoices of a customer, gathering and deleted ones too, behind an id.
pub async fn invoices(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    after: &str,
    limit: u64,
) -> Result<Vec<InvoiceId>, BillingError> {
    let sql = "SELECT id FROM invoice WHERE project_id = $1 AND customer_id = $2 AND id > $3 \
               ORDER BY id LIMIT $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values: [Value; 4] = [
        project.to_string().into(),
        customer.to_string().into(),
        after.into(),
        limit.into(),
    ];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            sql,
            values,
        ))
        .await?;
    rows.iter()
        .map(|row| {
            let text: String = row.try_get("", "id")?;
            id("invoice.id", &text)
        })
        .collect()
}

/// Ids of the apps that know a customer.
pub async fn apps(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<String>, BillingError> {
    let sql = "SELECT app_id FROM customer_app WHERE project_id = $1 AND customer_id = $2";
    let values: [Value; 2] = [project.to_string().into(), customer.to_string().into()];
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            sql,
            values,
        ))
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("", "app_id")?))
        .collect()
}

/// Removes an invoice with its lines, without a trace.
pub async fn remove_invoice(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoice: InvoiceId,
) -> Result<(), BillingError> {
    for sql in [
        "DELETE FROM invoice_line WHERE project_id = $1 AND invoice_id = $2",
        "DELETE FROM invoice WHERE project_id = $1 AND id = $2",
    ] {
        execute(tx, sql, [project.to_string(), invoice.to_string()]).await?;
    }
    Ok(())
}

/// Removes what is kept of a customer beside invoices and copies of subscriptions.
pub async fn forget(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), BillingError> {
    for table in OF_CUSTOMER {
        let sql = format!("DELETE FROM {table} WHERE project_id = $1 AND customer_id = $2");
        execute(tx, &sql, [project.to_string(), customer.to_string()]).await?;
    }
    let sql = "DELETE FROM customer WHERE project_id = $1 AND id = $2";
    execute(tx, sql, [project.to_string(), customer.to_string()]).await?;
    Ok(())
}

async fn execute(tx: &impl ConnectionTrait, sql: &str, values: [String; 2]) -> Result<(), DbErr> {
    let values = values.map(Value::from);
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

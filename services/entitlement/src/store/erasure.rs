//! Removing everything of a customer.

use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// What belongs to a customer's entitlements.
const BY_ENTITLEMENT: [&str; 2] = ["usage_reset", "balance_checkpoint"];
/// What belongs to a customer.
const BY_CUSTOMER: [&str; 5] = [
    "entitlement_grant",
    "subscription_reservation",
    "promotional_access",
    "product_right",
    "entitlement",
];

/// Ids of all entitlements, grants and promotional access of a customer, deleted ones too.
pub async fn resources(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<String>, DbErr> {
    let rows = connection
        .query_all_raw(statement(
            connection,
            "SELECT id FROM entitlement WHERE project_id = $1 AND customer_id = $2 \
             UNION ALL SELECT id FROM entitlement_grant WHERE project_id = $1 AND customer_id = $2 \
             UNION ALL SELECT id FROM promotional_access WHERE project_id = $1 AND customer_id = $2",
            project,
            customer,
        ))
        .await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Removes the rows. States of the customer's subscriptions that come late have no effect afterwards.
pub async fn erase(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), DbErr> {
    let owned = BY_ENTITLEMENT.map(|table| {
        format!(
            "DELETE FROM {table} WHERE project_id = $1 AND entitlement_id IN \
             (SELECT id FROM entitlement WHERE project_id = $1 AND customer_id = $2)"
        )
    });
    let direct = BY_CUSTOMER
        .map(|table| format!("DELETE FROM {table} WHERE project_id = $1 AND customer_id = $2"));
    let settled = format!(
        "UPDATE subscription_applied SET revision = {} WHERE project_id = $1 AND customer_id = $2",
        i64::MAX
    );
    // Nor have rights that are told late.
    let forgotten = format!(
        "UPDATE product_right_state SET revision = {} WHERE project_id = $1 AND customer_id = $2",
        i64::MAX
    );
    for sql in owned.into_iter().chain(direct).chain([settled, forgotten]) {
        connection
            .execute_raw(statement(connection, &sql, project, customer))
            .await?;
    }
    Ok(())
}

fn statement(
    connection: &impl ConnectionTrait,
    sql: &str,
    project: ProjectId,
    customer: CustomerId,
) -> Statement {
    Statement::from_sql_and_values(
        connection.get_database_backend(),
        sql,
        [project.to_string().into(), customer.to_string().into()],
    )
}

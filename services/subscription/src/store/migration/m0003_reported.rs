//! Subscriptions of every origin in one table, numbered and named; payments by key; erasures under way.

use std::str::FromStr;

use chassis::short_id::{Digits, candidate};
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_reported"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            text("kind").default("plan").to_owned(),
            big_integer("sequence").default(0).to_owned(),
            text("short_id").default("").to_owned(),
        ] {
            let mut table = Table::alter();
            table.table("subscription").add_column(column);
            manager.alter_table(table).await?;
        }
        for table in [counter(), name(), payment(), erasure()] {
            manager.create_table(table).await?;
        }
        number(manager).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// How many subscriptions a project has had.
fn counter() -> TableCreateStatement {
    Table::create()
        .table("subscription_counter")
        .col(text("project_id"))
        .col(big_integer("last"))
        .primary_key(Index::create().col("project_id"))
        .to_owned()
}

/// Every text that names a subscription, or one of its items.
fn name() -> TableCreateStatement {
    Table::create()
        .table("subscription_name")
        .col(text("project_id"))
        .col(text("name"))
        .col(text("subscription_id"))
        .col(text_null("product_key"))
        .primary_key(Index::create().col("project_id").col("name"))
        .to_owned()
}

/// Which subscription holds a reported payment.
fn payment() -> TableCreateStatement {
    Table::create()
        .table("reported_payment")
        .col(text("project_id"))
        .col(text("payment_key"))
        .col(text("subscription_id"))
        .primary_key(Index::create().col("project_id").col("payment_key"))
        .to_owned()
}

/// Customers who are being erased.
fn erasure() -> TableCreateStatement {
    Table::create()
        .table("pending_erasure")
        .col(text("project_id"))
        .col(text("customer_id"))
        .col(text("subscriptions"))
        .col(integer("attempts"))
        .col(big_integer("next_attempt_time"))
        .col(big_integer("create_time"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |table: &'static str, name: &'static str, column: &'static str| {
        Index::create()
            .name(name)
            .table(table)
            .col("project_id")
            .col(column)
            .to_owned()
    };
    let mut by_sequence = index("subscription", "subscription_by_sequence", "sequence");
    by_sequence.unique();
    vec![
        by_sequence,
        index(
            "subscription_name",
            "subscription_name_by_subscription",
            "subscription_id",
        ),
        index(
            "reported_payment",
            "reported_payment_by_subscription",
            "subscription_id",
        ),
        Index::create()
            .name("pending_erasure_by_time")
            .table("pending_erasure")
            .col("next_attempt_time")
            .to_owned(),
    ]
}

/// Gives what there is its number and its short id, in the order in which it was made.
async fn number(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = connection.get_database_backend();
    let rows = connection
        .query_all_raw(Statement::from_string(
            backend,
            "SELECT project_id, id FROM subscription ORDER BY project_id, id",
        ))
        .await?;
    let mut last: Option<(String, i64)> = None;
    for row in rows {
        let (project, id): (String, String) =
            (row.try_get("", "project_id")?, row.try_get("", "id")?);
        let sequence = match last.take() {
            Some((of, sequence)) if of == project => sequence + 1,
            Some(_) | None => 1,
        };
        let parsed = ProjectId::from_str(&project)
            .map_err(|error| DbErr::Custom(format!("project {project}: {error}")))?;
        let short_id = candidate(parsed, "pws_", (Digits::Base32, 24), &id, 0);
        for (sql, values) in [
            (
                "UPDATE subscription SET sequence = $1, short_id = $2 WHERE project_id = $3 AND id = $4",
                vec![
                    sequence.into(),
                    short_id.clone().into(),
                    project.clone().into(),
                    id.clone().into(),
                ],
            ),
            (
                "INSERT INTO subscription_name (project_id, name, subscription_id) VALUES ($1, $2, $3)",
                vec![project.clone().into(), short_id.into(), id.into()],
            ),
            (
                "INSERT INTO subscription_counter (project_id, last) VALUES ($1, $2) \
                 ON CONFLICT (project_id) DO UPDATE SET last = excluded.last",
                vec![project.clone().into(), sequence.into()],
            ),
        ] {
            connection
                .execute_raw(Statement::from_sql_and_values(backend, sql, values))
                .await?;
        }
        last = Some((project, sequence));
    }
    Ok(())
}

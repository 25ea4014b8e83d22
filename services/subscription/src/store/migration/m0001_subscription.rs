//! Subscriptions, the gate per customer, work to apply, and the change ledger.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_subscription"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            subscription(),
            customer_gate(),
            pending_apply(),
            revenue_change(manager),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn subscription() -> TableCreateStatement {
    Table::create()
        .table("subscription")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("customer_id"))
        .col(text_null("plan_key"))
        .col(big_integer("active_from"))
        .col(big_integer("active_to"))
        .col(big_integer("revision"))
        .col(big_integer_null("delete_time"))
        .col(text("document"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn customer_gate() -> TableCreateStatement {
    Table::create()
        .table("customer_gate")
        .col(text("project_id"))
        .col(text("customer_id"))
        .col(big_integer("sequence"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

fn pending_apply() -> TableCreateStatement {
    Table::create()
        .table("pending_apply")
        .col(text("project_id"))
        .col(text("subscription_id"))
        .col(text("customer_id"))
        .col(big_integer("revision"))
        .col(integer("attempts"))
        .col(big_integer("next_attempt_time"))
        .col(big_integer("create_time"))
        .primary_key(Index::create().col("project_id").col("subscription_id"))
        .to_owned()
}

fn revenue_change(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("revenue_change")
        .col(text("project_id"))
        .col(text("subscription_id"))
        .col(big_integer("effective_time"))
        .col(text("customer_id"))
        .col(text("product_key"))
        .col(text("currency"))
        .col(chassis::db::exact(manager, "monthly_value"))
        .col(text("class"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("subscription_id")
                .col("effective_time"),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |table: &'static str, name: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table);
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index(
            "subscription",
            "subscription_by_customer",
            &["project_id", "customer_id", "active_from"],
        ),
        index(
            "subscription",
            "subscription_by_start",
            &["project_id", "active_from", "id"],
        ),
        index(
            "subscription",
            "subscription_by_end",
            &["project_id", "active_to", "id"],
        ),
        index(
            "subscription",
            "subscription_by_plan",
            &["project_id", "plan_key"],
        ),
        index(
            "pending_apply",
            "pending_apply_by_time",
            &["next_attempt_time"],
        ),
        index(
            "pending_apply",
            "pending_apply_by_customer",
            &["project_id", "customer_id"],
        ),
        index(
            "revenue_change",
            "revenue_change_by_time",
            &["project_id", "effective_time", "subscription_id"],
        ),
        index(
            "revenue_change",
            "revenue_change_by_customer",
            &["project_id", "customer_id", "effective_time"],
        ),
    ]
}

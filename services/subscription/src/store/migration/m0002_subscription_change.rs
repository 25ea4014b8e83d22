//! The ledger of terms.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_subscription_change"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("subscription_change")
            .col(text("project_id"))
            .col(text("id"))
            .col(text("subscription_id"))
            .col(text("customer_id"))
            .col(big_integer("revision"))
            .col(text("cause"))
            .col(text("actor"))
            .col(big_integer("record_time"))
            .col(big_integer("effective_time"))
            .col(big_integer_null("end_time"))
            .col(text("item_key"))
            .col(text("document"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned();
        manager.create_table(table).await?;
        for (name, column) in [
            ("subscription_change_by_subscription", "subscription_id"),
            ("subscription_change_by_customer", "customer_id"),
        ] {
            let index = Index::create()
                .name(name)
                .table("subscription_change")
                .col("project_id")
                .col(column)
                .col("id")
                .to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

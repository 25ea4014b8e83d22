//! Customers whose hold has to be brought up to date.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Hold;

impl MigrationName for Hold {
    fn name(&self) -> &'static str {
        "m0003_hold"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Hold {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("stale_hold")
                    .col(text("project_id"))
                    .col(text("customer_id"))
                    .col(big_integer("due_time"))
                    .primary_key(Index::create().col("project_id").col("customer_id"))
                    .to_owned(),
            )
            .await
    }
}

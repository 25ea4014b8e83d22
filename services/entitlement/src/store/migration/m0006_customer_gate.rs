//! One number per customer that every write to its entitlements moves on.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the table.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_customer_gate"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("customer_gate")
                    .col(string("project_id"))
                    .col(string("customer_id"))
                    .col(big_integer("sequence"))
                    .primary_key(Index::create().col("project_id").col("customer_id"))
                    .to_owned(),
            )
            .await
    }
}

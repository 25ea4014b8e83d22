//! Calls counted against the limits that contracts document.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct RateCharges;

impl MigrationName for RateCharges {
    fn name(&self) -> &'static str {
        "m0005_rate_charge"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for RateCharges {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("rate_charge")
                    .col(text("project_id"))
                    .col(text("key_id"))
                    .col(text("bucket"))
                    .col(big_integer("time"))
                    .col(text("id"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("key_id")
                            .col("bucket")
                            .col("time")
                            .col("id"),
                    )
                    .to_owned(),
            )
            .await
    }
}

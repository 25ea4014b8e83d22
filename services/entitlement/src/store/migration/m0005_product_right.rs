//! What customers may use by what they bought.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_product_right"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("product_right")
                    .col(string("project_id"))
                    .col(string("customer_id"))
                    .col(integer("number"))
                    .col(string("source_id"))
                    .col(string_null("product_id"))
                    .col(string_null("feature_key"))
                    .col(big_integer("start_time"))
                    .col(big_integer_null("end_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("customer_id")
                            .col("number"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("product_right_state")
                    .col(string("project_id"))
                    .col(string("customer_id"))
                    .col(big_integer("revision"))
                    .primary_key(Index::create().col("project_id").col("customer_id"))
                    .to_owned(),
            )
            .await
    }
}

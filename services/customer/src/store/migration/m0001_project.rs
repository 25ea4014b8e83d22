//! Projects, API keys, test clocks, exchange rates.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Projects;

impl MigrationName for Projects {
    fn name(&self) -> &'static str {
        "m0001_project"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Projects {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("project")
                    .col(text("id"))
                    .col(text("name"))
                    .col(text("currency"))
                    .col(text("time_zone"))
                    .col(text("revenuecat_id"))
                    .col(text("company_id"))
                    .col(big_integer("revision"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .primary_key(Index::create().col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_key")
                    .col(text("project_id"))
                    .col(text("id"))
                    .col(text_null("display_name"))
                    .col(text("kind"))
                    .col(text_null("public_prefix"))
                    .col(text("key_hash"))
                    .col(text("permissions"))
                    .col(big_integer_null("expire_time"))
                    .col(big_integer_null("last_use_time"))
                    .col(big_integer_null("revoke_time"))
                    .col(big_integer("create_time"))
                    .primary_key(Index::create().col("project_id").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("test_clock")
                    .col(text("project_id"))
                    .col(big_integer("time"))
                    .col(big_integer("revision"))
                    .primary_key(Index::create().col("project_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("exchange_rate")
                    .col(text("project_id"))
                    .col(text("from_currency"))
                    .col(text("to_currency"))
                    .col(big_integer("effective_time"))
                    .col(chassis::db::exact(manager, "rate"))
                    .col(big_integer("update_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("from_currency")
                            .col("to_currency")
                            .col("effective_time"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("project_by_name")
                    .table("project")
                    .col("name")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("project_by_revenuecat_id")
                    .table("project")
                    .col("revenuecat_id")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("project_by_company_id")
                    .table("project")
                    .col("company_id")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("api_key_by_public_prefix")
                    .table("api_key")
                    .col("public_prefix")
                    .unique()
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("api_key_by_hash")
                    .table("api_key")
                    .col("key_hash")
                    .unique()
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}

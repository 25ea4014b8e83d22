//! Subjects.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Subjects;

impl MigrationName for Subjects {
    fn name(&self) -> &'static str {
        "m0003_subject"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Subjects {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("subject")
                    .col(text("project_id"))
                    .col(text("id"))
                    .col(text("key"))
                    .col(text_null("live_key"))
                    .col(text_null("display_name"))
                    .col(text("metadata"))
                    .col(text_null("stripe_customer_id"))
                    .col(big_integer("revision"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .col(big_integer_null("delete_time"))
                    .primary_key(Index::create().col("project_id").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("subject_by_live_key")
                    .table("subject")
                    .col("project_id")
                    .col("live_key")
                    .unique()
                    .to_owned(),
            )
            .await?;
        Ok(())
    }
}

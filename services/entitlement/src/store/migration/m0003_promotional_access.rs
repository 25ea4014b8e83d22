//! Access to features that was given away.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the table.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0003_promotional_access"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("promotional_access")
                    .col(string("project_id"))
                    .col(string("id"))
                    .col(string("customer_id"))
                    .col(string("feature_key"))
                    .col(big_integer("start_time"))
                    .col(big_integer_null("end_time"))
                    .col(big_integer_null("revoke_time"))
                    .col(big_integer("revision"))
                    .col(big_integer("create_time"))
                    .primary_key(Index::create().col("project_id").col("id"))
                    .to_owned(),
            )
            .await?;
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX promotional_access_by_customer ON promotional_access (project_id, customer_id)",
            )
            .await
            .map(drop)
    }
}

//! A number per customer that every reservation and every report of its subscriptions moves on.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct ReportChange;

impl MigrationName for ReportChange {
    fn name(&self) -> &'static str {
        "m0006_report_change"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ReportChange {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("subscription_report")
                    .add_column(big_integer("change").default(0))
                    .to_owned(),
            )
            .await
    }
}

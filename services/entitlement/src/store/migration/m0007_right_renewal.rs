//! Rights that are renewed period by period. Those that are known are told again with the next change of what was bought.

use sea_orm_migration::prelude::*;

/// Adds the columns.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_right_renewal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in [
            "ALTER TABLE product_right ADD COLUMN renewal_interval TEXT",
            "ALTER TABLE product_right ADD COLUMN renewal_anchor BIGINT",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}

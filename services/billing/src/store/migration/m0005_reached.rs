//! How far the lines of a subscription were made is kept beside its copy. Copies that were there before are looked at
//! from their beginning once more.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Reached;

impl MigrationName for Reached {
    fn name(&self) -> &'static str {
        "m0005_reached"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Reached {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("subscription")
                    .add_column(text("reached").default("{}"))
                    .to_owned(),
            )
            .await
    }
}

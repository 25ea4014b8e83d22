//! Subscriptions that a store runs are listed beside all others: of one that goes on at its known end if its store says so, that has to be
//! seen without reading it.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0006_store_lines"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table
            .table("subscription")
            .add_column(boolean("renews").default(false));
        manager.alter_table(table.to_owned()).await
    }
}

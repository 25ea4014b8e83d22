//! What is given away ends with the entitlement definition that it was given by: from a definition to what was given.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_given_definition"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table
            .table("term")
            .add_column(text_null("entitlement_definition_id"));
        manager.alter_table(table.to_owned()).await?;
        // Few terms were given away: the others are not in the index.
        let index = "CREATE INDEX term_by_definition ON term (project_id, entitlement_definition_id) \
                     WHERE entitlement_definition_id IS NOT NULL";
        let connection = manager.get_connection();
        connection.execute_unprepared(index).await.map(drop)
    }
}

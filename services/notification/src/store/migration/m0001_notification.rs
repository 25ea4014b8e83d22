//! Channels and rules.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_notification"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for statement in INDEXES {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        Ok(())
    }
}

fn tables() -> [TableCreateStatement; 4] {
    [
        Table::create()
            .table("channel")
            .col(string("project_id"))
            .col(string("id"))
            .col(string("kind"))
            .col(text("name"))
            .col(text("url"))
            .col(text("custom_headers"))
            .col(text("secret"))
            .col(boolean("disabled"))
            .col(text("metadata"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .col(big_integer_null("delete_time"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned(),
        Table::create()
            .table("rule")
            .col(string("project_id"))
            .col(string("id"))
            .col(string("event"))
            .col(text("name"))
            .col(text("thresholds"))
            .col(boolean("disabled"))
            .col(text("metadata"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .col(big_integer_null("delete_time"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned(),
        Table::create()
            .table("rule_channel")
            .col(string("project_id"))
            .col(string("rule_id"))
            .col(string("channel_id"))
            .col(integer("position"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("rule_id")
                    .col("channel_id"),
            )
            .to_owned(),
        Table::create()
            .table("rule_feature")
            .col(string("project_id"))
            .col(string("rule_id"))
            .col(string("feature_id"))
            .col(string("feature_key"))
            .col(integer("position"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("rule_id")
                    .col("feature_id"),
            )
            .to_owned(),
    ]
}

const INDEXES: [&str; 2] = [
    "CREATE INDEX rule_channel_by_channel ON rule_channel (project_id, channel_id)",
    "CREATE INDEX rule_feature_by_feature ON rule_feature (project_id, feature_id)",
];

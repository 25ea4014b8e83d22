//! Features with their holds, plan and add-on versions, plan add-ons.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_catalog"
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

fn tables() -> [TableCreateStatement; 5] {
    [
        Table::create()
            .table("feature")
            .col(string("project_id"))
            .col(string("id"))
            .col(string("key"))
            .col(text("name"))
            .col(string_null("meter_id"))
            .col(string_null("meter_slug"))
            .col(text("body"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .col(big_integer_null("archive_time"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned(),
        Table::create()
            .table("feature_hold")
            .col(string("project_id"))
            .col(string("reason"))
            .col(string("holder_id"))
            .col(string("feature_id"))
            .col(big_integer("start_time"))
            .col(big_integer_null("end_time"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("reason")
                    .col("holder_id")
                    .col("feature_id")
                    .col("start_time"),
            )
            .to_owned(),
        Table::create()
            .table("offer_version")
            .col(string("project_id"))
            .col(string("id"))
            .col(string("kind"))
            .col(string("key"))
            .col(integer("number"))
            .col(string("currency"))
            .col(big_integer_null("effective_from"))
            .col(big_integer_null("effective_to"))
            .col(text("body"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .col(big_integer_null("delete_time"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned(),
        Table::create()
            .table("offer_feature")
            .col(string("project_id"))
            .col(string("offer_id"))
            .col(string("feature_id"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("offer_id")
                    .col("feature_id"),
            )
            .to_owned(),
        Table::create()
            .table("plan_addon")
            .col(string("project_id"))
            .col(string("id"))
            .col(string("plan_id"))
            .col(string("addon_id"))
            .col(string("addon_key"))
            .col(integer("addon_number"))
            .col(string("from_phase"))
            .col(integer_null("max_quantity"))
            .col(text("metadata"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .col(big_integer_null("delete_time"))
            .primary_key(Index::create().col("project_id").col("id"))
            .to_owned(),
    ]
}

/// Partial unique indexes are spelled the same on both databases.
const INDEXES: [&str; 9] = [
    "CREATE UNIQUE INDEX feature_live_key ON feature (project_id, key) WHERE archive_time IS NULL",
    "CREATE INDEX feature_by_key ON feature (project_id, key, id)",
    "CREATE INDEX feature_by_meter ON feature (project_id, meter_slug)",
    "CREATE INDEX feature_hold_by_feature ON feature_hold (project_id, feature_id)",
    "CREATE UNIQUE INDEX offer_version_number ON offer_version (project_id, kind, key, number)",
    "CREATE UNIQUE INDEX offer_version_draft ON offer_version (project_id, kind, key) \
     WHERE effective_from IS NULL AND delete_time IS NULL",
    "CREATE INDEX offer_feature_by_feature ON offer_feature (project_id, feature_id)",
    "CREATE UNIQUE INDEX plan_addon_live ON plan_addon (project_id, plan_id, addon_id) \
     WHERE delete_time IS NULL",
    "CREATE INDEX plan_addon_by_addon ON plan_addon (project_id, addon_id)",
];

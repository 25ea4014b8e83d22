//! Entitlements with their grants, resets and checkpoints, and what is known of subscriptions.

use chassis::db::exact;
use sea_orm_migration::{prelude::*, schema::*};

/// Creates the tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0001_entitlement"
    }
}

/// Every statement that finds rows by something other than the primary key leans on one of these.
const INDEXES: &[&str] = &[
    "CREATE INDEX entitlement_by_customer ON entitlement (project_id, customer_id, feature_key)",
    "CREATE INDEX entitlement_by_feature ON entitlement (project_id, feature_key)",
    "CREATE INDEX entitlement_by_subscription ON entitlement (project_id, subscription_id)",
    "CREATE INDEX entitlement_by_create_time ON entitlement (project_id, create_time, id)",
    "CREATE INDEX entitlement_by_update_time ON entitlement (project_id, update_time, id)",
    "CREATE INDEX entitlement_by_hold_due ON entitlement (project_id) WHERE hold_due",
    "CREATE INDEX entitlement_grant_by_entitlement ON entitlement_grant (project_id, entitlement_id)",
    "CREATE INDEX entitlement_grant_by_customer ON entitlement_grant (project_id, customer_id)",
    "CREATE INDEX entitlement_grant_by_feature ON entitlement_grant (project_id, feature_key)",
    "CREATE INDEX entitlement_grant_by_effective_time ON entitlement_grant (project_id, effective_time, id)",
    "CREATE INDEX subscription_reservation_by_customer ON subscription_reservation (project_id, customer_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables(manager) {
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

fn tables(manager: &SchemaManager<'_>) -> [TableCreateStatement; 6] {
    [
        entitlement(),
        entitlement_grant(manager),
        Table::create()
            .table("usage_reset")
            .col(string("project_id"))
            .col(string("entitlement_id"))
            .col(big_integer("effective_time"))
            .col(big_integer("anchor_time"))
            .col(boolean("preserve_overage"))
            .col(big_integer("create_time"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("entitlement_id")
                    .col("effective_time"),
            )
            .to_owned(),
        Table::create()
            .table("balance_checkpoint")
            .col(string("project_id"))
            .col(string("entitlement_id"))
            .col(big_integer("reset_time"))
            .col(text("state"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("entitlement_id")
                    .col("reset_time"),
            )
            .to_owned(),
        Table::create()
            .table("subscription_applied")
            .col(string("project_id"))
            .col(string("subscription_id"))
            .col(string("customer_id"))
            .col(big_integer("revision"))
            .primary_key(Index::create().col("project_id").col("subscription_id"))
            .to_owned(),
        Table::create()
            .table("subscription_reservation")
            .col(string("project_id"))
            .col(string("subscription_id"))
            .col(string("customer_id"))
            .col(big_integer("revision"))
            .col(text("occupants"))
            .col(big_integer("expire_time"))
            .primary_key(Index::create().col("project_id").col("subscription_id"))
            .to_owned(),
    ]
}

fn entitlement() -> TableCreateStatement {
    Table::create()
        .table("entitlement")
        .col(string("project_id"))
        .col(string("id"))
        .col(string("customer_id"))
        .col(string("feature_id"))
        .col(string("feature_key"))
        .col(string("kind"))
        .col(text("body"))
        .col(binary_null("usage_query"))
        .col(string_null("usage_interval"))
        .col(big_integer_null("usage_anchor"))
        .col(big_integer("active_from"))
        .col(big_integer_null("active_to"))
        .col(string_null("subscription_id"))
        .col(string_null("item_id"))
        .col(text("metadata"))
        .col(text("annotations"))
        .col(boolean("hold_due"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn entitlement_grant(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("entitlement_grant")
        .col(string("project_id"))
        .col(string("id"))
        .col(string("entitlement_id"))
        .col(string("customer_id"))
        .col(string("feature_id"))
        .col(string("feature_key"))
        .col(exact(manager, "amount"))
        .col(integer("priority"))
        .col(big_integer("effective_time"))
        .col(string_null("expiration"))
        .col(big_integer_null("expire_time"))
        .col(exact(manager, "min_rollover"))
        .col(exact(manager, "max_rollover"))
        .col(string_null("recurrence_interval"))
        .col(big_integer_null("recurrence_anchor"))
        .col(big_integer_null("void_time"))
        .col(text("metadata"))
        .col(text("annotations"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

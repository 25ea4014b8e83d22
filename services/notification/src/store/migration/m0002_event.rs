//! Events, their deliveries and attempts, and what the service remembers to find out when to fire.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates the tables.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_event"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [event(), delivery(), attempt()].into_iter().chain(notes()) {
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

fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(string("project_id"))
        .col(string("id"))
        .col(big_integer("sequence"))
        .col(string("kind"))
        .col(string("rule_id"))
        .col(string("object"))
        .col(big_integer("object_sequence"))
        .col(text("body"))
        .col(text("threshold"))
        .col(string("dedupe_hash"))
        .col(text("told"))
        .col(boolean("test"))
        .col(string("entitlement_id"))
        .col(string("customer_id"))
        .col(text("customer_key"))
        .col(string("subject_id"))
        .col(text("subject_key"))
        .col(string("feature_id"))
        .col(string("feature_key"))
        .col(string("invoice_id"))
        .col(text("invoice_number"))
        .col(big_integer("create_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn delivery() -> TableCreateStatement {
    Table::create()
        .table("delivery")
        .col(string("project_id"))
        .col(string("event_id"))
        .col(string("channel_id"))
        .col(string("object"))
        .col(big_integer("sequence"))
        .col(big_integer("event_time"))
        .col(string("state"))
        .col(text("reason"))
        .col(boolean("in_lane"))
        .col(big_integer_null("due_time"))
        .col(string("claim"))
        .col(big_integer_null("first_time"))
        .col(integer("round_attempts"))
        .col(big_integer_null("resend_time"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("event_id")
                .col("channel_id"),
        )
        .to_owned()
}

fn attempt() -> TableCreateStatement {
    Table::create()
        .table("attempt")
        .col(string("project_id"))
        .col(string("event_id"))
        .col(string("channel_id"))
        .col(string("id"))
        .col(string("state"))
        .col(big_integer("attempt_time"))
        .col(integer("status_code"))
        .col(text("body"))
        .col(big_integer("duration_ms"))
        .col(text("url"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("event_id")
                .col("channel_id")
                .col("id"),
        )
        .to_owned()
}

fn notes() -> [TableCreateStatement; 5] {
    [
        Table::create()
            .table("event_sequence")
            .col(string("project_id").primary_key())
            .col(big_integer("last"))
            .to_owned(),
        Table::create()
            .table("channel_health")
            .col(string("project_id"))
            .col(string("channel_id"))
            .col(big_integer_null("failing_since"))
            .col(text("disable_reason"))
            .primary_key(Index::create().col("project_id").col("channel_id"))
            .to_owned(),
        Table::create()
            .table("evaluation")
            .col(string("project_id"))
            .col(string("kind"))
            .col(text("name"))
            .col(big_integer("version"))
            .col(big_integer("ready_time"))
            .primary_key(Index::create().col("project_id").col("kind").col("name"))
            .to_owned(),
        Table::create()
            .table("boundary")
            .col(string("project_id"))
            .col(string("entitlement_id"))
            .col(string("customer_id"))
            .col(string("feature_key"))
            .col(big_integer("boundary_time"))
            .col(big_integer_null("reset_time"))
            .primary_key(Index::create().col("project_id").col("entitlement_id"))
            .to_owned(),
        Table::create()
            .table("seen_invoice")
            .col(string("project_id"))
            .col(string("invoice_id"))
            .col(big_integer("revision"))
            .col(string("digest"))
            .primary_key(Index::create().col("project_id").col("invoice_id"))
            .to_owned(),
    ]
}

const INDEXES: [&str; 11] = [
    "CREATE UNIQUE INDEX event_by_sequence ON event (project_id, sequence)",
    "CREATE INDEX event_by_time ON event (project_id, create_time, id)",
    "CREATE INDEX event_by_rule ON event (project_id, rule_id)",
    "CREATE INDEX event_by_dedupe ON event (project_id, dedupe_hash, sequence)",
    "CREATE UNIQUE INDEX event_by_object ON event (project_id, object, object_sequence)",
    // What is to be sent, earliest first; what waits or is done is not in it.
    "CREATE INDEX delivery_due ON delivery (due_time) WHERE due_time IS NOT NULL",
    // What holds its successors back: one lane per channel and object.
    "CREATE INDEX delivery_lane ON delivery (project_id, channel_id, object, sequence) WHERE in_lane",
    "CREATE INDEX delivery_by_channel ON delivery (project_id, channel_id, event_time)",
    "CREATE INDEX delivery_pending ON delivery (create_time) WHERE state = 'PENDING'",
    "CREATE INDEX evaluation_ready ON evaluation (project_id, ready_time)",
    "CREATE INDEX boundary_by_time ON boundary (project_id, boundary_time)",
];

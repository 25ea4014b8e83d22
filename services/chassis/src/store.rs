//! The tables that every service's schema holds for the chassis: outbox, audit log,
//! idempotency records, feed cursors, leases, what commits touched, and facts about the database itself.

use sea_orm::DatabaseBackend;
use sea_orm_migration::{prelude::*, schema::*};

/// All steps in order.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(ChassisTables),
        Box::new(FastCompression),
        Box::new(VersionTouches),
    ]
}

/// Creates the chassis tables.
struct ChassisTables;

impl MigrationName for ChassisTables {
    fn name(&self) -> &'static str {
        "c0001_chassis"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for ChassisTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("outbox")
                    .col(big_pk_auto("seq"))
                    .col(string("kind"))
                    .col(string("project_id"))
                    .col(string("resource_id"))
                    .col(big_integer("revision"))
                    .col(string("payload_type"))
                    .col(binary("payload"))
                    .col(string("actor"))
                    .col(big_integer("create_time"))
                    .col(string("traceparent"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("audit_entry")
                    .col(big_pk_auto("seq"))
                    .col(string("project_id"))
                    .col(string("kind"))
                    .col(string("resource_id"))
                    .col(string("resource_type"))
                    .col(string("actor"))
                    .col(big_integer("create_time"))
                    .col(binary_null("before"))
                    .col(binary_null("after"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_entry_by_resource")
                    .table("audit_entry")
                    .col("project_id")
                    .col("resource_id")
                    .col("seq")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("idempotency")
                    .col(string("project_id"))
                    .col(string("operation"))
                    .col(string("request_id"))
                    .col(string("request_hash"))
                    .col(integer("status_code"))
                    .col(text("status_message"))
                    .col(binary("answer"))
                    .col(big_integer("create_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("operation")
                            .col("request_id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("idempotency_by_time")
                    .table("idempotency")
                    .col("create_time")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("feed_cursor")
                    .col(string("consumer").primary_key())
                    .col(big_integer("cursor"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("feed_consumer")
                    .col(string("name").primary_key())
                    .col(big_integer("cursor"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("lease")
                    .col(string("name").primary_key())
                    .col(string("holder"))
                    .col(big_integer("until"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("meta")
                    .col(string("name").primary_key())
                    .col(string("value"))
                    .to_owned(),
            )
            .await
    }
}

/// Events and audit rows carry whole documents: most of what a write costs is to compress them.
struct FastCompression;

impl MigrationName for FastCompression {
    fn name(&self) -> &'static str {
        "c0002_compression"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FastCompression {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        crate::db::compress_fast(manager, "outbox", &["payload"]).await?;
        crate::db::compress_fast(manager, "audit_entry", &["before", "after"]).await
    }
}

/// What commits of several replicas touched (`versions`). SQLite has one process, which needs no telling. In a database
/// that was there before, replicas of an earlier build may be at work until they are replaced: for a day nothing is
/// remembered.
struct VersionTouches;

impl MigrationName for VersionTouches {
    fn name(&self) -> &'static str {
        "c0003_versions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for VersionTouches {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if connection.get_database_backend() != DatabaseBackend::Postgres {
            return Ok(());
        }
        connection
            .execute_unprepared(
                "CREATE TABLE version_touch (\
                 xid xid8 NOT NULL DEFAULT pg_current_xact_id(), slots bytea NOT NULL); \
                 CREATE INDEX version_touch_by_xid ON version_touch (xid); \
                 INSERT INTO meta (name, value) SELECT 'versions_from', \
                 ((extract(epoch FROM clock_timestamp()) + 86400) * 1000000)::bigint::text \
                 WHERE EXISTS (SELECT 1 FROM meta)",
            )
            .await?;
        Ok(())
    }
}

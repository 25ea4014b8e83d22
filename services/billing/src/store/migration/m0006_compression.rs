//! Invoices and lines are documents of some kilobytes, which PostgreSQL compresses.

use sea_orm_migration::prelude::*;

/// The migration.
pub struct Compression;

impl MigrationName for Compression {
    fn name(&self) -> &'static str {
        "m0006_compression"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Compression {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        chassis::db::compress_fast(manager, "invoice", &["body"]).await?;
        chassis::db::compress_fast(manager, "invoice_line", &["body"]).await
    }
}

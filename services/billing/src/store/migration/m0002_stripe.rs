//! What apps know about customers, the account of a Stripe app, events that arrived, and
//! tax rates of customers.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Stripe;

impl MigrationName for Stripe {
    fn name(&self) -> &'static str {
        "m0002_stripe"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Stripe {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        for column in [
            text_null("account_id"),
            boolean_null("live_mode"),
            text_null("masked_key"),
            text_null("sealed_key"),
            text_null("webhook_id"),
            text_null("sealed_webhook_secret"),
        ] {
            let mut table = Table::alter();
            manager
                .alter_table(table.table("app").add_column(column).to_owned())
                .await?;
        }
        let mut table = Table::alter();
        table
            .table("customer_override")
            .add_column(text_null("tax_rates"));
        manager.alter_table(table.to_owned()).await?;
        manager
            .create_table(
                Table::create()
                    .table("customer_app")
                    .col(text("project_id"))
                    .col(text("customer_id"))
                    .col(text("app_id"))
                    .col(text("kind"))
                    .col(text_null("stripe_customer_id"))
                    .col(text_null("payment_method_id"))
                    .col(text("metadata"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("customer_id")
                            .col("app_id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("customer_app_by_app")
                    .table("customer_app")
                    .col("project_id")
                    .col("app_id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("provider_event")
                    .col(text("project_id"))
                    .col(text("app_id"))
                    .col(text("event_id"))
                    .col(big_integer("create_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("app_id")
                            .col("event_id"),
                    )
                    .to_owned(),
            )
            .await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared("CREATE INDEX app_by_id ON app (id)")
            .await?;
        // An account is installed once, and an outside invoice is one of ours.
        connection
            .execute_unprepared(
                "CREATE UNIQUE INDEX app_account ON app (project_id, account_id) \
                 WHERE account_id IS NOT NULL AND delete_time IS NULL",
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("invoice")
                    .add_column(text_null("external_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("invoice_by_external_id")
                    .table("invoice")
                    .col("project_id")
                    .col("external_id")
                    .to_owned(),
            )
            .await
    }
}

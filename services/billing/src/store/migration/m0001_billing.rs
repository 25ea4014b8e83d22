//! Apps, profiles, overrides, invoices with their lines, counters, and the copies of
//! customers and subscriptions.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Billing;

impl MigrationName for Billing {
    fn name(&self) -> &'static str {
        "m0001_billing"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Billing {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            app(),
            profile(),
            customer_override(),
            customer(),
            invoice(),
            invoice_line(),
            sequence(),
            subscription(),
        ] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            (
                "invoice_by_customer",
                "invoice",
                &["project_id", "customer_id"][..],
            ),
            (
                "invoice_by_create_time",
                "invoice",
                &["project_id", "create_time", "id"],
            ),
            (
                "invoice_by_due_time",
                "invoice",
                &["project_id", "due_time"],
            ),
            (
                "invoice_line_by_invoice",
                "invoice_line",
                &["project_id", "invoice_id"],
            ),
            (
                "invoice_line_by_subscription",
                "invoice_line",
                &["project_id", "subscription_id"],
            ),
            (
                "invoice_line_by_split",
                "invoice_line",
                &["project_id", "split_id"],
            ),
            (
                "subscription_by_customer",
                "subscription",
                &["project_id", "customer_id"],
            ),
            (
                "subscription_by_next_sync",
                "subscription",
                &["project_id", "next_sync_time"],
            ),
            (
                "customer_override_by_profile",
                "customer_override",
                &["project_id", "profile_id"],
            ),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index.to_owned()).await?;
        }
        let connection = manager.get_connection();
        // At most one live default profile, and one gathering invoice per customer and currency.
        connection
            .execute_unprepared(
                "CREATE UNIQUE INDEX billing_profile_default ON billing_profile (project_id) \
                 WHERE is_default AND delete_time IS NULL",
            )
            .await?;
        connection
            .execute_unprepared(
                "CREATE UNIQUE INDEX invoice_gathering ON invoice (project_id, customer_id, currency) \
                 WHERE state = 'gathering'",
            )
            .await?;
        Ok(())
    }
}

fn app() -> TableCreateStatement {
    Table::create()
        .table("app")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("kind"))
        .col(text("name"))
        .col(text("description"))
        .col(text("metadata"))
        .col(boolean("ready"))
        .col(boolean("draft_sync_hook"))
        .col(boolean("issuing_sync_hook"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn profile() -> TableCreateStatement {
    Table::create()
        .table("billing_profile")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("name"))
        .col(boolean("is_default"))
        .col(text("app_id"))
        .col(text("body"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn customer_override() -> TableCreateStatement {
    Table::create()
        .table("customer_override")
        .col(text("project_id"))
        .col(text("customer_id"))
        .col(text_null("profile_id"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

fn customer() -> TableCreateStatement {
    Table::create()
        .table("customer")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("key"))
        .col(text("name"))
        .col(text("email"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn invoice() -> TableCreateStatement {
    Table::create()
        .table("invoice")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("customer_id"))
        .col(text("customer_name"))
        .col(text("currency"))
        .col(text("state"))
        .col(text("number"))
        .col(text("app_id"))
        .col(text("body"))
        .col(big_integer("revision"))
        .col(big_integer_null("issue_time"))
        .col(big_integer_null("period_start_time"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .col(big_integer_null("delete_time"))
        .col(big_integer_null("due_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn invoice_line() -> TableCreateStatement {
    Table::create()
        .table("invoice_line")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("invoice_id"))
        .col(text_null("subscription_id"))
        .col(text_null("split_id"))
        .col(big_integer_null("delete_time"))
        .col(text("body"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn sequence() -> TableCreateStatement {
    Table::create()
        .table("sequence")
        .col(text("project_id"))
        .col(text("scope"))
        .col(big_integer("last"))
        .primary_key(Index::create().col("project_id").col("scope"))
        .to_owned()
}

fn subscription() -> TableCreateStatement {
    Table::create()
        .table("subscription")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("customer_id"))
        .col(big_integer("revision"))
        .col(boolean("priced"))
        .col(big_integer_null("end_time"))
        .col(big_integer_null("next_sync_time"))
        .col(text("body"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

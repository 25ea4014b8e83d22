//! Terms of every origin, what stores told, purchases, payments, and the rights that customers have by them.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0004_stores"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            store_transaction(),
            term(),
            purchase(),
            payment(manager),
            invoice_share(manager),
            product_access(),
        ] {
            manager.create_table(table).await?;
        }
        for (table, name, columns, unique) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(*table).col("project_id");
            for column in *columns {
                index.col(*column);
            }
            if *unique {
                index.unique();
            }
            manager.create_index(index.to_owned()).await?;
        }
        Ok(())
    }
}

type Indexed = (&'static str, &'static str, &'static [&'static str], bool);

const INDEXES: &[Indexed] = &[
    (
        "store_transaction",
        "store_transaction_by_line",
        &["line", "happen_time", "id"],
        false,
    ),
    ("term", "term_by_short_id", &["short_id"], true),
    ("term", "term_by_opening", &["source_key", "opening"], true),
    (
        "term",
        "term_by_customer",
        &["customer_id", "start_time", "id"],
        false,
    ),
    ("term", "term_by_identifier", &["identifier"], false),
    ("purchase", "purchase_by_short_id", &["short_id"], true),
    ("purchase", "purchase_by_line", &["line"], true),
    (
        "purchase",
        "purchase_by_customer",
        &["customer_id", "purchase_time", "id"],
        false,
    ),
    ("purchase", "purchase_by_identifier", &["identifier"], false),
    ("payment", "payment_by_time", &["time"], false),
    ("payment", "payment_by_customer", &["customer_id"], false),
    (
        "invoice_share",
        "invoice_share_by_subscription",
        &["subscription_id"],
        false,
    ),
    ("invoice_share", "invoice_share_by_time", &["time"], false),
    (
        "product_access",
        "product_access_by_attempt",
        &["next_attempt_time"],
        false,
    ),
];

/// What stores told, as it was told. The line is what it is folded with.
fn store_transaction() -> TableCreateStatement {
    Table::create()
        .table("store_transaction")
        .col(text("project_id"))
        .col(text("store"))
        .col(text("environment"))
        .col(text("id"))
        .col(text("line"))
        .col(big_integer("happen_time"))
        .col(big_integer("record_time"))
        .col(text("document"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("store")
                .col("environment")
                .col("id"),
        )
        .to_owned()
}

/// One row per term that ever was; one that is gone keeps its ids.
fn term() -> TableCreateStatement {
    Table::create()
        .table("term")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("short_id"))
        .col(text("origin"))
        .col(text("source_key"))
        .col(text("opening"))
        .col(text("source_id"))
        .col(text("customer_id"))
        .col(text("identifier"))
        .col(text("environment"))
        .col(big_integer("start_time"))
        .col(boolean("live"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(text("document"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn purchase() -> TableCreateStatement {
    Table::create()
        .table("purchase")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("short_id"))
        .col(text("line"))
        .col(text("customer_id"))
        .col(text("identifier"))
        .col(text("environment"))
        .col(big_integer("purchase_time"))
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(text("document"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

/// Money that counts in figures: of a term or a purchase.
fn payment(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("payment")
        .col(text("project_id"))
        .col(text("owner_id"))
        .col(text("id"))
        .col(text("customer_id"))
        .col(big_integer("time"))
        .col(chassis::db::exact(manager, "amount"))
        .col(text("currency"))
        .primary_key(Index::create().col("project_id").col("owner_id").col("id"))
        .to_owned()
}

/// What invoices say of subscriptions made from plans. `time` is null until it is paid.
fn invoice_share(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("invoice_share")
        .col(text("project_id"))
        .col(text("invoice_id"))
        .col(text("subscription_id"))
        .col(text("customer_id"))
        .col(big_integer("revision"))
        .col(boolean("is_open"))
        .col(big_integer_null("time"))
        .col(chassis::db::exact(manager, "amount"))
        .col(text("currency"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("invoice_id")
                .col("subscription_id"),
        )
        .to_owned()
}

/// How often a customer's rights have changed, and what the entitlement service knows of it.
fn product_access() -> TableCreateStatement {
    Table::create()
        .table("product_access")
        .col(text("project_id"))
        .col(text("customer_id"))
        .col(big_integer("revision"))
        .col(integer("attempts"))
        .col(big_integer_null("next_attempt_time"))
        .col(big_integer("create_time"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

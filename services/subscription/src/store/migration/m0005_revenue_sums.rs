//! The revenue ledger by parts of a subscription, and the sums that are kept of it.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0005_revenue_sums"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            entry(manager),
            stale(),
            state(),
            customer(),
            unconverted(),
            excluded(),
            sum(manager),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let connection = manager.get_connection();
        for statement in [
            "INSERT INTO revenue_entry (project_id, subscription_id, effective_time, part, customer_id, product_key, \
             currency, monthly_value, class) SELECT project_id, subscription_id, effective_time, 0, customer_id, \
             product_key, currency, monthly_value, class FROM revenue_change",
            "INSERT INTO revenue_stale (project_id, id, customer_id) SELECT DISTINCT project_id, customer_id, \
             customer_id FROM revenue_change",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        manager
            .drop_table(Table::drop().table("revenue_change").to_owned())
            .await
    }
}

/// From an instant on, what one part of a subscription is worth.
fn entry(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("revenue_entry")
        .col(text("project_id"))
        .col(text("subscription_id"))
        .col(big_integer("effective_time"))
        .col(integer("part"))
        .col(text("customer_id"))
        .col(text("product_key"))
        .col(text("currency"))
        .col(chassis::db::exact(manager, "monthly_value"))
        .col(text("class"))
        .primary_key(
            Index::create()
                .col("project_id")
                .col("subscription_id")
                .col("effective_time")
                .col("part"),
        )
        .to_owned()
}

/// Customers whose ledger has changed since their sums were made, one row per change.
fn stale() -> TableCreateStatement {
    Table::create()
        .table("revenue_stale")
        .col(text("project_id"))
        .col(text("id"))
        .col(text("customer_id"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

/// What the sums of a project were made with.
fn state() -> TableCreateStatement {
    Table::create()
        .table("revenue_state")
        .col(text("project_id"))
        .col(big_integer("generation"))
        .col(integer("engine"))
        .col(text("currency"))
        .col(text("time_zone"))
        .col(big_integer("rates"))
        .col(big_integer_null("due_time"))
        .primary_key(Index::create().col("project_id"))
        .to_owned()
}

/// What of a customer is in the sums.
fn customer() -> TableCreateStatement {
    Table::create()
        .table("revenue_customer")
        .col(text("project_id"))
        .col(text("customer_id"))
        .col(big_integer("version"))
        .col(big_integer("generation"))
        .col(big_integer_null("rates"))
        .col(big_integer_null("next_time"))
        .col(big_integer_null("last_time"))
        .col(blob("entries"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

/// Subscriptions that are in no sum, because there is no rate.
fn unconverted() -> TableCreateStatement {
    Table::create()
        .table("revenue_unconverted")
        .col(text("project_id"))
        .col(text("subscription_id"))
        .col(text("customer_id"))
        .primary_key(Index::create().col("project_id").col("subscription_id"))
        .to_owned()
}

/// Customers who are in no figure any more.
fn excluded() -> TableCreateStatement {
    Table::create()
        .table("revenue_excluded")
        .col(text("project_id"))
        .col(text("customer_id"))
        .primary_key(Index::create().col("project_id").col("customer_id"))
        .to_owned()
}

/// Flows of one month or day, of the whole account or of one product.
fn sum(manager: &SchemaManager<'_>) -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table("revenue_sum")
        .col(text("project_id"))
        .col(big_integer("generation"))
        .col(text("grain"))
        .col(text("product_key"))
        .col(integer("period"));
    for name in [
        "new",
        "reactivated",
        "canceled",
        "delinquent",
        "upgraded",
        "downgraded",
        "plan_changed",
    ] {
        table
            .col(chassis::db::exact(manager, name))
            .col(big_integer(format!("{name}_customers")));
    }
    for name in ["retained", "converted", "ending"] {
        table.col(chassis::db::exact(manager, name));
    }
    for name in [
        "customers",
        "trials_started",
        "trials_converted",
        "trials_lost",
        "conversion_seconds",
    ] {
        table.col(big_integer(name));
    }
    table
        .primary_key(
            Index::create()
                .col("project_id")
                .col("generation")
                .col("grain")
                .col("product_key")
                .col("period"),
        )
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |table: &'static str, name: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table).col("project_id");
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index(
            "revenue_entry",
            "revenue_entry_by_time",
            &["effective_time", "subscription_id", "part"],
        ),
        index(
            "revenue_entry",
            "revenue_entry_by_customer",
            &["customer_id", "effective_time"],
        ),
        index(
            "revenue_customer",
            "revenue_customer_by_next",
            &["next_time"],
        ),
        index(
            "revenue_customer",
            "revenue_customer_by_last",
            &["last_time"],
        ),
        index("revenue_customer", "revenue_customer_by_rates", &["rates"]),
        index(
            "revenue_customer",
            "revenue_customer_by_generation",
            &["generation"],
        ),
        index(
            "revenue_unconverted",
            "revenue_unconverted_by_customer",
            &["customer_id"],
        ),
    ]
}

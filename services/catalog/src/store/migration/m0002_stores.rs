//! What stores sell (apps, products, entitlement definitions, offerings, packages), plans by
//! name, prices of language models, and what keeps holds in order.

use sea_orm_migration::{prelude::*, schema::*};

/// The migration.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0002_stores"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// A table of resources: its own columns between the id and those that all have.
fn resource(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table(name)
        .col(string("project_id"))
        .col(string("id"));
    for column in columns {
        table.col(column);
    }
    table
        .col(big_integer("revision"))
        .col(big_integer("create_time"))
        .col(big_integer("update_time"))
        .primary_key(Index::create().col("project_id").col("id"))
        .to_owned()
}

fn tables() -> Vec<TableCreateStatement> {
    let mut tables = resources();
    tables.extend(relations());
    tables
}

fn resources() -> Vec<TableCreateStatement> {
    vec![
        resource(
            "store_app",
            vec![
                string("short_id"),
                string("name"),
                string("kind"),
                boolean("is_default"),
                text("details"),
            ],
        ),
        resource(
            "product",
            vec![
                string("short_id"),
                string("app_id"),
                string("store_identifier"),
                string("product_key"),
                string("origin"),
                string("kind"),
                text("body"),
                big_integer_null("delete_time"),
            ],
        ),
        resource(
            "named_plan",
            vec![string("key"), text("display_name"), boolean("is_versioned")],
        ),
        resource(
            "entitlement_definition",
            vec![
                string("short_id"),
                string("lookup_key"),
                text("display_name"),
            ],
        ),
        resource(
            "offering",
            vec![
                string("short_id"),
                string("lookup_key"),
                text("display_name"),
                boolean("is_current"),
                text("metadata"),
            ],
        ),
        resource(
            "package",
            vec![
                string("short_id"),
                string("offering_id"),
                string("lookup_key"),
                text("display_name"),
                integer("position"),
            ],
        ),
    ]
}

fn relations() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("entitlement_product")
            .col(string("project_id"))
            .col(string("definition_id"))
            .col(string("product_id"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("definition_id")
                    .col("product_id"),
            )
            .to_owned(),
        Table::create()
            .table("package_product")
            .col(string("project_id"))
            .col(string("package_id"))
            .col(string("product_id"))
            .col(string("eligibility"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("package_id")
                    .col("product_id"),
            )
            .to_owned(),
        Table::create()
            .table("model_price")
            .col(string("project_id"))
            .col(string("provider"))
            .col(string("model"))
            .col(text("pricing"))
            .col(big_integer("revision"))
            .col(big_integer("create_time"))
            .col(big_integer("update_time"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("provider")
                    .col("model"),
            )
            .to_owned(),
        Table::create()
            .table("feature_holder")
            .col(string("project_id"))
            .col(string("reason"))
            .col(string("holder_id"))
            .col(big_integer("revision"))
            .primary_key(
                Index::create()
                    .col("project_id")
                    .col("reason")
                    .col("holder_id"),
            )
            .to_owned(),
        Table::create()
            .table("meter_release")
            .col(string("project_id"))
            .col(string("feature_id"))
            .col(string("meter_id"))
            .col(big_integer("due_time"))
            .primary_key(Index::create().col("project_id").col("feature_id"))
            .to_owned(),
    ]
}

/// The lists of plans and add-ons are read in the order of these indexes, too.
const INDEXES: [&str; 23] = [
    "CREATE UNIQUE INDEX store_app_short ON store_app (project_id, short_id)",
    "CREATE UNIQUE INDEX store_app_default ON store_app (project_id) WHERE is_default",
    "CREATE UNIQUE INDEX product_short ON product (project_id, short_id)",
    "CREATE UNIQUE INDEX product_identifier ON product (project_id, app_id, store_identifier) \
     WHERE delete_time IS NULL",
    "CREATE INDEX product_by_key ON product (project_id, product_key)",
    "CREATE INDEX product_by_app ON product (project_id, app_id, id)",
    "CREATE UNIQUE INDEX named_plan_key ON named_plan (project_id, key)",
    "CREATE UNIQUE INDEX entitlement_definition_short ON entitlement_definition (project_id, short_id)",
    "CREATE UNIQUE INDEX entitlement_definition_key ON entitlement_definition (project_id, lookup_key)",
    "CREATE INDEX entitlement_product_by_product ON entitlement_product (project_id, product_id)",
    "CREATE UNIQUE INDEX offering_short ON offering (project_id, short_id)",
    "CREATE UNIQUE INDEX offering_key ON offering (project_id, lookup_key)",
    "CREATE UNIQUE INDEX package_short ON package (project_id, short_id)",
    "CREATE UNIQUE INDEX package_key ON package (project_id, offering_id, lookup_key)",
    "CREATE INDEX package_by_position ON package (project_id, offering_id, position)",
    "CREATE INDEX package_product_by_product ON package_product (project_id, product_id)",
    "CREATE INDEX meter_release_due ON meter_release (project_id, due_time)",
    "CREATE INDEX offer_version_by_number ON offer_version (project_id, kind, number, id)",
    "CREATE INDEX offer_version_by_creation ON offer_version (project_id, kind, create_time, id)",
    "CREATE INDEX offer_version_by_change ON offer_version (project_id, kind, update_time, id)",
    "CREATE INDEX feature_by_name ON feature (project_id, name, id)",
    "CREATE INDEX feature_by_creation ON feature (project_id, create_time, id)",
    "CREATE INDEX feature_by_change ON feature (project_id, update_time, id)",
];

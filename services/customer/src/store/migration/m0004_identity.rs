//! What the dialects beside OpenMeter know of a customer: ProfitWell id, aliases, attributes,
//! traits, opt-outs, anonymization, exclusion; and the indexes that lists of live customers
//! lean on.

use chassis::short_id;
use sea_orm::{ConnectionTrait as _, Statement};
use sea_orm_migration::{prelude::*, schema::*};

use crate::store::handle::{PROFITWELL_FORM, PROFITWELL_PREFIX};

/// The migration.
pub struct Identity;

impl MigrationName for Identity {
    fn name(&self) -> &'static str {
        "m0004_identity"
    }
}

/// Lists of live customers walk these in their order and pass by no deleted one.
const INDEXES: [&str; 7] = [
    "CREATE INDEX customer_live_by_id ON customer (project_id, id) WHERE delete_time IS NULL",
    "CREATE INDEX customer_live_by_name ON customer (project_id, name, id) WHERE delete_time IS NULL",
    "CREATE INDEX customer_live_by_create_time ON customer (project_id, create_time, id) \
     WHERE delete_time IS NULL",
    "CREATE INDEX customer_live_by_touch_time ON customer (project_id, touch_time, id) \
     WHERE delete_time IS NULL",
    "CREATE INDEX customer_live_by_email ON customer (project_id, email_lower, id) \
     WHERE delete_time IS NULL",
    "CREATE INDEX customer_by_last_seen_time ON customer (project_id, last_seen_time) \
     WHERE last_seen_time IS NOT NULL",
    "CREATE INDEX customer_by_touch_time ON customer (project_id, touch_time, id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Identity {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more at once.
        let columns = || {
            let boolean = |name: &'static str| {
                ColumnDef::new(name)
                    .boolean()
                    .not_null()
                    .default(false)
                    .to_owned()
            };
            let number = |name: &'static str| {
                ColumnDef::new(name)
                    .big_integer()
                    .not_null()
                    .default(0)
                    .to_owned()
            };
            [
                text_null("profitwell_id"),
                boolean("name_derived"),
                big_integer_null("anonymize_time"),
                big_integer_null("exclude_time"),
                big_integer_null("last_seen_time"),
                number("touch_time"),
                number("profile_revision"),
            ]
        };
        for column in columns() {
            manager
                .alter_table(
                    Table::alter()
                        .table("customer")
                        .add_column(column)
                        .to_owned(),
                )
                .await?;
        }
        manager
            .alter_table(
                Table::alter()
                    .table("customer_handle")
                    .add_column(big_integer_null("create_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("customer_attribute")
                    .col(text("project_id"))
                    .col(text("customer_id"))
                    .col(text("name"))
                    .col(text("value"))
                    .col(big_integer("update_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("customer_id")
                            .col("name"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("customer_trait")
                    .col(text("project_id"))
                    .col(text("customer_id"))
                    .col(text("name"))
                    .col(text("category"))
                    .col(text("value"))
                    .col(boolean("limited"))
                    .col(big_integer("added"))
                    .col(big_integer("written"))
                    .col(big_integer("create_time"))
                    .col(big_integer("update_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("customer_id")
                            .col("name"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("customer_trait_by_category")
                    .table("customer_trait")
                    .col("project_id")
                    .col("category")
                    .col("value")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("customer_opt_out")
                    .col(text("project_id"))
                    .col(text("customer_id"))
                    .col(text("intervention"))
                    .col(big_integer("create_time"))
                    .primary_key(
                        Index::create()
                            .col("project_id")
                            .col("customer_id")
                            .col("intervention"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("customer_opt_out_by_time")
                    .table("customer_opt_out")
                    .col("project_id")
                    .col("intervention")
                    .col("create_time")
                    .to_owned(),
            )
            .await?;
        let db = manager.get_connection();
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        db.execute_unprepared("UPDATE customer SET touch_time = update_time")
            .await?;
        give_profitwell_ids(manager).await
    }
}

/// Customers that were made before get their ProfitWell ids.
async fn give_profitwell_ids(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let backend = manager.get_database_backend();
    let rows = db
        .query_all_raw(Statement::from_string(
            backend,
            "SELECT project_id, id, delete_time FROM customer",
        ))
        .await?;
    for row in rows {
        let (project, id): (String, String) =
            (row.try_get("", "project_id")?, row.try_get("", "id")?);
        let deleted: Option<i64> = row.try_get("", "delete_time")?;
        let Ok(parsed) = project.parse() else {
            continue;
        };
        for attempt in 0.. {
            let short =
                short_id::candidate(parsed, PROFITWELL_PREFIX, PROFITWELL_FORM, &id, attempt);
            if deleted.is_none() {
                let taken = db
                    .execute_raw(Statement::from_sql_and_values(
                        backend,
                        "INSERT INTO customer_handle (project_id, handle, customer_id, kind) \
                         VALUES ($1, $2, $3, 'profitwell_id') ON CONFLICT DO NOTHING",
                        [
                            project.as_str().into(),
                            short.as_str().into(),
                            id.as_str().into(),
                        ],
                    ))
                    .await?
                    .rows_affected()
                    == 0;
                if taken {
                    continue;
                }
            }
            db.execute_raw(Statement::from_sql_and_values(
                backend,
                "UPDATE customer SET profitwell_id = $1 WHERE project_id = $2 AND id = $3",
                [short.into(), project.as_str().into(), id.as_str().into()],
            ))
            .await?;
            break;
        }
    }
    Ok(())
}

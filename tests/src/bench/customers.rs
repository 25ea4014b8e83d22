//! Customers in: how many a second are made over gRPC, with their names, event and audit row, beside a bare
//! insert of the customer's own row into the same table, all its indices included, with a commit each, on the same store.
//!
//! Arguments: `quick` for a tenth.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chassis::config::Config;
use contract::customer::v1::{CreateCustomerRequest, Customer};
use perennial_sdk::Client;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement};

use super::{RUNS, Table, per_second, start};
use crate::{
    database::{TestDatabase, server},
    installation::MASTER_KEY,
};

/// The service whose table it is.
const SERVICE: &str = "customer";
/// Customers of one run.
const COUNT: u64 = 10_000;
/// Connections of the callers.
const CONNECTIONS: usize = 8;
/// Calls in flight on each of them.
const IN_FLIGHT: usize = 8;

/// Runs it.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let quick = arguments.iter().any(|argument| argument == "quick");
    let count = if quick { COUNT / 10 } else { COUNT };
    let (mut made, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut store = Bare::open().await?;
        bare.push(store.fill(count).await?);
        store.close().await?;
        let world = start().await;
        let clients = (0..CONNECTIONS).map(|_| world.client()).collect();
        made.push(over_grpc(clients, count).await?);
        world.stop().await;
    }
    let mut table = Table::new("customers: made a second");
    let name = format!(
        "one by one over gRPC, {} in flight",
        CONNECTIONS * IN_FLIGHT
    );
    let other = "bare inserts of the same row";
    table.row(&name, "customers/s", &made, Some((other, &bare)));
    table.print();
    Ok(())
}

fn customer(number: u64) -> Customer {
    Customer {
        key: format!("customer-{number}"),
        display_name: format!("Customer {number}"),
        primary_email: format!("billing-{number}@customers.example"),
        ..Default::default()
    }
}

/// Makes customers; answers how many a second.
async fn over_grpc(clients: Vec<Client>, count: u64) -> anyhow::Result<f64> {
    let next = Arc::new(AtomicU64::new(0));
    let callers = clients.iter().flat_map(|client| {
        let next = next.clone();
        (0..IN_FLIGHT).map(move |_| {
            let (client, next) = (client.clone(), next.clone());
            async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(());
                    }
                    let request = CreateCustomerRequest {
                        customer: Some(customer(number)),
                        ..Default::default()
                    };
                    client.customers().create_customer(request).await?;
                }
            }
        })
    });
    let callers = futures::future::try_join_all(callers);
    per_second(count, async { callers.await.map(drop) }).await
}

/// The tables of the customer service as its migrations make them, with none of its code around them.
struct Bare {
    db: DatabaseConnection,
    database: Option<TestDatabase>,
    folder: tempfile::TempDir,
}

impl Bare {
    async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let database = match server() {
            Some(server) => Some(TestDatabase::create(&server).await?),
            None => None,
        };
        let mut flags = BTreeMap::from([
            ("data_dir".to_owned(), folder.path().display().to_string()),
            ("master_key".to_owned(), MASTER_KEY.to_owned()),
        ]);
        let mut options = match &database {
            Some(made) => {
                flags.insert("database_url".to_owned(), made.url());
                ConnectOptions::new(made.url())
            }
            None => ConnectOptions::new(chassis::Db::sqlite_url(folder.path(), SERVICE)),
        };
        let config = Config::load(None, [], flags)?;
        perennial::embedded::migrate(config, &[SERVICE.to_owned()]).await?;
        let connections = if database.is_some() { 10 } else { 1 };
        options
            .sqlx_logging(false)
            .max_connections(connections)
            .set_schema_search_path(SERVICE)
            .map_sqlx_sqlite_opts(|options| {
                options
                    .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Full)
            });
        Ok(Self {
            db: Database::connect(options).await?,
            database,
            folder,
        })
    }

    async fn fill(&mut self, count: u64) -> anyhow::Result<f64> {
        let next = Arc::new(AtomicU64::new(0));
        let writers = (0..CONNECTIONS * IN_FLIGHT).map(|_| {
            let (db, next) = (self.db.clone(), next.clone());
            async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(());
                    }
                    insert(&db, number).await?;
                }
            }
        });
        let writers = futures::future::try_join_all(writers);
        per_second(count, async { writers.await.map(drop) }).await
    }

    async fn close(self) -> anyhow::Result<()> {
        self.db.close().await?;
        if let Some(database) = self.database {
            database.remove().await?;
        }
        Ok(self.folder.close()?)
    }
}

/// The row that the service writes for the same customer, with all its columns that are not null.
async fn insert(db: &DatabaseConnection, number: u64) -> anyhow::Result<()> {
    let customer = customer(number);
    let time = chassis::db::micros(chassis::clock::system_now());
    let id: ulid::Ulid = chassis::id::next();
    let insert = Statement::from_sql_and_values(
        db.get_database_backend(),
        "INSERT INTO customer (project_id, id, profitwell_id, profile_revision, key, key_lower, \
         name, name_lower, name_derived, email, email_lower, address, metadata, \
         deleted_subject_keys, revision, create_time, update_time, touch_time) \
         VALUES ($1, $2, $2, 0, $3, $4, $5, $6, $7, $8, $9, '{}', '{}', '[]', 1, $10, $10, $10)",
        [
            "01ARZ3NDEKTSV4RRFFQ69G5FAV".into(),
            id.to_string().into(),
            customer.key.clone().into(),
            customer.key.to_lowercase().into(),
            customer.display_name.clone().into(),
            customer.display_name.to_lowercase().into(),
            false.into(),
            customer.primary_email.clone().into(),
            customer.primary_email.to_lowercase().into(),
            time.into(),
        ],
    );
    db.execute_raw(insert).await?;
    Ok(())
}

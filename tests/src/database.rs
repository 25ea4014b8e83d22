//! A database per test: SQLite files in a temporary folder, or a fresh PostgreSQL database
//! on the server named by `PERENNIAL_TEST_DATABASE_URL`.

use anyhow::Context as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseBackend, DatabaseConnection, Statement,
};

const VARIABLE: &str = "PERENNIAL_TEST_DATABASE_URL";

/// The server that tests may make databases on.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
pub fn server() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

/// A database that is dropped by `remove`.
pub struct TestDatabase {
    server: String,
    name: String,
}

impl TestDatabase {
    /// Makes a database on a server.
    pub async fn create(server: &str) -> anyhow::Result<Self> {
        let name = format!("t_{}", ulid::Ulid::generate().to_string().to_lowercase());
        connect(server)
            .await?
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .context("making a test database")?;
        Ok(Self {
            server: server.to_owned(),
            name,
        })
    }

    /// Its URL: the server's with another database name.
    pub fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{base}/{}", self.name)
    }

    /// Runs statements in it, separated by semicolons.
    pub async fn execute(&self, statements: &str) -> anyhow::Result<()> {
        let database = connect(&self.url()).await?;
        database.execute_unprepared(statements).await?;
        Ok(database.close().await?)
    }

    /// The rows of a query with a column of texts named `row`.
    pub async fn rows(&self, query: &str) -> anyhow::Result<Vec<String>> {
        let database = connect(&self.url()).await?;
        let statement = Statement::from_string(DatabaseBackend::Postgres, query);
        let rows = database.query_all_raw(statement).await?;
        let texts = rows.iter().map(|row| row.try_get("", "row"));
        let texts = texts.collect::<Result<_, _>>()?;
        database.close().await?;
        Ok(texts)
    }

    /// Cuts all connections to it, as a fail-over of the server does.
    pub async fn cut_connections(&self) -> anyhow::Result<()> {
        connect(&self.server)
            .await?
            .execute_unprepared(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                self.name
            ))
            .await
            .context("cutting connections")?;
        Ok(())
    }

    /// Drops it.
    pub async fn remove(self) -> anyhow::Result<()> {
        connect(&self.server)
            .await?
            .execute_unprepared(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ))
            .await
            .context("dropping a test database")?;
        Ok(())
    }
}

async fn connect(url: &str) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    Ok(Database::connect(options).await?)
}

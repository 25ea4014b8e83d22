//! `testdb::TestDatabase`: a database of its own for each test of a service crate. A SQLite file in
//! a temporary folder, or a fresh database on the PostgreSQL server that
//! `PERENNIAL_TEST_DATABASE_URL` names. Keep it in the test's world: dropping it removes the database.

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbErr};
use tempfile::TempDir;

const VARIABLE: &str = "PERENNIAL_TEST_DATABASE_URL";

/// A database that nobody else uses, removed with this value.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder { _folder: TempDir },
    Server { server: String, name: String },
}

impl TestDatabase {
    /// Makes an empty database for a service.
    pub async fn new(service: &str) -> Self {
        let Some(server) = server() else {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let url = format!("sqlite://{}/{service}.db?mode=rwc", folder.path().display());
            return Self {
                url,
                place: Place::Folder { _folder: folder },
            };
        };
        let name = format!("t_{}", ulid::Ulid::generate()).to_lowercase();
        run(&server, &format!("CREATE DATABASE {name}"))
            .await
            .expect("the test server makes a database");
        let (base, _) = server
            .rsplit_once('/')
            .expect("the server's URL names a database");
        Self {
            url: format!("{base}/{name}"),
            place: Place::Server { server, name },
        }
    }

    /// What a service is given as its database URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on a PostgreSQL server.
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Server { server, name } = &self.place else {
            return;
        };
        let (server, name) = (server.clone(), name.clone());
        // A thread with a runtime of its own: a drop may happen inside any runtime or none.
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            match runtime {
                Ok(runtime) => runtime
                    .block_on(run(&server, &sql))
                    .map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        });
        // What stays behind on a test server harms nobody, so it is only told.
        match removal.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("a test database stays behind: {error}"),
            Err(_) => eprintln!("a test database stays behind: its removal panicked"),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
fn server() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|url| !url.is_empty())
}

async fn run(server: &str, sql: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(server);
    options.sqlx_logging(false).max_connections(1);
    let connection: DatabaseConnection = Database::connect(options).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_is_empty_usable_and_gone_with_its_value() {
        let database = TestDatabase::new("some_service").await;
        let url = database.url().to_owned();
        run(&url, "CREATE TABLE thing (id text PRIMARY KEY)")
            .await
            .expect("a table can be made");
        drop(database);
        // The folder, or the database, is no longer there.
        assert!(run(&url, "SELECT id FROM thing").await.is_err());
    }
}

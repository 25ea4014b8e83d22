//! The all-in-one inside the test's own process, on its own database. Quick to start: use
//! it for everything that does not need processes to die.

use std::{collections::BTreeMap, sync::Arc};

use chassis::config::Config;
use perennial::Process;
use perennial_sdk::Client;

use crate::{
    Rest,
    database::{TestDatabase, server},
};

const KEY: &str = "test-bootstrap-key-0123456789";

/// A running all-in-one.
pub struct World {
    process: Process,
    database: Option<TestDatabase>,
    folder: Arc<tempfile::TempDir>,
}

impl World {
    /// Starts one.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts one with further settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let database = match server() {
            Some(server) => Some(TestDatabase::create(&server).await.expect("a database")),
            None => None,
        };
        let url = database.as_ref().map(TestDatabase::url);
        let process = start(&folder, url, settings).await;
        Self {
            process,
            database,
            folder,
        }
    }

    /// A second process on the same database; none on SQLite, which one process owns. Stop
    /// it before the first.
    pub async fn replica(&self) -> Option<Self> {
        self.replica_with(&[]).await
    }

    /// The same with further settings.
    pub async fn replica_with(&self, settings: &[(&str, &str)]) -> Option<Self> {
        let url = self.database.as_ref()?.url();
        Some(Self {
            process: start(&self.folder, Some(url), settings).await,
            database: None,
            folder: self.folder.clone(),
        })
    }

    /// Cuts all its connections to the database; false on SQLite, which has none.
    pub async fn cut_connections(&self) -> bool {
        let Some(database) = &self.database else {
            return false;
        };
        database
            .cut_connections()
            .await
            .expect("connections are cut");
        true
    }

    /// The database of a service, for a look past the service, and the schema in it; none on SQLite.
    pub fn database_url(&self, service: &'static str) -> (String, Option<&'static str>) {
        match &self.database {
            Some(database) => (database.url(), Some(service)),
            None => (chassis::Db::sqlite_url(self.folder.path(), service), None),
        }
    }

    /// The bootstrap key.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// Where gRPC is served.
    pub fn grpc(&self) -> std::net::SocketAddr {
        self.process.grpc
    }

    /// A REST client with the bootstrap key.
    pub fn rest(&self) -> Rest {
        Rest::new(format!("http://{}", self.process.http), Some(KEY))
    }

    /// A gRPC client with the bootstrap key.
    pub fn client(&self) -> Client {
        self.client_with(KEY)
    }

    /// A gRPC client with another key.
    pub fn client_with(&self, key: &str) -> Client {
        Client::builder(self.process.grpc.to_string(), key)
            .connect_lazy()
            .expect("the address is good")
    }

    /// A gRPC client with the bootstrap key that acts in another project.
    pub fn client_in(&self, project: &str) -> Client {
        Client::builder(self.process.grpc.to_string(), KEY)
            .project(project)
            .connect_lazy()
            .expect("the address is good")
    }

    /// Stops it and removes its database.
    pub async fn stop(self) {
        self.process.stop().await.expect("the suite stops");
        if let Some(database) = self.database {
            database.remove().await.expect("the database is dropped");
        }
    }
}

async fn start(
    folder: &tempfile::TempDir,
    database_url: Option<String>,
    settings: &[(&str, &str)],
) -> Process {
    let mut flags = BTreeMap::from([
        ("data_dir".to_owned(), folder.path().display().to_string()),
        ("http".to_owned(), "127.0.0.1:0".to_owned()),
        ("grpc".to_owned(), "127.0.0.1:0".to_owned()),
        ("bootstrap_key".to_owned(), KEY.to_owned()),
    ]);
    // Many worlds share one PostgreSQL server.
    for service in chassis::config::SERVICES {
        flags.insert(format!("{service}.database_connections"), "5".to_owned());
    }
    if let Some(url) = database_url {
        flags.insert("database_url".to_owned(), url);
    }
    for (name, value) in settings {
        flags.insert((*name).to_owned(), (*value).to_owned());
    }
    let config = Config::load(None, [], flags).expect("settings");
    Process::start(config, &[]).await.expect("the suite starts")
}

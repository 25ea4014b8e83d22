//! What a service is built with: its settings, links to the others, clocks, derived
//! secrets, and the way to open its database.

use std::sync::Arc;

use sea_orm_migration::MigrationTrait;
use tokio_util::sync::CancellationToken;

use crate::{
    BuildError, Db, Link, Versions,
    clock::Clocks,
    config::ServiceConfig,
    link::Links,
    secret::{MasterKey, SecretError},
    token::Signer,
};

/// Most connections of a service to PostgreSQL, unless `database_connections` says more.
const DEFAULT_CONNECTIONS: u32 = 10;

/// The surroundings of one service. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// Name of the service, such as `billing`.
    pub name: &'static str,
    /// Its settings.
    pub config: Arc<ServiceConfig>,
    /// Canceled when the process is asked to stop.
    pub shutdown: CancellationToken,
    links: Links,
    clocks: Clocks,
    master: MasterKey,
    signer: Signer,
}

impl Env {
    /// The surroundings of a service in this process.
    pub fn new(
        name: &'static str,
        config: ServiceConfig,
        links: Links,
        clocks: Clocks,
        master: MasterKey,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            name,
            config: Arc::new(config),
            shutdown,
            links,
            clocks,
            signer: Signer::new(&master),
            master,
        }
    }

    /// A number above zero among the settings of the service's own.
    pub fn number(&self, name: &str, default: u32) -> Result<u32, BuildError> {
        let Some(text) = self.config.setting(name) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| {
            BuildError::Setting(format!(
                "{}.{name}: `{text}` is not a whole number above zero",
                self.name
            ))
        })
    }

    /// The link to another service.
    pub fn link(&self, service: &str) -> Link {
        self.links.get(service)
    }

    /// The versions of another service, if it is in this process and has some. A service that is built
    /// before this one is found here.
    pub fn versions(&self, service: &str) -> Option<Versions> {
        self.links.versions(service)
    }

    /// Makes this service reachable for the others in the process.
    pub fn join(&self, link: Link) {
        self.links.join(self.name, link);
    }

    /// The clocks of the process.
    pub fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// The signer of service tokens.
    pub fn signer(&self) -> Signer {
        self.signer.clone()
    }

    /// Opens this service's database and applies its migrations.
    pub async fn open_db(
        &self,
        migrations: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<Db, BuildError> {
        let connections = self.number("database_connections", DEFAULT_CONNECTIONS)?;
        let db = Db::open(
            self.name,
            &self.config.database_url,
            connections,
            &self.master,
            migrations,
        )
        .await
        .map_err(|cause| self.unusable(cause))?;
        self.keep_versions(&db);
        Ok(db)
    }

    /// The same for a service whose data is remembered by itself or by others: it has versions on every kind of database.
    pub async fn open_db_with_versions(
        &self,
        migrations: Vec<Box<dyn MigrationTrait>>,
    ) -> Result<Db, BuildError> {
        let db = self.open_db(migrations).await?;
        let looks = self.links.looks(&self.config.database_url);
        db.share_versions(&looks)
            .await
            .map_err(|cause| self.unusable(cause))?;
        self.keep_versions(&db);
        Ok(db)
    }

    /// Why this service cannot start on its database.
    fn unusable(&self, cause: sea_orm::DbErr) -> BuildError {
        BuildError::Database {
            service: self.name,
            cause,
        }
    }

    /// Lets the others in the process find the versions of this service's data, if it has any.
    fn keep_versions(&self, db: &Db) {
        if let Some(versions) = db.versions() {
            self.links.keep_versions(self.name, versions);
        }
    }

    /// The key that signs page tokens.
    pub fn page_key(&self) -> [u8; 32] {
        self.master.derive("page-token")
    }

    /// A secret for one purpose, derived from the master key.
    pub fn secret(&self, label: &str) -> [u8; 32] {
        self.master.derive(label)
    }

    /// The secrets for one purpose that verify older values, the current one first.
    pub fn secrets(&self, label: &str) -> Vec<[u8; 32]> {
        self.master.derive_all(label)
    }

    /// Encrypts a secret for storage.
    pub fn seal(&self, secret: &str) -> String {
        self.master.seal(secret)
    }

    /// Decrypts a stored secret.
    pub fn unseal(&self, sealed: &str) -> Result<String, SecretError> {
        self.master.unseal(sealed)
    }
}

//! A service as the process sees it: its routes, its database and its background work.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tonic::{Status, service::Routes};

use crate::{Db, auth::PrincipalSource, feed::ConsumerSpec, timer::Timer};

/// What a service takes in before it is in its database, such as a message log, and the work that
/// brings it there.
#[async_trait::async_trait]
pub trait Backlog: Send + Sync {
    /// Name of the part in readiness.
    fn name(&self) -> &'static str;
    /// Whether it can take anything in, now and later.
    fn ready(&self) -> watch::Receiver<bool>;
    /// Works until shutdown, and ends when what it has begun is done.
    async fn run(&self);
    /// Waits until everything that was taken in before the call is in the database; answers how much
    /// that was.
    async fn drain(&self, time_left: Duration) -> Result<u64, Status>;
}

/// What `build` of a service crate returns.
pub struct Service {
    /// Name, such as `billing`.
    pub name: &'static str,
    /// Its gRPC services.
    pub routes: Routes,
    /// Its database.
    pub db: Db,
    /// Feeds of other services that it follows.
    pub consumers: Vec<ConsumerSpec>,
    /// Its timers.
    pub timers: Vec<Arc<dyn Timer>>,
    /// Where it knows API keys itself; only the customer service does.
    pub principals: Option<Arc<dyn PrincipalSource>>,
    /// What it takes in before its database, where it does.
    pub backlog: Option<Arc<dyn Backlog>>,
}

impl Service {
    /// A service without background work.
    pub fn new(name: &'static str, routes: Routes, db: Db) -> Self {
        Self {
            name,
            routes,
            db,
            consumers: Vec::new(),
            timers: Vec::new(),
            principals: None,
            backlog: None,
        }
    }
}

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database cannot be opened or migrated.
    #[error("the database of {service}: {cause}")]
    Database {
        /// Name of the service.
        service: &'static str,
        /// What the database said.
        cause: sea_orm::DbErr,
    },
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
    /// Something that must be there at the start could not be read or made.
    #[error("{service}: {message}")]
    Start {
        /// Name of the service.
        service: &'static str,
        /// What failed.
        message: String,
    },
}

//! A service as the process sees it: its routes, its database and its background work.

use std::sync::Arc;

use tonic::service::Routes;

use crate::{Db, auth::PrincipalSource, feed::ConsumerSpec, timer::Timer};

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

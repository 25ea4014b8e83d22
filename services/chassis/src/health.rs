//! Whether the process is ready: every part of it says so by name, once its database is
//! migrated and its consumers run.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::Db;

/// How often a database is asked whether it is there.
const ASK_DATABASE: Duration = Duration::from_secs(5);

/// The parts of a process and whether each is ready. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    parts: Arc<RwLock<BTreeMap<String, bool>>>,
}

impl Readiness {
    /// Says whether a part is ready.
    pub fn set(&self, part: &str, ready: bool) {
        self.parts
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(part.to_owned(), ready);
    }

    /// Whether all parts are ready, and each of them.
    pub fn report(&self) -> (bool, BTreeMap<String, bool>) {
        let parts = self
            .parts
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone();
        (parts.values().all(|ready| *ready), parts)
    }
}

/// Keeps readiness in step with whether a service's database can be reached, as the part `<service>.database`, and tells what
/// its connections do, until shutdown.
pub async fn watch_database(db: Db, readiness: Readiness, shutdown: CancellationToken) {
    let part = format!("{}.database", db.service());
    let mut was = true;
    loop {
        let Some(reachable) = shutdown.run_until_cancelled(db.is_reachable()).await else {
            return;
        };
        if reachable != was {
            tracing::warn!(service = db.service(), reachable, "the database");
        }
        was = reachable;
        readiness.set(&part, reachable);
        let pool = db.pool();
        for (state, connections) in [
            ("busy", pool.busy),
            ("idle", pool.idle),
            ("most", pool.most),
        ] {
            metrics::gauge!(
                "perennial_database_connections", "service" => db.service(), "state" => state
            )
            .set(connections);
        }
        let pause = tokio::time::sleep(ASK_DATABASE);
        if shutdown.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

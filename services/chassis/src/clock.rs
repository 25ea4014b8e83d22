//! Time. Project time is what users see and are billed by: the frozen test clock of a
//! project where it has one, system time otherwise. Nothing else reads the system clock.

use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use kernel::{Timestamp, id::ProjectId};
use tokio::sync::watch;

/// System time, cut to microseconds because that is what both databases keep.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system clock"
)]
pub fn system_now() -> Timestamp {
    truncate(Timestamp::now())
}

fn truncate(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).expect("an instant cut to microseconds")
}

/// The test clocks this process knows about. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    frozen: Arc<RwLock<HashMap<ProjectId, Timestamp>>>,
    loaded: Arc<watch::Sender<bool>>,
    version: Arc<AtomicU64>,
}

impl Clocks {
    /// The project's time now.
    pub fn now(&self, project: ProjectId) -> Timestamp {
        self.frozen(project).unwrap_or_else(system_now)
    }

    /// The frozen time of the project, if it has a test clock.
    pub fn frozen(&self, project: ProjectId) -> Option<Timestamp> {
        self.frozen
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&project)
            .copied()
    }

    /// Adopts a project's clock: frozen at an instant, or back on system time.
    pub fn set(&self, project: ProjectId, frozen: Option<Timestamp>) {
        let mut clocks = self
            .frozen
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match frozen {
            Some(time) => clocks.insert(project, truncate(time)),
            None => clocks.remove(&project),
        };
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// Changes whenever a single clock is set.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Adopts the complete list of test clocks, unless one was set since `seen`: then the
    /// list may be older than that.
    pub fn replace_if(&self, seen: u64, clocks: impl IntoIterator<Item = (ProjectId, Timestamp)>) {
        let mut frozen = self
            .frozen
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.version() == seen {
            *frozen = clocks
                .into_iter()
                .map(|(project, time)| (project, truncate(time)))
                .collect();
        }
        self.loaded.send_replace(true);
    }

    /// Whether the list was read once. Timers and calls from outside wait for it: without
    /// it a frozen project would be billed by system time.
    pub fn loaded(&self) -> bool {
        *self.loaded.borrow()
    }

    /// Waits until the list was read once.
    pub async fn wait_loaded(&self) {
        let mut loaded = self.loaded.subscribe();
        loaded
            .wait_for(|loaded| *loaded)
            .await
            .expect("the sender lives as long as this value");
    }
}

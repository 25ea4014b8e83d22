//! Whether the process is ready: every part of it says so by name, once its database is
//! migrated and its consumers run.

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
};

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

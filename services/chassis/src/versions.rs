//! Versions: numbers that grow whenever something of a kind is written. Whoever keeps an answer keeps
//! with it the versions from before the data was read; while they stand, the answer does.
//!
//! They exist only where a service has its database for itself, which is SQLite: then every write passes
//! this process, and a number in memory says as much as a look into the database. With PostgreSQL other
//! replicas write too; there are no versions, and nothing is kept.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kernel::id::ProjectId;

/// How many numbers there are. Scopes that share one only make each other's answers be asked again.
const SLOTS: usize = 1 << 14;

/// The versions of one service's data. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Versions {
    slots: Arc<[AtomicU64]>,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Versions {
    /// The version of a scope: the first word of an event kind (`customer` of `customer.updated`), or
    /// what the service names in `Write::touch`.
    pub fn of(&self, project: ProjectId, scope: &str) -> u64 {
        self.slot(project, scope).load(Ordering::Acquire)
    }

    /// Says that a scope was written. After the commit and before the writer is answered.
    pub fn touch(&self, project: ProjectId, scope: &str) {
        self.slot(project, scope).fetch_add(1, Ordering::AcqRel);
    }

    fn slot(&self, project: ProjectId, scope: &str) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        project.hash(&mut hasher);
        scope.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % SLOTS as u64).unwrap_or_default();
        &self.slots[index]
    }
}

/// Touches scopes when it goes, so that also a commit whose end nobody saw counts as one.
pub(crate) struct Touch {
    pub versions: Versions,
    pub project: ProjectId,
    pub scopes: Vec<String>,
}

impl Drop for Touch {
    fn drop(&mut self) {
        for scope in &self.scopes {
            self.versions.touch(self.project, scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_touch_is_seen_by_every_clone_and_by_its_scope_alone() {
        let versions = Versions::default();
        let (one, two): (ProjectId, ProjectId) = (crate::id::next(), crate::id::next());
        let before = [
            versions.of(one, "customer"),
            versions.of(one, "subject:a"),
            versions.of(two, "customer"),
        ];
        versions.clone().touch(one, "customer");
        assert_eq!(versions.of(one, "customer"), before[0] + 1);
        assert_eq!(versions.of(one, "subject:a"), before[1]);
        assert_eq!(versions.of(two, "customer"), before[2]);
    }

    #[test]
    fn a_dropped_touch_counts() {
        let versions = Versions::default();
        let project = crate::id::next();
        drop(Touch {
            versions: versions.clone(),
            project,
            scopes: vec!["meter".to_owned()],
        });
        assert_eq!(versions.of(project, "meter"), 1);
    }
}

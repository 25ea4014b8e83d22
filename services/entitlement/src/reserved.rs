//! The features of subscriptions that were just reserved, so that catalog is not asked for them again when the subscription is
//! applied a moment later. Whoever finds nothing here asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernel::id::{ProjectId, SubscriptionId};

use crate::{domain::subscription::SubscriptionRights, provision::Features};

/// Most subscriptions that are remembered.
const KEPT_MAX: usize = 256;

/// A revision of a subscription.
type Key = (ProjectId, SubscriptionId, i64);

/// Features by revision of a subscription, the oldest first. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Reserved {
    kept: Arc<Mutex<VecDeque<(Key, Features)>>>,
}

impl Reserved {
    /// Remembers the features of what was reserved.
    pub fn keep(&self, project: ProjectId, rights: &SubscriptionRights, features: Features) {
        let mut kept = self.lock();
        let new = key(project, rights);
        kept.retain(|(known, _)| *known != new);
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back((new, features));
    }

    /// What is remembered of a revision, if it is all that the revision needs.
    pub fn find(&self, project: ProjectId, rights: &SubscriptionRights) -> Option<Features> {
        let kept = self.lock();
        let wanted = key(project, rights);
        let (_, features) = kept.iter().find(|(known, _)| *known == wanted)?;
        features.cover(&rights.rights).then(|| features.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Key, Features)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(project: ProjectId, rights: &SubscriptionRights) -> Key {
    (project, rights.id, rights.revision)
}

#[cfg(test)]
mod tests {
    use kernel::id::Ulid;

    use super::*;

    #[test]
    fn a_revision_is_found_and_old_ones_give_way() {
        let project = ProjectId::from_ulid(Ulid(1));
        let rights = |revision| SubscriptionRights {
            id: SubscriptionId::from_ulid(Ulid(2)),
            revision,
            customer: kernel::id::CustomerId::from_ulid(Ulid(3)),
            rights: Vec::new(),
        };
        let reserved = Reserved::default();
        for revision in 0..300 {
            reserved.keep(project, &rights(revision), Features::default());
        }
        assert!(reserved.find(project, &rights(43)).is_none());
        assert!(reserved.find(project, &rights(44)).is_some());
        let other = ProjectId::from_ulid(Ulid(4));
        assert!(reserved.find(other, &rights(299)).is_none());
        assert!(reserved.find(project, &rights(299)).is_some());
    }
}

//! What is remembered of subscriptions that were just reserved: their features, so that catalog is not asked for them again when the
//! subscription is applied a moment later; and that the feed was faster than the call that applies them. Whoever finds nothing here asks.

use chassis::Recent;
use kernel::id::{ProjectId, SubscriptionId};

use crate::{domain::subscription::SubscriptionRights, provision::Features};

/// A revision of a subscription.
type Key = (ProjectId, SubscriptionId, i64);

/// What is remembered, by revision. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Reserved {
    features: Recent<Key, Features>,
    applied: Recent<Key, ()>,
}

impl Reserved {
    /// Remembers the features of what was reserved.
    pub fn keep(&self, project: ProjectId, rights: &SubscriptionRights, features: Features) {
        self.features.keep(key(project, rights), features);
    }

    /// What is remembered of a revision, if it is all that the revision needs.
    pub fn find(&self, project: ProjectId, rights: &SubscriptionRights) -> Option<Features> {
        let features = self.features.find(&key(project, rights))?;
        features.cover(&rights.rights).then_some(features)
    }

    /// Remembers that a revision is being applied as the feed tells it.
    pub fn keep_applied(&self, project: ProjectId, rights: &SubscriptionRights) {
        self.applied.keep(key(project, rights), ());
    }

    /// Whether a revision was, as far as is remembered.
    pub fn is_applied(&self, project: ProjectId, rights: &SubscriptionRights) -> bool {
        self.applied.find(&key(project, rights)).is_some()
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
    fn only_the_revision_that_was_reserved_is_found() {
        let project = ProjectId::from_ulid(Ulid(1));
        let rights = |revision| SubscriptionRights {
            id: SubscriptionId::from_ulid(Ulid(2)),
            revision,
            customer: kernel::id::CustomerId::from_ulid(Ulid(3)),
            rights: Vec::new(),
        };
        let reserved = Reserved::default();
        reserved.keep(project, &rights(7), Features::default());
        assert!(reserved.find(project, &rights(7)).is_some());
        assert!(reserved.find(project, &rights(8)).is_none());
        let other = ProjectId::from_ulid(Ulid(4));
        assert!(reserved.find(other, &rights(7)).is_none());
        reserved.keep_applied(project, &rights(8));
        assert!(reserved.is_applied(project, &rights(8)));
        assert!(!reserved.is_applied(project, &rights(7)));
    }
}

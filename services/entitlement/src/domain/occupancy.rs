//! At most one entitlement of a customer is active for a feature key at any instant.

use kernel::{id::EntitlementId, id::SubscriptionId, period::OpenPeriod};
use serde::{Deserialize, Serialize};

/// Something that takes a feature key for a span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occupant {
    /// Who it is.
    pub holder: Holder,
    /// The feature key.
    pub feature_key: String,
    /// The span. An empty one takes nothing.
    pub span: OpenPeriod,
}

/// Who takes a feature key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// An entitlement.
    Entitlement(EntitlementId),
    /// A subscription that is about to be committed.
    Reservation(SubscriptionId),
}

impl Occupant {
    /// Whether two cannot be there together.
    pub fn clashes_with(&self, other: &Self) -> bool {
        self.feature_key == other.feature_key && self.span.overlaps(&other.span)
    }
}

/// The first of those there that a wanted one would clash with.
pub fn clash<'a>(wanted: &Occupant, there: &'a [Occupant]) -> Option<&'a Occupant> {
    there.iter().find(|other| wanted.clashes_with(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::tests::at;
    use kernel::id::Ulid;

    fn occupant(key: &str, start: &str, end: Option<&str>) -> Occupant {
        Occupant {
            holder: Holder::Entitlement(EntitlementId::from_ulid(Ulid(1))),
            feature_key: key.to_owned(),
            span: OpenPeriod {
                start: at(start),
                end: end.map(at),
            },
        }
    }

    #[test]
    fn only_a_shared_moment_of_one_key_is_a_clash() {
        let wanted = occupant("api", "2024-01-10T00:00Z", None);
        let free = [
            occupant("api", "2024-01-01T00:00Z", Some("2024-01-10T00:00Z")),
            occupant("api", "2024-01-11T00:00Z", Some("2024-01-11T00:00Z")),
            occupant("seats", "2024-01-01T00:00Z", None),
        ];
        assert_eq!(clash(&wanted, &free), None);
        let taken = [occupant(
            "api",
            "2024-01-01T00:00Z",
            Some("2024-01-10T00:01Z"),
        )];
        assert_eq!(clash(&wanted, &taken), Some(&taken[0]));
        let future = [occupant("api", "2025-01-01T00:00Z", None)];
        assert!(clash(&wanted, &future).is_some());
    }
}

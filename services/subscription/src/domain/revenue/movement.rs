//! How one customer's revenue moved within a period. Only its value just before the start and just before the end
//! matter; what comes and goes between them is invisible.

use kernel::Decimal;

/// The kinds of movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// From zero, never above before.
    New,
    /// Up from above zero.
    Expansion,
    /// Down to above zero.
    Contraction,
    /// Down to zero.
    Churn,
    /// From zero, above at some time before.
    Reactivation,
    /// Any other difference of one product, by a customer who stays a customer.
    PlanChange,
}

impl Kind {
    /// All kinds of movement of a whole account, in the order of the contract.
    pub const ALL: [Self; 5] = [
        Self::New,
        Self::Expansion,
        Self::Contraction,
        Self::Churn,
        Self::Reactivation,
    ];
}

/// How a customer moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The kind.
    pub kind: Kind,
    /// Value just before the start.
    pub before: Decimal,
    /// Value just before the end.
    pub after: Decimal,
}

/// The movement between two values; `None` when nothing moved. `paid_before`: above zero at any time before the start.
pub fn movement(before: Decimal, after: Decimal, paid_before: bool) -> Option<Movement> {
    let kind = match (before.is_zero(), after.is_zero()) {
        (true, true) => return None,
        (true, false) if paid_before => Kind::Reactivation,
        (true, false) => Kind::New,
        (false, true) => Kind::Churn,
        (false, false) if after > before => Kind::Expansion,
        (false, false) if after < before => Kind::Contraction,
        (false, false) => return None,
    };
    Some(Movement {
        kind,
        before,
        after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_follows_from_both_ends() {
        let check = |before: i64, after: i64, paid_before: bool, expected: Option<Kind>| {
            let found =
                movement(before.into(), after.into(), paid_before).map(|movement| movement.kind);
            assert_eq!(found, expected, "{before} to {after}");
        };
        check(0, 0, true, None);
        check(0, 10, false, Some(Kind::New));
        check(0, 10, true, Some(Kind::Reactivation));
        check(10, 0, true, Some(Kind::Churn));
        check(10, 25, true, Some(Kind::Expansion));
        check(25, 10, true, Some(Kind::Contraction));
        check(10, 10, true, None);
    }
}

//! Terms that were given away: an entitlement for a while, without a product.

use jiff::Timestamp;
use kernel::id::CustomerId;

use super::{Coverage, Environment, Facts, Origin, Ownership, Periods, Stage, Store};

/// Something that is given away.
pub fn given(
    opening: String,
    customer: CustomerId,
    entitlement: String,
    start: Timestamp,
    end: Option<Timestamp>,
) -> Facts {
    Facts {
        origin: Origin::Promotional,
        customer,
        original_customer: customer,
        store: Store::Promotional,
        environment: Environment::Production,
        ownership: Ownership::Purchased,
        identifier: opening.clone(),
        opening,
        stages: vec![Stage {
            start,
            end,
            coverage: Coverage::Free,
            product: None,
            monthly: None,
        }],
        marks: Vec::new(),
        payments: Vec::new(),
        periods: Periods::Stages,
        offering: None,
        country: None,
        management_url: None,
        entitlement: Some(entitlement),
    }
}

/// The same, ended now; none when it has ended.
pub fn taken_back(mut facts: Facts, now: Timestamp) -> Option<Facts> {
    if facts.end().is_some_and(|end| end <= now) {
        return None;
    }
    let start = facts.start();
    let last = facts.stages.last_mut()?;
    last.end = Some(now.max(start));
    Some(facts)
}

//! The ledger of terms as it is shown.

use contract::convert::timestamp;
use contract::subscription::v1 as pb;

use super::rate_card;
use crate::domain::ledger::{Cause, Sold};
use crate::store::change::Recorded;

/// An entry.
pub fn to_proto(recorded: &Recorded) -> pb::SubscriptionChange {
    let entry = &recorded.entry;
    pb::SubscriptionChange {
        id: recorded.id.clone(),
        subscription_id: recorded.subscription_id.clone(),
        customer_id: recorded.customer_id.clone(),
        revision: recorded.revision,
        cause: cause(recorded.cause).into(),
        actor: recorded.actor.clone(),
        record_time: Some(timestamp(recorded.at)),
        effective_time: Some(timestamp(entry.span.start)),
        end_time: entry.span.end.map(timestamp),
        item_key: entry.item.clone(),
        before: entry.before.as_ref().map(sold),
        after: entry.after.as_ref().map(sold),
    }
}

fn sold(sold: &Sold) -> pb::SoldItem {
    pb::SoldItem {
        item_id: sold.item_id.to_string(),
        phase_key: sold.phase.clone(),
        rate_card: Some(rate_card::to_proto(&sold.card)),
    }
}

fn cause(cause: Option<Cause>) -> pb::ChangeCause {
    match cause {
        None => pb::ChangeCause::Unspecified,
        Some(Cause::Created) => pb::ChangeCause::Created,
        Some(Cause::Edited) => pb::ChangeCause::Edited,
        Some(Cause::Canceled) => pb::ChangeCause::Canceled,
        Some(Cause::Continued) => pb::ChangeCause::Continued,
        Some(Cause::Restored) => pb::ChangeCause::Restored,
        Some(Cause::Changed) => pb::ChangeCause::Changed,
        Some(Cause::Migrated) => pb::ChangeCause::Migrated,
        Some(Cause::Deleted) => pb::ChangeCause::Deleted,
        Some(Cause::AddonChanged) => pb::ChangeCause::AddonChanged,
    }
}

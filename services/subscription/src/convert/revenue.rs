//! Revenue figures and the ledger.

use contract::convert::{decimal, timestamp};
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::decimal::DecimalError;
use kernel::period::Period;

use crate::domain::revenue::change::Class;
use crate::domain::revenue::movement::Kind;
use crate::domain::revenue::series::{CustomerMovement, Figures};
use crate::error::SubscriptionError;
use crate::store::revenue::LedgerEntry;

/// The figures of one month.
pub fn month(name: &str, period: Period, now: Timestamp, figures: &Figures) -> pb::RevenueMonth {
    let movements = Kind::ALL.into_iter().map(|kind| {
        let total = figures.movements.get(&kind).copied().unwrap_or_default();
        pb::MovementTotal {
            kind: self::kind(kind).into(),
            amount: Some(decimal(total.amount)),
            customer_count: total.customers,
        }
    });
    pb::RevenueMonth {
        month: name.to_owned(),
        start_time: Some(timestamp(period.start)),
        end_time: Some(timestamp(period.end.min(now))),
        mrr_start: Some(decimal(figures.mrr_start)),
        mrr_end: Some(decimal(figures.mrr_end)),
        customer_count_start: figures.customers_start,
        customer_count_end: figures.customers_end,
        movements: movements.collect(),
        trialing_customer_count_end: figures.trialing_end,
    }
}

/// One customer's movement.
pub fn movement(found: &CustomerMovement) -> Result<pb::Movement, DecimalError> {
    Ok(pb::Movement {
        customer_id: found.customer_id.clone(),
        kind: kind(found.movement.kind).into(),
        value_before: Some(decimal(found.movement.before)),
        value_after: Some(decimal(found.movement.after)),
        amount: Some(decimal(found.movement.amount()?)),
        subscription_ids: found.subscription_ids.clone(),
    })
}

/// An entry of the ledger.
pub fn change(entry: &LedgerEntry) -> pb::RevenueChange {
    pb::RevenueChange {
        subscription_id: entry.subscription_id.clone(),
        customer_id: entry.customer_id.clone(),
        product_key: entry.product_key.clone(),
        effective_time: Some(timestamp(entry.at)),
        monthly_value: Some(contract::kernel::v1::Money {
            amount: Some(decimal(entry.monthly_value)),
            currency_code: entry.currency.clone(),
        }),
        class: match entry.class {
            Class::Trial => pb::RevenueClass::Trial,
            Class::Free => pb::RevenueClass::Free,
            Class::Paid => pb::RevenueClass::Paid,
            Class::Ended => pb::RevenueClass::Ended,
        }
        .into(),
    }
}

/// Reads a kind of a filter.
pub fn kind_from(value: i32) -> Result<Kind, SubscriptionError> {
    match pb::MovementKind::try_from(value) {
        Ok(pb::MovementKind::New) => Ok(Kind::New),
        Ok(pb::MovementKind::Expansion) => Ok(Kind::Expansion),
        Ok(pb::MovementKind::Contraction) => Ok(Kind::Contraction),
        Ok(pb::MovementKind::Churn) => Ok(Kind::Churn),
        Ok(pb::MovementKind::Reactivation) => Ok(Kind::Reactivation),
        Ok(pb::MovementKind::Unspecified) | Err(_) => {
            Err(SubscriptionError::field("kinds", "is not a kind"))
        }
    }
}

fn kind(kind: Kind) -> pb::MovementKind {
    match kind {
        Kind::New => pb::MovementKind::New,
        Kind::Expansion => pb::MovementKind::Expansion,
        Kind::Contraction => pb::MovementKind::Contraction,
        Kind::Churn => pb::MovementKind::Churn,
        Kind::Reactivation => pb::MovementKind::Reactivation,
    }
}

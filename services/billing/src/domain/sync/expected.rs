//! The lines that a subscription should have. They are prepared up to a horizon: the end of
//! the billing period that an instant lies in, so that fees in advance exist before they
//! fall due.

use kernel::{
    Timestamp,
    calendar::{CalendarError, IsoDuration, Recurrence, floor_to_second},
    decimal::DecimalError,
    period::Period,
};

use crate::domain::{
    invoice::LineSubscription,
    price::{Discounts, Model, Price, TaxConfig},
    proration::prorate,
    subscription::{Item, Phase, Subscription},
};

/// Most lines of one subscription that a sync makes; hourly items for five years fit.
const LINES_MAX: usize = 50_000;

/// Why lines cannot be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// A time lies outside the calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// An amount is too large.
    #[error(transparent)]
    Arithmetic(#[from] DecimalError),
    /// The subscription has more lines than anyone can bill.
    #[error("the subscription leads to more than {LINES_MAX} lines")]
    TooManyLines,
}

/// A line that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Names the line for ever.
    pub reference: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// What it charges for, in whole seconds.
    pub period: Period,
    /// When to invoice it, in whole seconds.
    pub invoice_time: Timestamp,
    /// The price; a flat one is prorated already.
    pub price: Price,
    /// The feature whose usage is charged.
    pub feature_key: Option<String>,
    /// How it is taxed.
    pub tax: TaxConfig,
    /// Its discounts.
    pub discounts: Discounts,
    /// Where it comes from.
    pub subscription: LineSubscription,
}

/// What a sync at some instant leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The lines that should exist.
    pub lines: Vec<Expected>,
    /// When to look again; `None` when nothing more will come.
    pub next_sync: Option<Timestamp>,
}

/// The lines of a subscription as of an instant. Once its end is known everything until
/// then is prepared at once.
pub fn expected(subscription: &Subscription, now: Timestamp) -> Result<Plan, SyncError> {
    if subscription.deleted || !subscription.is_priced() {
        return Ok(Plan::default());
    }
    let as_of = subscription.active_to.map_or(now, |end| end.max(now));
    let current = subscription.aligned_period(as_of)?;
    let horizon = horizon(subscription, as_of, current);
    let mut lines = Vec::new();
    for phase in subscription
        .phases
        .iter()
        .filter(|phase| !phase.is_empty() && phase.priced().next().is_some())
    {
        let mut limit = horizon;
        if phase.start > limit {
            limit = phase.priced().map(|item| item.start).min().unwrap_or(limit);
        }
        for item in phase.priced() {
            lines_of(
                subscription,
                phase,
                item,
                floor_to_second(limit),
                &mut lines,
            )?;
        }
        if phase.end.is_some_and(|end| end >= as_of) {
            break;
        }
    }
    let next_sync = if subscription.active_to.is_some() {
        None
    } else {
        Some(next_sync(subscription, as_of, current))
    };
    Ok(Plan { lines, next_sync })
}

/// Lines due up to here are prepared.
fn horizon(subscription: &Subscription, as_of: Timestamp, current: Option<Period>) -> Timestamp {
    if as_of < subscription.active_from {
        return subscription.active_from;
    }
    match current {
        Some(period) if period.start != as_of => as_of.max(period.end),
        Some(_) | None => as_of,
    }
}

/// The first instant at which the horizon is another one.
fn next_sync(subscription: &Subscription, as_of: Timestamp, current: Option<Period>) -> Timestamp {
    let boundary = if as_of < subscription.active_from {
        subscription.active_from
    } else {
        match current {
            Some(period) if period.start != as_of && period.end > as_of => period.end,
            Some(_) | None => as_of,
        }
    };
    // At a boundary itself the horizon is still the boundary; it moves right after it.
    boundary
        .saturating_add(jiff::SignedDuration::from_secs(1))
        .unwrap_or(boundary)
}

/// The lines of one item version.
fn lines_of(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    limit: Timestamp,
    lines: &mut Vec<Expected>,
) -> Result<(), SyncError> {
    let Some(price) = &item.price else {
        return Ok(());
    };
    match &item.cadence {
        Some(cadence) => recurring(subscription, phase, item, price, cadence, limit, lines),
        None => once(subscription, phase, item, price, limit, lines),
    }
}

fn recurring(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    price: &Price,
    cadence: &IsoDuration,
    limit: Timestamp,
    lines: &mut Vec<Expected>,
) -> Result<(), SyncError> {
    let recurrence = Recurrence::new(cadence.clone(), subscription.anchor)?;
    let ends = [subscription.active_to, phase.end, item.end];
    let mut at = item.start;
    let mut index = 0u32;
    while ends.iter().flatten().all(|end| at < *end) {
        let full = recurrence.period_at(at)?;
        let service = Period {
            start: full.start.max(item.start),
            end: item.end.map_or(full.end, |end| full.end.min(end)),
        };
        let billing = subscription.period_in(phase, at)?;
        let invoice_time = if price.is_flat_in_advance() {
            billing.start
        } else {
            service.end.max(billing.end)
        };
        if floor_to_second(invoice_time) > limit {
            break;
        }
        if lines.len() >= LINES_MAX {
            return Err(SyncError::TooManyLines);
        }
        let reference = format!("{}/period[{index}]", version(subscription, phase, item));
        let times = Times {
            service,
            full,
            billing,
            invoice_time,
        };
        lines.extend(line(subscription, phase, item, price, reference, times)?);
        at = service.end;
        index += 1;
    }
    Ok(())
}

fn once(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    price: &Price,
    limit: Timestamp,
    lines: &mut Vec<Expected>,
) -> Result<(), SyncError> {
    if item.end.is_some_and(|end| end <= item.start) {
        return Ok(());
    }
    let end = phase.end.or(item.end).unwrap_or(item.start);
    let service = Period {
        start: item.start,
        end: end.max(item.start),
    };
    let billing = subscription.period_in(phase, item.start)?;
    let in_advance = price.is_flat_in_advance();
    // A fee at the end waits until there is an end.
    if !in_advance && service.is_empty() {
        return Ok(());
    }
    let invoice_time = if in_advance {
        billing.start
    } else {
        service.end.max(billing.end)
    };
    if floor_to_second(invoice_time) > limit {
        return Ok(());
    }
    let times = Times {
        service,
        full: service,
        billing,
        invoice_time,
    };
    lines.extend(line(
        subscription,
        phase,
        item,
        price,
        version(subscription, phase, item),
        times,
    )?);
    Ok(())
}

/// What the references of all lines of an item version begin with.
pub fn version(subscription: &Subscription, phase: &Phase, item: &Item) -> String {
    format!(
        "{}/{}/{}/v[{}]",
        subscription.id, phase.key, item.key, item.version
    )
}

struct Times {
    service: Period,
    full: Period,
    billing: Period,
    invoice_time: Timestamp,
}

fn line(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    price: &Price,
    reference: String,
    times: Times,
) -> Result<Option<Expected>, SyncError> {
    let floor = |period: Period| Period {
        start: floor_to_second(period.start),
        end: floor_to_second(period.end),
    };
    let (service, full) = (floor(times.service), floor(times.full));
    let mut price = price.clone();
    if let Model::Flat { amount, .. } = &mut price.model {
        // Whoever ends a subscription pays the period in full; whoever changes it does not.
        let ends_here = subscription
            .active_to
            .is_some_and(|end| floor_to_second(end) <= service.end);
        *amount = if subscription.prorate && !service.is_empty() && !ends_here {
            prorate(*amount, service, full, subscription.currency)?
        } else {
            subscription.currency.round(*amount)
        };
        if amount.is_zero() {
            return Ok(None);
        }
    } else if service.is_empty() {
        return Ok(None);
    }
    Ok(Some(Expected {
        reference,
        name: item.name.clone(),
        description: item.description.clone(),
        period: service,
        invoice_time: floor_to_second(times.invoice_time),
        price,
        feature_key: item.feature_key.clone(),
        tax: item.tax.clone(),
        discounts: item.discounts.clone(),
        subscription: LineSubscription {
            subscription: subscription.id,
            phase: phase.id,
            item: item.id,
            billing_period: floor(times.billing),
        },
    }))
}

//! The lines that a subscription should have. They are prepared up to a horizon: the end of
//! the billing period that an instant lies in, so that fees in advance exist before they
//! fall due.

use std::collections::BTreeMap;

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

/// Up to when the lines of each phase, by its key, have been prepared. It holds for one state of a subscription.
pub type Reached = BTreeMap<String, Timestamp>;

/// What a sync at some instant leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The lines that should exist; of a plan that goes on from where another ended, those that it adds.
    pub lines: Vec<Expected>,
    /// When to look again; `None` when nothing more will come.
    pub next_sync: Option<Timestamp>,
    /// How far it reaches.
    pub reached: Reached,
}

/// The lines of a subscription as of an instant. Once its end is known everything until
/// then is prepared at once.
pub fn expected(subscription: &Subscription, now: Timestamp) -> Result<Plan, SyncError> {
    prepared(subscription, now, &Reached::new())
}

/// What the same state of a subscription adds to the lines of an earlier plan, without working those out again.
/// `None` when the earlier plan reaches further in some phase, as when a test clock was set back.
pub fn added(
    subscription: &Subscription,
    now: Timestamp,
    reached: &Reached,
) -> Result<Option<Plan>, SyncError> {
    let plan = prepared(subscription, now, reached)?;
    let goes_on = |(phase, limit): (&String, &Timestamp)| {
        let known = reached.get(phase);
        known.is_none_or(|known| known <= limit)
    };
    Ok(plan.reached.iter().all(goes_on).then(|| Plan {
        reached: reached.clone().into_iter().chain(plan.reached).collect(),
        ..plan
    }))
}

/// The lines behind what was reached before.
fn prepared(
    subscription: &Subscription,
    now: Timestamp,
    before: &Reached,
) -> Result<Plan, SyncError> {
    if subscription.deleted || !subscription.is_priced() {
        return Ok(Plan::default());
    }
    let mut reached = Reached::new();
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
        let span = Span {
            after: before.get(&phase.key).copied(),
            limit: floor_to_second(limit),
        };
        for item in phase.priced() {
            lines_of(subscription, phase, item, span, &mut lines)?;
        }
        reached.insert(phase.key.clone(), span.limit);
        if phase.end.is_some_and(|end| end >= as_of) {
            break;
        }
    }
    let next_sync = if subscription.active_to.is_some() {
        None
    } else {
        Some(next_sync(subscription, as_of, current))
    };
    Ok(Plan {
        lines,
        next_sync,
        reached,
    })
}

/// Which lines are prepared: those due behind one instant and until another.
#[derive(Clone, Copy)]
struct Span {
    after: Option<Timestamp>,
    limit: Timestamp,
}

impl Span {
    /// Whether lines that are due then were prepared before.
    fn is_behind(self, invoice_time: Timestamp) -> bool {
        self.after
            .is_some_and(|after| floor_to_second(invoice_time) <= after)
    }

    fn is_beyond(self, invoice_time: Timestamp) -> bool {
        floor_to_second(invoice_time) > self.limit
    }
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
    span: Span,
    lines: &mut Vec<Expected>,
) -> Result<(), SyncError> {
    let Some(price) = &item.price else {
        return Ok(());
    };
    match &item.cadence {
        Some(cadence) => recurring(subscription, phase, item, (price, cadence), span, lines),
        None => once(subscription, phase, item, price, span, lines),
    }
}

fn recurring(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    (price, cadence): (&Price, &IsoDuration),
    span: Span,
    lines: &mut Vec<Expected>,
) -> Result<(), SyncError> {
    let recurrence = Recurrence::new(cadence.clone(), subscription.anchor)?;
    let ends = [subscription.active_to, phase.end, item.end];
    let (mut at, mut index) = first(subscription, phase, item, &recurrence, span)?;
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
        if span.is_beyond(invoice_time) {
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
        if !span.is_behind(invoice_time) {
            lines.extend(line(subscription, phase, item, price, reference, times)?);
        }
        at = service.end;
        index += 1;
    }
    Ok(())
}

/// The start and the number of a service period at which to begin: all before it were due when what was prepared
/// before ended, or earlier. Whatever begins in a billing period is due when that begins or later; so the period that
/// holds the start of the last billing period is early enough.
fn first(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    recurrence: &Recurrence,
    span: Span,
) -> Result<(Timestamp, i64), SyncError> {
    let from_start = (item.start, 0);
    let Some(after) = span.after else {
        return Ok(from_start);
    };
    let place = subscription.period_in(phase, after)?.start.min(after);
    if place <= item.start {
        return Ok(from_start);
    }
    let index = recurrence.number_at(place)? - recurrence.number_at(item.start)?;
    if index == 0 {
        return Ok(from_start);
    }
    Ok((recurrence.period_at(place)?.start, index))
}

fn once(
    subscription: &Subscription,
    phase: &Phase,
    item: &Item,
    price: &Price,
    span: Span,
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
    if span.is_beyond(invoice_time) || span.is_behind(invoice_time) {
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

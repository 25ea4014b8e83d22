//! A subscription of any origin as one state, and plan-based ones as events: the forms in which all of a project can be read
//! as one.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal::{self, DecimalError};

use super::event::EventStatus;
use super::fold::{Item, State, monthly};
use super::{Amount, End, EndReason, ItemKind, Origin, Reported};
use crate::domain::refusal::Refusal;
use crate::domain::revenue::change::{Change, Class, changes, product_key};
use crate::domain::subscription::{SUPERSEDING_ID, Subscription};

/// Decimals of a shown amount.
const SHOWN_DECIMALS: u32 = 6;
/// Months of the interval that is shown as a year.
const YEAR: u32 = 12;

/// The state that lists show.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// From when on it holds.
    pub at: Timestamp,
    /// When it ends.
    pub end: Option<End>,
    /// What is sold.
    pub items: Vec<ViewItem>,
    /// Currency of the amount.
    pub currency: Option<Currency>,
    /// Amount of a month.
    pub monthly_amount: Option<Decimal>,
}

/// One item of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewItem {
    /// The product.
    pub product_key: String,
    /// What it is.
    pub kind: ItemKind,
    /// When its trial or free access began.
    pub trial_start: Option<Timestamp>,
    /// When its trial ends.
    pub trial_end: Option<Timestamp>,
}

/// An event of a plan-based subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanEvent {
    /// What it counts as from then on.
    pub status: EventStatus,
    /// What it costs; at an end: until then.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

impl Reported {
    /// As lists show it: reported by whole states, as it is in force; reported by fields, after all facts; known by
    /// payments alone, as the last of them.
    pub fn view(&self, now: Timestamp) -> Result<View, DecimalError> {
        match self.origin {
            Origin::States => {
                let first = self.facts.iter().map(|fact| fact.at).min();
                let state = self.state_at(first.map_or(now, |first| now.max(first)))?;
                let end = self.latest()?.end;
                self.shown(&state, end)
            }
            Origin::Patches => self.latest_view(),
        }
    }

    /// As it is after all facts.
    pub fn latest_view(&self) -> Result<View, DecimalError> {
        let state = self.latest()?;
        self.shown(&state, state.end)
    }

    fn shown(&self, state: &State, end: Option<End>) -> Result<View, DecimalError> {
        let last_payment = self
            .payments
            .iter()
            .max_by_key(|payment| (payment.start, payment.receipt));
        if let (None, Some(payment)) = (state.items.first(), last_payment) {
            return Ok(View {
                at: payment.start,
                end: Some(End {
                    at: payment.end,
                    reason: EndReason::Voluntary,
                }),
                items: vec![ViewItem {
                    product_key: payment.product_key.clone(),
                    kind: payment.kind,
                    trial_start: None,
                    trial_end: None,
                }],
                currency: Some(payment.currency),
                monthly_amount: Some(shown_amount(payment.monthly_amount)),
            });
        }
        let item = |item: &Item| ViewItem {
            product_key: item.product_key.clone(),
            kind: item.kind,
            trial_start: item.trial_start,
            trial_end: item.trial_end,
        };
        let amount = state.amount.map(monthly).transpose()?;
        Ok(View {
            at: state
                .last
                .as_ref()
                .map_or(self.created_at, |(_, last)| *last),
            end,
            items: state.items.iter().map(item).collect(),
            currency: state.currency,
            monthly_amount: amount.map(shown_amount),
        })
    }
}

/// A plan-based subscription as lists show it: one item, by what it counts as.
pub fn plan_view(subscription: &Subscription, now: Timestamp) -> Result<View, Refusal> {
    let changes = changes(subscription)?;
    let lives: Vec<&Change> = changes
        .iter()
        .filter(|change| is_live(change.class))
        .collect();
    let current = lives
        .iter()
        .rposition(|change| change.at <= now)
        .unwrap_or(0);
    let end = subscription.active_to.map(|at| End {
        at,
        reason: EndReason::Voluntary,
    });
    let product_key = product_key(subscription);
    let Some(change) = lives.get(current) else {
        let item = ViewItem {
            product_key,
            kind: ItemKind::Free,
            trial_start: Some(subscription.active_from),
            trial_end: None,
        };
        return Ok(View {
            at: subscription.active_from,
            end,
            items: vec![item],
            currency: Some(subscription.currency),
            monthly_amount: None,
        });
    };
    let kind = match change.class {
        Class::Trial => ItemKind::Trial,
        Class::Paid if change.monthly_value.is_zero() => ItemKind::Metered,
        Class::Paid | Class::PastDue => ItemKind::Recurring,
        Class::Free | Class::Ended | Class::Delinquent | Class::Lapsed => ItemKind::Free,
    };
    let next = lives.get(current + 1).map(|next| next.at);
    Ok(View {
        at: change.at,
        end,
        items: vec![ViewItem {
            product_key,
            kind,
            trial_start: (!kind.pays()).then_some(change.at),
            trial_end: (kind == ItemKind::Trial)
                .then_some(next.or(subscription.active_to))
                .flatten(),
        }],
        currency: Some(subscription.currency),
        monthly_amount: kind.pays().then(|| shown_amount(change.monthly_value)),
    })
}

/// The events of a plan-based subscription. What another one of the customer goes on with does not end.
pub fn plan_events(subscription: &Subscription) -> Result<Vec<PlanEvent>, Refusal> {
    let months = if subscription.billing_cadence.months()? == Decimal::from(YEAR) {
        YEAR
    } else {
        1
    };
    let mut events: Vec<PlanEvent> = Vec::new();
    for change in changes(subscription)? {
        let status = match change.class {
            Class::Trial => Some(EventStatus::Trialing),
            Class::Paid | Class::PastDue => Some(EventStatus::Active),
            Class::Free | Class::Ended | Class::Delinquent | Class::Lapsed => None,
        };
        let last = events
            .last()
            .filter(|last| !matches!(last.status, EventStatus::Ended(_)));
        match (status, last) {
            (Some(status), _) => events.push(PlanEvent {
                status,
                amount: Amount {
                    value: decimal::mul(change.monthly_value, Decimal::from(months))?,
                    months,
                },
                at: change.at,
            }),
            (None, Some(last)) if !goes_on(subscription, &change) => events.push(PlanEvent {
                status: EventStatus::Ended(EndReason::Voluntary),
                at: change.at,
                ..*last
            }),
            (None, _) => {}
        }
    }
    Ok(events)
}

fn goes_on(subscription: &Subscription, change: &Change) -> bool {
    change.class == Class::Ended && subscription.annotations.contains_key(SUPERSEDING_ID)
}

fn is_live(class: Class) -> bool {
    match class {
        Class::Trial | Class::Free | Class::Paid | Class::PastDue => true,
        Class::Ended | Class::Delinquent | Class::Lapsed => false,
    }
}

fn shown_amount(monthly: Decimal) -> Decimal {
    decimal::round_half_away(monthly, SHOWN_DECIMALS)
}

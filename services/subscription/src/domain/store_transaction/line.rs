//! A store subscription as those see it who know no terms: one subscription for all its terms, in the form of a reported one. What it is
//! follows from its terms and now, because a period that is over without another one ends it, and nobody says so.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal;
use kernel::id::{CustomerId, SubscriptionId};
use serde::{Deserialize, Serialize};

use crate::domain::refusal::Refusal;
use crate::domain::reported::state_report::NewReported;
use crate::domain::reported::{
    Amount, Change, End, EndPatch, EndReason, ItemKind, ItemPatch, Origin, Patch, Reported,
    TimePatch,
};
use crate::domain::term::view::{Renewal, Status};
use crate::domain::term::{Coverage, Facts, Stage};

/// Months of the interval that is a year.
const YEAR: u32 = 12;
/// Decimals of the amount of a year: one less than it takes to see that the amount of a month was rounded.
const YEARLY_DECIMALS: u32 = 9;

/// A store subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoreLine {
    /// Its id.
    pub id: SubscriptionId,
    /// Who has it now.
    pub customer_id: CustomerId,
    /// How its store calls it; empty where something else has that name.
    pub key: String,
    /// Its number in the project.
    pub sequence: i64,
    /// Its short id.
    pub short_id: String,
    /// All terms by start, without money.
    pub terms: Vec<Facts>,
    /// Counts writes from 1.
    pub revision: i64,
    /// When it was first told of.
    pub created_at: Timestamp,
    /// When it was last told of.
    pub updated_at: Timestamp,
}

/// From when to when it sells anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its start.
    pub start: Timestamp,
    /// Its end, or where what is known of it ends.
    pub end: Option<Timestamp>,
    /// Whether it goes on at that end if its store says so.
    pub renews: bool,
}

/// What is sold for a while.
#[derive(Clone, Debug, PartialEq)]
struct Sold {
    kind: ItemKind,
    product_key: String,
    amount: Option<(Amount, Option<Currency>)>,
    trial: Option<(Timestamp, Option<Timestamp>)>,
}

/// The facts while they are put together.
struct Teller {
    reported: Reported,
    /// What holds; none: nothing.
    sold: Option<Sold>,
    /// Where what holds ends.
    reach: Option<Timestamp>,
    /// Why it ends there.
    reason: EndReason,
    /// Whether an amount was ever said.
    priced: bool,
    /// Whether an end was said.
    ended: Option<Timestamp>,
}

/// The terms as they are kept here.
pub fn without_money(terms: &[Facts]) -> Vec<Facts> {
    let bare = |facts: &Facts| Facts {
        payments: Vec::new(),
        ..facts.clone()
    };
    terms.iter().map(bare).collect()
}

impl StoreLine {
    /// In the form of a reported subscription, as it stands at an instant.
    pub fn reported(&self, now: Timestamp) -> Result<Reported, Refusal> {
        let mut told = self.told()?;
        let stops = self.stops(now)?;
        if let Some(end) = told.reach.filter(|end| *end <= now || stops) {
            told.close(end, told.reason);
        }
        Ok(told.reported)
    }

    /// What lists filter and sort by, as far as it is known at an instant.
    pub fn span(&self, now: Timestamp) -> Result<Span, Refusal> {
        let told = self.told()?;
        let start = told.reported.start().unwrap_or(self.created_at);
        Ok(match &told.sold {
            None => Span {
                start,
                end: Some(told.ended.unwrap_or(start)),
                renews: false,
            },
            Some(sold) => Span {
                start,
                end: told.reach,
                // A trial is over at its end in every list, until it is converted.
                renews: told.reach.is_some() && sold.kind != ItemKind::Trial && !self.stops(now)?,
            },
        })
    }

    /// Whether it will not go on at the end of what is known. One that is not paid may still be.
    fn stops(&self, now: Timestamp) -> Result<bool, Refusal> {
        let Some(last) = self.terms.last() else {
            return Ok(true);
        };
        let view = last.view(now, false)?;
        Ok(match view.status {
            Status::InGracePeriod | Status::InBillingRetry => last.renewal_is_off(now),
            Status::Trialing
            | Status::Active
            | Status::Expired
            | Status::Paused
            | Status::Unknown
            | Status::Incomplete => view.renewal == Renewal::WillNotRenew,
        })
    }

    /// All that was told, but for the end of what is known.
    fn told(&self) -> Result<Teller, Refusal> {
        let mut teller = Teller {
            reported: Reported {
                sequence: self.sequence,
                short_id: self.short_id.clone(),
                revision: self.revision,
                updated_at: self.updated_at,
                ..Reported::new(NewReported {
                    id: self.id,
                    customer_id: self.customer_id,
                    key: self.key.clone(),
                    origin: Origin::States,
                    now: self.created_at,
                })
            },
            sold: None,
            reach: None,
            reason: EndReason::Voluntary,
            priced: false,
            ended: None,
        };
        let held = |stage: &&Stage| stage.end.is_none_or(|end| stage.start < end);
        let stages: Vec<&Stage> = self
            .terms
            .iter()
            .flat_map(|term| term.stages.iter().filter(held))
            .collect();
        for (index, stage) in stages.iter().enumerate() {
            teller.go_on(stage, stages.get(index + 1).copied())?;
        }
        Ok(teller)
    }
}

impl Teller {
    /// Goes on with the next stage.
    fn go_on(&mut self, stage: &Stage, next: Option<&Stage>) -> Result<(), Refusal> {
        if let Some(end) = self.reach.filter(|end| *end < stage.start) {
            self.close(end, self.reason);
        }
        let start = stage.start;
        match stage.coverage {
            Coverage::Trial => {
                // Grace after a trial is more of it.
                let grace = next.filter(|next| {
                    next.coverage == Coverage::Grace && Some(next.start) == stage.end
                });
                let end = grace.map_or(stage.end, |grace| grace.end);
                let trial = Some((start, end));
                self.sell(start, sold(stage, ItemKind::Trial, trial)?);
            }
            Coverage::Paid => self.sell(start, sold(stage, ItemKind::Recurring, None)?),
            Coverage::Free | Coverage::Unknown => {
                self.sell(start, sold(stage, ItemKind::Free, None)?);
            }
            Coverage::Grace => {}
            Coverage::Retry => {
                let paid = |sold: &Sold| sold.kind == ItemKind::Recurring;
                if !self.sold.as_ref().is_some_and(paid) {
                    self.close(start, EndReason::Delinquent);
                }
            }
            Coverage::Paused => self.close(start, EndReason::Voluntary),
        }
        self.reach = stage.end;
        self.reason = match stage.coverage {
            Coverage::Grace | Coverage::Retry => EndReason::Delinquent,
            Coverage::Trial
            | Coverage::Paid
            | Coverage::Free
            | Coverage::Unknown
            | Coverage::Paused => EndReason::Voluntary,
        };
        Ok(())
    }

    /// From an instant on this is sold, unless it was before.
    fn sell(&mut self, at: Timestamp, sold: Sold) {
        if self.sold.as_ref() == Some(&sold) {
            return;
        }
        let nothing = Amount {
            value: Decimal::ZERO,
            months: 1,
        };
        let (amount, currency) = match sold.amount {
            Some((amount, currency)) => (Some(amount), currency),
            None => (self.priced.then_some(nothing), None),
        };
        self.priced |= amount.is_some();
        let end = self.ended.take().map(|_| EndPatch::Clear);
        let time = |time: Option<Timestamp>| Some(time.map_or(TimePatch::Clear, TimePatch::Set));
        let (trial_start, trial_end) = match sold.trial {
            Some((start, end)) => (time(Some(start)), time(end)),
            None => (time(None), time(None)),
        };
        self.say(
            at,
            Patch {
                items: Some(vec![ItemPatch {
                    product_key: sold.product_key.clone(),
                    kind: Some(sold.kind),
                    trial_start,
                    trial_end,
                }]),
                amount,
                months: None,
                currency,
                end,
            },
        );
        self.sold = Some(sold);
    }

    /// From an instant on nothing is sold.
    fn close(&mut self, at: Timestamp, reason: EndReason) {
        if self.sold.take().is_some() {
            let end = Some(EndPatch::Set(End { at, reason }));
            self.say(
                at,
                Patch {
                    end,
                    ..Patch::default()
                },
            );
            self.ended = Some(at);
        }
    }

    fn say(&mut self, at: Timestamp, patch: Patch) {
        let id = format!("{}:{:06}", self.reported.id, self.reported.next_receipt);
        self.reported.receive(id, at, Change::Patch(patch));
    }
}

fn sold(
    stage: &Stage,
    kind: ItemKind,
    trial: Option<(Timestamp, Option<Timestamp>)>,
) -> Result<Sold, Refusal> {
    let product_key = stage.product.as_ref().map(|product| product.key.clone());
    let amount = match &stage.monthly {
        Some(monthly) => Some((
            amount(monthly.value, is_yearly(stage))?,
            Currency::parse(&monthly.currency).ok(),
        )),
        None => None,
    };
    Ok(Sold {
        kind,
        product_key: product_key.unwrap_or_default(),
        amount,
        trial,
    })
}

/// The amount of a year of what is sold by the year, else of a month.
fn amount(monthly: Decimal, yearly: bool) -> Result<Amount, Refusal> {
    if !yearly {
        return Ok(Amount {
            value: monthly,
            months: 1,
        });
    }
    let value = decimal::mul(monthly, Decimal::from(YEAR))?;
    Ok(Amount {
        value: decimal::round_half_away(value, YEARLY_DECIMALS).normalize(),
        months: YEAR,
    })
}

fn is_yearly(stage: &Stage) -> bool {
    let duration = stage
        .product
        .as_ref()
        .and_then(|product| product.duration.as_ref());
    duration.is_some_and(|length| {
        length.is_whole_months()
            && length
                .months()
                .is_ok_and(|months| months == Decimal::from(YEAR))
    })
}

//! What one customer adds to the sums. Levels, such as revenue at a time, go on until something changes; so what is kept
//! of a customer is only the differences (flows) of the months and days in which anything changed. The sums of a period
//! follow from all flows up to it, whoever's they are: flows of many customers are added, and a customer whose past was
//! changed is restated by taking the old flows off and adding the new ones.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::Decimal;
use kernel::decimal::{self, DecimalError};
use kernel::period::Period;

use super::basis::{Basis, Part, Scope, of_customer};
use super::entry::Entry;
use super::month::Day;
use crate::domain::refusal::Refusal;

/// What a flow is of: an instant's span, for the account or one product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// How long the span is.
    pub span: Span,
    /// The product; none for the whole account.
    pub product: Option<String>,
    /// Number of the month or day; 0 for all time.
    pub number: i32,
}

/// How long the span of a flow is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// All time: what the flows of all months come to.
    Ever,
    /// A month.
    Month,
    /// A day.
    Day,
}

/// The difference that a span makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// As in the basis.
    pub new: Part,
    /// As in the basis.
    pub reactivated: Part,
    /// As in the basis.
    pub canceled: Part,
    /// As in the basis.
    pub delinquent: Part,
    /// As in the basis.
    pub upgraded: Part,
    /// As in the basis.
    pub downgraded: Part,
    /// As in the basis.
    pub plan_changed: Part,
    /// More customers who pay.
    pub customers: i64,
    /// How much more those who paid at the start pay at the end; at most 0 but for upgrades.
    pub retained: Decimal,
    /// What those with a converted trial pay at the end.
    pub converted: Decimal,
    /// How much more is about to end.
    pub ending: Decimal,
    /// Trials begun.
    pub trials_started: i64,
    /// Trials that became paid.
    pub trials_converted: i64,
    /// Trials that ended unpaid.
    pub trials_lost: i64,
    /// Seconds from start to conversion of all converted trials.
    pub conversion_seconds: i64,
}

/// Flows by what they are of.
pub type Flows = BTreeMap<Slot, Flow>;

/// Which flows are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// All of them.
    All,
    /// Those of all time, of each product.
    Totals,
    /// Those of one span and scope.
    Only(Span, Scope<'a>),
    /// Those of months and days of one scope.
    MonthsAndDays(Scope<'a>),
}

impl Wanted<'_> {
    fn span(self, span: Span) -> bool {
        match self {
            Self::All => true,
            Self::Totals => span == Span::Ever,
            Self::Only(only, _) => only == span,
            Self::MonthsAndDays(_) => span != Span::Ever,
        }
    }

    fn scope(self, scope: Scope<'_>) -> bool {
        match self {
            Self::All | Self::Totals => true,
            Self::Only(_, only) | Self::MonthsAndDays(only) => only == scope,
        }
    }
}

impl Flow {
    /// What one customer's basis says, given what was about to end before.
    fn of(basis: &Basis, ending_before: Decimal) -> Result<Self, DecimalError> {
        let retained = if basis.existing.customers == 0 {
            Decimal::ZERO
        } else {
            decimal::sub(basis.retained, basis.existing.amount)?
        };
        Ok(Self {
            new: basis.new,
            reactivated: basis.reactivated,
            canceled: basis.canceled,
            delinquent: basis.delinquent,
            upgraded: basis.upgraded,
            downgraded: basis.downgraded,
            plan_changed: basis.plan_changed,
            customers: basis.active.customers - basis.existing.customers,
            retained,
            converted: basis.converted,
            ending: decimal::sub(basis.ending, ending_before)?,
            trials_started: basis.trials_started,
            trials_converted: basis.trials_converted,
            trials_lost: basis.trials_lost,
            conversion_seconds: basis.conversion_seconds,
        })
    }

    /// The difference in revenue.
    pub fn amount(&self) -> Result<Decimal, DecimalError> {
        decimal::checked_sum(self.parts().map(|part| part.amount))
    }

    /// Adds another flow.
    pub fn add(&mut self, other: &Self) -> Result<(), DecimalError> {
        self.combine(other, decimal::add, |sum, count| sum + count)
    }

    /// Takes another flow off.
    pub fn take_off(&mut self, other: &Self) -> Result<(), DecimalError> {
        self.combine(other, decimal::sub, |sum, count| sum - count)
    }

    /// Whether it makes no difference.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// The classes of movement.
    pub fn parts(&self) -> [Part; 7] {
        [
            self.new,
            self.reactivated,
            self.canceled,
            self.delinquent,
            self.upgraded,
            self.downgraded,
            self.plan_changed,
        ]
    }

    fn combine(
        &mut self,
        other: &Self,
        amounts: fn(Decimal, Decimal) -> Result<Decimal, DecimalError>,
        counts: fn(i64, i64) -> i64,
    ) -> Result<(), DecimalError> {
        for (sum, part) in [
            &mut self.new,
            &mut self.reactivated,
            &mut self.canceled,
            &mut self.delinquent,
            &mut self.upgraded,
            &mut self.downgraded,
            &mut self.plan_changed,
        ]
        .into_iter()
        .zip(other.parts())
        {
            sum.amount = amounts(sum.amount, part.amount)?;
            sum.customers = counts(sum.customers, part.customers);
        }
        for (sum, amount) in [
            (&mut self.retained, other.retained),
            (&mut self.converted, other.converted),
            (&mut self.ending, other.ending),
        ] {
            *sum = amounts(*sum, amount)?;
        }
        for (sum, count) in [
            (&mut self.customers, other.customers),
            (&mut self.trials_started, other.trials_started),
            (&mut self.trials_converted, other.trials_converted),
            (&mut self.trials_lost, other.trials_lost),
            (&mut self.conversion_seconds, other.conversion_seconds),
        ] {
            *sum = counts(*sum, count);
        }
        Ok(())
    }
}

/// Where things stand at an instant, by all flows before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// What is paid, and by how many.
    pub paying: Part,
    /// Customers in a trial who pay nothing.
    pub trialing: i64,
    /// Worth of what is about to end.
    pub ending: Decimal,
}

impl Level {
    /// Goes on by the flow of one span and gives its basis.
    pub fn step(&mut self, flow: &Flow) -> Result<Basis, DecimalError> {
        let before = *self;
        self.paying.amount = decimal::add(before.paying.amount, flow.amount()?)?;
        self.paying.customers += flow.customers;
        self.trialing += flow.trials_started - flow.trials_converted - flow.trials_lost;
        self.ending = decimal::add(before.ending, flow.ending)?;
        Ok(Basis {
            existing: before.paying,
            active: self.paying,
            new: flow.new,
            reactivated: flow.reactivated,
            canceled: flow.canceled,
            delinquent: flow.delinquent,
            upgraded: flow.upgraded,
            downgraded: flow.downgraded,
            plan_changed: flow.plan_changed,
            retained: decimal::add(before.paying.amount, flow.retained)?,
            trialing_start: before.trialing,
            trialing_end: self.trialing,
            trials_started: flow.trials_started,
            trials_converted: flow.trials_converted,
            trials_lost: flow.trials_lost,
            converted: flow.converted,
            conversion_seconds: flow.conversion_seconds,
            ending: self.ending,
        })
    }
}

/// The flows of one customer by entries before `until`, which are in order of time; ends that are known ahead count as such.
pub fn flows(
    entries: &[&Entry],
    zone: &TimeZone,
    until: Timestamp,
    wanted: Wanted<'_>,
) -> Result<Flows, Refusal> {
    let mut found = Flows::new();
    let past = &entries[..entries.partition_point(|entry| entry.at < until)];
    let days: BTreeSet<Day> = past.iter().map(|entry| Day::of(entry.at, zone)).collect();
    let products: BTreeSet<&str> = past
        .iter()
        .map(|entry| entry.product_key.as_str())
        .collect();
    let scopes: Vec<Scope<'_>> = std::iter::once(Scope::Account)
        .chain(products.into_iter().map(Scope::Product))
        .filter(|scope| wanted.scope(*scope))
        .collect();
    if wanted.span(Span::Day) {
        let days: Vec<(i32, Period)> = days
            .iter()
            .map(|day| Ok((day.number(), day.period(zone)?)))
            .collect::<Result<_, Refusal>>()?;
        collect(&mut found, entries, &cut(days, until), Span::Day, &scopes)?;
    }
    if wanted.span(Span::Month) || wanted.span(Span::Ever) {
        let months: BTreeSet<_> = days.iter().map(|day| day.month()).collect();
        let months: Vec<(i32, Period)> = months
            .iter()
            .map(|month| Ok((month.number(), month.period(zone)?)))
            .collect::<Result<_, Refusal>>()?;
        collect(
            &mut found,
            entries,
            &cut(months, until),
            Span::Month,
            &scopes,
        )?;
        if wanted.span(Span::Ever) {
            total(&mut found)?;
        }
        if !wanted.span(Span::Month) {
            found.retain(|slot, _| slot.span != Span::Month);
        }
    }
    Ok(found)
}

/// Takes a customer's old flows off and adds the new ones; what is the same is not touched.
pub fn restate(sums: &mut Flows, old: &Flows, new: &Flows) -> Result<(), DecimalError> {
    for (slot, flow) in new {
        if old.get(slot) != Some(flow) {
            sums.entry(slot.clone()).or_default().add(flow)?;
        }
    }
    for (slot, flow) in old {
        if new.get(slot) != Some(flow) {
            sums.entry(slot.clone()).or_default().take_off(flow)?;
        }
    }
    Ok(())
}

fn cut(mut periods: Vec<(i32, Period)>, until: Timestamp) -> Vec<(i32, Period)> {
    for (_, period) in &mut periods {
        period.end = period.end.min(until);
    }
    periods
}

fn collect(
    found: &mut Flows,
    entries: &[&Entry],
    periods: &[(i32, Period)],
    span: Span,
    scopes: &[Scope<'_>],
) -> Result<(), DecimalError> {
    let cut: Vec<Period> = periods.iter().map(|(_, period)| *period).collect();
    for scope in scopes {
        let mut ending = Decimal::ZERO;
        for ((number, _), basis) in periods.iter().zip(of_customer(entries, &cut, *scope)?) {
            let flow = Flow::of(&basis, ending)?;
            ending = basis.ending;
            if flow.is_zero() {
                continue;
            }
            let product = match scope {
                Scope::Account => None,
                Scope::Product(product) => Some((*product).to_owned()),
            };
            let slot = Slot {
                span,
                product,
                number: *number,
            };
            found.insert(slot, flow);
        }
    }
    Ok(())
}

fn total(found: &mut Flows) -> Result<(), DecimalError> {
    let months: Vec<(Slot, Flow)> = found
        .iter()
        .filter(|(slot, _)| slot.span == Span::Month)
        .map(|(slot, flow)| (slot.clone(), *flow))
        .collect();
    for (slot, flow) in months {
        let ever = Slot {
            span: Span::Ever,
            product: slot.product,
            number: 0,
        };
        found.entry(ever).or_default().add(&flow)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! What every revenue metric is computed from: sums over customers of one period, for the whole account or for one
//! product. Customers add up independently, so the basis of many is the sum of the bases of each.
//!
//! Only a customer's value just before the start and just before the end decide the class of a movement; what comes and
//! goes between them is invisible. Trials are flows: each entry into one and each way out of one counts. Within one
//! product the class is that of the customer's whole account, so that moving from one product to another is neither new
//! business in the one nor churn in the other. A trial that moves to another product is lost in the old one and started
//! in the new one, so that the flows of each product add up.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::Decimal;
use kernel::decimal::{self, DecimalError};
use kernel::period::Period;

use super::change::Class;
use super::entry::{Entry, by_customer};
use super::movement::{Kind, movement};

/// What the figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All subscriptions.
    Account,
    /// The subscriptions of one product.
    Product(&'a str),
}

/// A sum and the customers behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Sum of monthly values, or of their differences.
    pub amount: Decimal,
    /// How many customers.
    pub customers: i64,
}

/// The sums of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Paying just before the start.
    pub existing: Part,
    /// Paying just before the end.
    pub active: Part,
    /// Paying at the end, not at the start, never before.
    pub new: Part,
    /// Paying at the end, not at the start, at some time before.
    pub reactivated: Part,
    /// Left by their own choice; at most 0.
    pub canceled: Part,
    /// Left because they did not pay; at most 0.
    pub delinquent: Part,
    /// Paying at both ends, more at the second. For a whole account.
    pub upgraded: Part,
    /// Paying at both ends, less at the second; at most 0. For a whole account.
    pub downgraded: Part,
    /// Any other difference, of customers who stay customers. For one product.
    pub plan_changed: Part,
    /// What those who paid at the start pay at the end.
    pub retained: Decimal,
    /// In a trial and not paying just before the start.
    pub trialing_start: i64,
    /// In a trial and not paying just before the end.
    pub trialing_end: i64,
    /// Trials begun.
    pub trials_started: i64,
    /// Trials that became paid.
    pub trials_converted: i64,
    /// Trials that ended unpaid.
    pub trials_lost: i64,
    /// What those with a converted trial pay at the end.
    pub converted: Decimal,
    /// Seconds from start to conversion of all converted trials.
    pub conversion_seconds: i64,
    /// Worth, just before the end, of subscriptions whose end is known and not before it.
    pub ending: Decimal,
}

/// The bases of consecutive periods. `entries` may reach beyond the last period; ends that are known ahead count as such.
pub fn bases(
    entries: &[Entry],
    periods: &[Period],
    scope: Scope<'_>,
) -> Result<Vec<Basis>, DecimalError> {
    let mut all: Vec<Basis> = periods.iter().map(|_| Basis::default()).collect();
    for entries in by_customer(entries).values() {
        for (basis, own) in all.iter_mut().zip(of_customer(entries, periods, scope)?) {
            basis.add(&own)?;
        }
    }
    Ok(all)
}

/// The bases of one customer, whose entries are in order of time.
pub fn of_customer(
    entries: &[&Entry],
    periods: &[Period],
    scope: Scope<'_>,
) -> Result<Vec<Basis>, DecimalError> {
    let mut customer = Customer {
        scope,
        live: BTreeMap::new(),
        has_paid: false,
        left_as: Class::Ended,
        trial_start: None,
    };
    let mut rest = entries;
    let mut found = Vec::with_capacity(periods.len());
    for period in periods {
        let mut basis = Basis::default();
        // What happened before the first period only sets the stage.
        rest = customer
            .advance(rest, period.start, &mut Basis::default())?
            .0;
        let start = customer.stand()?;
        let (later, converted) = customer.advance(rest, period.end, &mut basis)?;
        rest = later;
        let end = customer.stand()?;
        basis.trialing_start = i64::from(start.trialing);
        basis.trialing_end = i64::from(end.trialing);
        if converted {
            basis.converted = end.own;
        }
        basis.existing = part(start.own);
        basis.active = part(end.own);
        if !start.own.is_zero() {
            basis.retained = end.own;
        }
        basis.ending = customer.ending(rest)?;
        basis.class(&start, &end, customer.left_as)?;
        found.push(basis);
    }
    Ok(found)
}

impl Basis {
    /// Adds another basis of the same period.
    pub fn add(&mut self, other: &Self) -> Result<(), DecimalError> {
        for (sum, part) in [
            (&mut self.existing, &other.existing),
            (&mut self.active, &other.active),
            (&mut self.new, &other.new),
            (&mut self.reactivated, &other.reactivated),
            (&mut self.canceled, &other.canceled),
            (&mut self.delinquent, &other.delinquent),
            (&mut self.upgraded, &other.upgraded),
            (&mut self.downgraded, &other.downgraded),
            (&mut self.plan_changed, &other.plan_changed),
        ] {
            sum.amount = decimal::add(sum.amount, part.amount)?;
            sum.customers += part.customers;
        }
        for (sum, amount) in [
            (&mut self.retained, other.retained),
            (&mut self.converted, other.converted),
            (&mut self.ending, other.ending),
        ] {
            *sum = decimal::add(*sum, amount)?;
        }
        for (sum, count) in [
            (&mut self.trialing_start, other.trialing_start),
            (&mut self.trialing_end, other.trialing_end),
            (&mut self.trials_started, other.trials_started),
            (&mut self.trials_converted, other.trials_converted),
            (&mut self.trials_lost, other.trials_lost),
            (&mut self.conversion_seconds, other.conversion_seconds),
        ] {
            *sum += count;
        }
        Ok(())
    }

    /// Both kinds of churn.
    pub fn churned(&self) -> Result<Part, DecimalError> {
        Ok(Part {
            amount: decimal::add(self.canceled.amount, self.delinquent.amount)?,
            customers: self.canceled.customers + self.delinquent.customers,
        })
    }

    /// Puts the difference of the scope where the customer's whole account says.
    fn class(&mut self, start: &Stand, end: &Stand, left_as: Class) -> Result<(), DecimalError> {
        if start.own == end.own {
            return Ok(());
        }
        let kind = movement(start.whole, end.whole, start.has_paid).map(|movement| movement.kind);
        let part = match (kind, left_as) {
            (Some(Kind::New), _) => &mut self.new,
            (Some(Kind::Reactivation), _) => &mut self.reactivated,
            (Some(Kind::Churn), Class::Delinquent) => &mut self.delinquent,
            (Some(Kind::Churn), _) => &mut self.canceled,
            (Some(Kind::Expansion), _) if start.is_account => &mut self.upgraded,
            (Some(Kind::Contraction), _) if start.is_account => &mut self.downgraded,
            (Some(Kind::Expansion | Kind::Contraction | Kind::PlanChange) | None, _) => {
                &mut self.plan_changed
            }
        };
        part.amount = decimal::sub(end.own, start.own)?;
        part.customers = 1;
        Ok(())
    }
}

fn part(amount: Decimal) -> Part {
    Part {
        amount,
        customers: i64::from(!amount.is_zero()),
    }
}

/// One subscription at an instant.
#[derive(Clone, Copy)]
struct Live<'a> {
    product: &'a str,
    value: Decimal,
    class: Class,
}

/// One customer on the way through time.
struct Customer<'a> {
    scope: Scope<'a>,
    live: BTreeMap<(&'a str, i32), Live<'a>>,
    has_paid: bool,
    /// How the last subscription that lost its value lost it.
    left_as: Class,
    trial_start: Option<Timestamp>,
}

/// A customer at an instant.
struct Stand {
    is_account: bool,
    /// Value of the scope.
    own: Decimal,
    /// Value of everything.
    whole: Decimal,
    has_paid: bool,
    /// In a trial of the scope, paying nothing at all.
    trialing: bool,
    /// In any trial, paying nothing at all.
    trialing_at_all: bool,
}

impl<'a> Customer<'a> {
    fn includes(&self, live: &Live<'_>) -> bool {
        match self.scope {
            Scope::Account => true,
            Scope::Product(product) => live.product == product,
        }
    }

    fn stand(&self) -> Result<Stand, DecimalError> {
        let whole = decimal::checked_sum(self.live.values().map(|live| live.value))?;
        let own = self.live.values().filter(|live| self.includes(live));
        let in_trial = |live: &&Live<'_>| live.class == Class::Trial;
        Ok(Stand {
            is_account: self.scope == Scope::Account,
            own: decimal::checked_sum(own.clone().map(|live| live.value))?,
            whole,
            has_paid: self.has_paid,
            trialing: whole.is_zero() && own.clone().any(|live| in_trial(&live)),
            trialing_at_all: whole.is_zero() && self.live.values().any(|live| in_trial(&live)),
        })
    }

    /// Takes in all entries before an instant, counts trials, and gives back the rest and whether a trial of the scope
    /// was converted. Entries of one instant count together: a change of plan is no moment without revenue.
    fn advance<'e>(
        &mut self,
        entries: &'e [&'a Entry],
        until: Timestamp,
        basis: &mut Basis,
    ) -> Result<(&'e [&'a Entry], bool), DecimalError> {
        let (due, rest) = entries.split_at(entries.partition_point(|entry| entry.at < until));
        let mut converted = false;
        for instant in due.chunk_by(|a, b| a.at == b.at) {
            let before = self.stand()?;
            let mut at = until;
            for entry in instant {
                at = entry.at;
                let live = Live {
                    product: &entry.product_key,
                    value: entry.monthly_value,
                    class: entry.class,
                };
                let old = self.live.insert((&entry.subscription_id, entry.part), live);
                if live.value.is_zero() && old.is_some_and(|old| !old.value.is_zero()) {
                    self.left_as = live.class;
                }
            }
            let after = self.stand()?;
            self.has_paid |= !after.whole.is_zero();
            match (before.trialing, after.trialing) {
                (false, true) => basis.trials_started += 1,
                (true, false) if after.whole.is_zero() => basis.trials_lost += 1,
                (true, false) => {
                    converted = true;
                    basis.trials_converted += 1;
                    let start = self.trial_start.unwrap_or(at);
                    basis.conversion_seconds += at.as_second() - start.as_second();
                }
                (true, true) | (false, false) => {}
            }
            match (before.trialing_at_all, after.trialing_at_all) {
                (false, true) => self.trial_start = Some(at),
                (_, false) => self.trial_start = None,
                (true, true) => {}
            }
        }
        Ok((rest, converted))
    }

    /// Worth of the scope's subscriptions that have an end among the entries ahead.
    fn ending(&self, ahead: &[&Entry]) -> Result<Decimal, DecimalError> {
        if self.live.values().all(|live| live.value.is_zero()) {
            return Ok(Decimal::ZERO);
        }
        let over: BTreeSet<(&str, i32)> = ahead
            .iter()
            .filter(|entry| entry.class.is_over())
            .map(|entry| (entry.subscription_id.as_str(), entry.part))
            .collect();
        let ending = self
            .live
            .iter()
            .filter(|(key, live)| self.includes(live) && over.contains(*key));
        decimal::checked_sum(ending.map(|(_, live)| live.value))
    }
}

#[cfg(test)]
mod tests;

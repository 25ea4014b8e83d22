//! Transactions of one store subscription → terms. A new term begins with a purchase after a lapse, and with another product where the one
//! before was paid for; everything else goes on: renewals, recovered billing issues, pauses, a trial that is converted, also to another
//! product.

use jiff::{SignedDuration, Timestamp};
use kernel::calendar::{CalendarError, IsoDuration, Recurrence};
use kernel::decimal::DecimalError;

use super::{Kind, Transaction, in_order};
use crate::domain::refusal::Refusal;
use crate::domain::term::{
    Amount, Coverage, Facts, Flag, Mark, Origin, Ownership, Payment, Periods, Product, Stage, money,
};

/// How long a store tries again to be paid.
const RETRY_DAYS: i64 = 60;
/// How late a renewal may begin and still be one.
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// A term while it is made.
struct Building {
    facts: Facts,
    /// The instant on which its periods hang.
    anchor: Timestamp,
    /// Nothing goes on from here.
    closed: bool,
}

/// What all transactions of one store subscription come to: terms by start. Nothing before its first purchase has arrived.
pub fn fold(transactions: &[Transaction]) -> Result<Vec<Facts>, Refusal> {
    let mut line = Line { terms: Vec::new() };
    for transaction in in_order(transactions) {
        line.take(transaction)?;
    }
    let mut terms: Vec<Facts> = line.terms.into_iter().map(|term| term.facts).collect();
    // A term that another one cut away to nothing never was; its money stays.
    let mut index = 0;
    while index < terms.len() {
        if terms[index].stages.is_empty() {
            let gone = terms.remove(index);
            let heir = terms.get_mut(index);
            if let Some(heir) = heir {
                heir.payments.extend(gone.payments);
            }
        } else {
            index += 1;
        }
    }
    for term in &mut terms {
        term.payments
            .sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    }
    Ok(terms)
}

struct Line {
    terms: Vec<Building>,
}

impl Line {
    fn take(&mut self, transaction: &Transaction) -> Result<(), Refusal> {
        match transaction.kind {
            Kind::Purchase => self.buy(transaction)?,
            Kind::Renewal => self.renew(transaction)?,
            Kind::Cancellation => self.say(transaction, Flag::RenewalOff),
            Kind::Uncancellation => self.say(transaction, Flag::RenewalOn),
            Kind::PriceAsked => self.say(transaction, Flag::PriceAsked),
            Kind::PriceAgreed => self.say(transaction, Flag::PriceAgreed),
            Kind::BillingIssue => self.miss(transaction)?,
            Kind::ProductChange => self.change(transaction)?,
            Kind::Pause => self.pause(transaction),
            Kind::Resume => self.resume(transaction.at),
            Kind::Transfer => self.give_on(transaction),
            Kind::Refund => self.refund(transaction),
            Kind::Expiration => self.close(transaction.at),
        }
        Ok(())
    }

    /// The term that a period from `start` on goes on with; none: after a lapse, or after the end.
    fn going_on(&self, start: Timestamp, late: SignedDuration) -> Option<&Building> {
        let term = self.terms.last()?;
        let reach = term.facts.end();
        let reached = reach.is_none_or(|reach| start <= reach.checked_add(late).unwrap_or(reach));
        (!term.closed && reached).then_some(term)
    }

    fn buy(&mut self, transaction: &Transaction) -> Result<(), Refusal> {
        let Some(product) = transaction.product.clone() else {
            return Ok(());
        };
        let start = transaction.period_start.unwrap_or(transaction.at);
        if self.going_on(start, SignedDuration::ZERO).is_some() {
            return self.cover(transaction, start, product);
        }
        self.open(transaction, start, product)
    }

    fn renew(&mut self, transaction: &Transaction) -> Result<(), Refusal> {
        let Some(term) = self.terms.last() else {
            return Ok(());
        };
        let start = transaction
            .period_start
            .unwrap_or_else(|| term.renewal_start(transaction.at));
        let product = transaction
            .product
            .clone()
            .or_else(|| term.product_to_come(transaction.at));
        let Some(product) = product else {
            return Ok(());
        };
        let reach = term.facts.end();
        if self.going_on(start, LATE).is_some() {
            // A store that is a little late leaves no gap.
            let start = reach.map_or(start, |reach| start.min(reach));
            return self.cover(transaction, start, product);
        }
        self.open(transaction, start, product)
    }

    /// Another period of the running term, or of a new one where the product of a paid one changes.
    fn cover(
        &mut self,
        transaction: &Transaction,
        start: Timestamp,
        product: Product,
    ) -> Result<(), Refusal> {
        let Some(term) = self.terms.last_mut() else {
            return Ok(());
        };
        let before = term.stage_before(start);
        let same = before.is_none_or(|stage| {
            stage.coverage == Coverage::Trial
                || stage
                    .product
                    .as_ref()
                    .is_none_or(|sold| sold.key == product.key)
        });
        if !same {
            term.cut(start);
            term.closed = true;
            return self.open(transaction, start, product);
        }
        let stage = term.period(transaction, start, product)?;
        term.cut(start);
        term.facts.stages.push(stage);
        term.renewed(transaction);
        Ok(())
    }

    fn open(
        &mut self,
        transaction: &Transaction,
        start: Timestamp,
        product: Product,
    ) -> Result<(), Refusal> {
        let before = self.terms.last().map(|term| term.facts.customer);
        let customer = match transaction.kind {
            Kind::Purchase => transaction.customer.or(before),
            Kind::Renewal
            | Kind::Cancellation
            | Kind::Uncancellation
            | Kind::BillingIssue
            | Kind::ProductChange
            | Kind::Pause
            | Kind::Resume
            | Kind::PriceAsked
            | Kind::PriceAgreed
            | Kind::Transfer
            | Kind::Refund
            | Kind::Expiration => before.or(transaction.customer),
        };
        let Some(customer) = customer else {
            return Ok(());
        };
        let mut term = Building {
            facts: Facts {
                opening: transaction.id.clone(),
                origin: Origin::Store,
                customer,
                original_customer: customer,
                store: transaction.store,
                environment: transaction.environment,
                ownership: transaction.ownership,
                identifier: transaction.subscription.clone(),
                stages: Vec::new(),
                marks: Vec::new(),
                payments: Vec::new(),
                periods: Periods::Stages,
                offering: None,
                country: None,
                management_url: None,
                entitlement: None,
            },
            anchor: start,
            closed: false,
        };
        if let Some(last) = self.terms.last_mut() {
            last.closed = true;
        }
        let stage = term.period(transaction, start, product)?;
        term.facts.stages.push(stage);
        term.renewed(transaction);
        self.terms.push(term);
        Ok(())
    }

    fn say(&mut self, transaction: &Transaction, flag: Flag) {
        if let Some(term) = self.terms.last_mut() {
            let at = transaction.at;
            term.facts.marks.push(Mark { at, flag });
        }
    }

    /// From the missed renewal on: grace, then retry.
    fn miss(&mut self, transaction: &Transaction) -> Result<(), Refusal> {
        let Some(term) = self.terms.last_mut() else {
            return Ok(());
        };
        let Some(last) = term.facts.stages.last().cloned() else {
            return Ok(());
        };
        if term.closed || !last.coverage.is_period() {
            return Ok(());
        }
        // What has no end known ends with the news.
        let missed = last.end.unwrap_or_else(|| transaction.at.max(last.start));
        if last.end.is_none() {
            term.cut(missed);
        }
        let grace = match (&transaction.grace_until, &last.product) {
            (Some(until), _) => Some(*until),
            (
                None,
                Some(Product {
                    grace: Some(grace), ..
                }),
            ) => Some(grace.add_to(missed)?),
            (None, Some(_) | None) => None,
        };
        let retry = missed
            .checked_add(SignedDuration::from_hours(24 * RETRY_DAYS))
            .map_err(|_| CalendarError::OutOfRange)?;
        let grace = grace.unwrap_or(missed).max(missed);
        let monthly = last.monthly.clone();
        for (start, end, coverage, monthly) in [
            (missed, grace, Coverage::Grace, monthly),
            (grace, retry, Coverage::Retry, None),
        ] {
            if start < end {
                term.facts.stages.push(Stage {
                    start,
                    end: Some(end),
                    coverage,
                    product: last.product.clone(),
                    monthly,
                });
            }
        }
        Ok(())
    }

    fn change(&mut self, transaction: &Transaction) -> Result<(), Refusal> {
        let Some(product) = transaction.product.clone() else {
            return Ok(());
        };
        if !transaction.immediate {
            self.say(transaction, Flag::ChangeTo(Box::new(product)));
            return Ok(());
        }
        let start = transaction.period_start.unwrap_or(transaction.at);
        let goes_on = self.going_on(start, SignedDuration::ZERO).is_some();
        let trial = self.terms.last().and_then(|term| {
            let stage = term.stage_before(start)?;
            (stage.coverage == Coverage::Trial && stage.contains(start)).then_some(stage.end)
        });
        match trial {
            // Within a trial the trial itself goes on, with the other product.
            Some(end) if transaction.price.is_none() && transaction.period_end.is_none() => {
                if let Some(term) = self.terms.last_mut() {
                    term.cut(start);
                    term.facts.stages.push(Stage {
                        start,
                        end,
                        coverage: Coverage::Trial,
                        product: Some(product),
                        monthly: None,
                    });
                }
                Ok(())
            }
            Some(_) | None if goes_on => self.cover(transaction, start, product),
            Some(_) | None => Ok(()),
        }
    }

    fn pause(&mut self, transaction: &Transaction) {
        let Some(term) = self.terms.last_mut().filter(|term| !term.closed) else {
            return;
        };
        let Some(last) = term.facts.stages.last().cloned() else {
            return;
        };
        let from = if transaction.immediate {
            transaction.at.max(last.start)
        } else {
            last.end.unwrap_or(transaction.at)
        };
        if transaction.resume_at.is_some_and(|until| until <= from) {
            return;
        }
        term.cut(from);
        term.facts.stages.push(Stage {
            start: from,
            end: transaction.resume_at,
            coverage: Coverage::Paused,
            product: last.product,
            monthly: None,
        });
    }

    fn resume(&mut self, at: Timestamp) {
        if let Some(term) = self.terms.last_mut()
            && let Some(last) = term.facts.stages.last_mut()
            && last.coverage == Coverage::Paused
        {
            if at <= last.start {
                term.facts.stages.pop();
            } else if last.end.is_none_or(|end| at < end) {
                last.end = Some(at);
            }
        }
    }

    fn give_on(&mut self, transaction: &Transaction) {
        let Some(customer) = transaction.customer else {
            return;
        };
        for term in &mut self.terms {
            term.facts.customer = customer;
        }
    }

    fn refund(&mut self, transaction: &Transaction) {
        let wanted = |payment: &Payment| {
            if transaction.target.is_empty() {
                !payment.amount.value.is_sign_negative()
            } else {
                payment.id == transaction.target
            }
        };
        let found = self.terms.iter_mut().rev().find_map(|term| {
            let paid = term.facts.payments.iter().rev().find(|paid| wanted(paid));
            let paid = paid.cloned()?;
            Some((term, paid))
        });
        if let Some((term, paid)) = found {
            let refund = transaction.refund(&paid);
            term.facts.payments.push(refund);
            if transaction.revoke {
                term.end(transaction.at);
            }
        } else if transaction.revoke {
            self.close(transaction.at);
        }
    }

    fn close(&mut self, at: Timestamp) {
        if let Some(term) = self.terms.last_mut() {
            term.end(at);
        }
    }
}

impl Building {
    /// The stage that holds at an instant, or the last one before.
    fn stage_before(&self, at: Timestamp) -> Option<&Stage> {
        let holds = self
            .facts
            .stages
            .iter()
            .rev()
            .find(|stage| stage.start < at);
        holds.or(self.facts.stages.last())
    }

    /// Ends everything at an instant.
    fn cut(&mut self, at: Timestamp) {
        self.facts.stages.retain(|stage| stage.start < at);
        if let Some(last) = self.facts.stages.last_mut() {
            last.end = Some(last.end.map_or(at, |end| end.min(at)));
        }
    }

    /// Ends the term at an instant, for good. What ends where it began still was.
    fn end(&mut self, at: Timestamp) {
        let first = self.facts.stages.first().cloned();
        self.cut(at);
        if self.facts.stages.is_empty() {
            self.facts.stages.extend(first.map(|first| Stage {
                end: Some(first.start),
                ..first
            }));
        }
        self.closed = true;
    }

    /// Where a renewal begins that does not say so: at the end of the period, at the missed renewal while in grace, else when it happened.
    fn renewal_start(&self, at: Timestamp) -> Timestamp {
        let last_period = self
            .facts
            .stages
            .iter()
            .rev()
            .find(|stage| stage.coverage.is_period() && stage.start <= at);
        let Some(last) = last_period else {
            return at;
        };
        let Some(end) = last.end else {
            return at;
        };
        let grace = self
            .facts
            .stages
            .iter()
            .any(|stage| stage.coverage == Coverage::Grace && stage.contains(at));
        let late = end.checked_add(LATE).unwrap_or(end);
        let paused = last.coverage == Coverage::Paused;
        let retried = self
            .facts
            .stages
            .iter()
            .any(|stage| stage.coverage == Coverage::Retry && stage.contains(at));
        if grace || (!paused && !retried && at <= late) {
            end
        } else {
            at
        }
    }

    /// What a renewal sells that does not say so.
    fn product_to_come(&self, at: Timestamp) -> Option<Product> {
        let mut to_come = None;
        for mark in self.facts.marks.iter().filter(|mark| mark.at <= at) {
            match &mark.flag {
                Flag::ChangeTo(product) => to_come = Some((**product).clone()),
                Flag::Renewed => to_come = None,
                Flag::RenewalOff | Flag::RenewalOn | Flag::PriceAsked | Flag::PriceAgreed => {}
            }
        }
        to_come.or_else(|| self.facts.stages.last()?.product.clone())
    }

    /// The period that a transaction bought.
    fn period(
        &mut self,
        transaction: &Transaction,
        start: Timestamp,
        product: Product,
    ) -> Result<Stage, Refusal> {
        let length = if transaction.trial {
            product.trial.clone()
        } else {
            product.duration.clone()
        };
        let end = match (transaction.period_end, length) {
            (Some(end), _) => Some(end).filter(|end| *end > start),
            (None, Some(length)) => Some(self.counted_end(start, length)?),
            (None, None) => None,
        };
        let price = transaction.price.as_ref().filter(|price| {
            !price.value.is_zero() && transaction.ownership == Ownership::Purchased
        });
        let coverage = match (transaction.trial, end, price) {
            (true, ..) => Coverage::Trial,
            (false, None, _) => Coverage::Unknown,
            (false, Some(_), None) => Coverage::Free,
            (false, Some(_), Some(_)) => Coverage::Paid,
        };
        let monthly = match (coverage, price, end) {
            (Coverage::Paid, Some(price), Some(end)) => {
                Some(worth(price, start, end, &product).map_err(Refusal::from)?)
            }
            (..) => None,
        };
        Ok(Stage {
            start,
            end,
            coverage,
            product: Some(product),
            monthly,
        })
    }

    /// The end of a period of so much, counted from where the periods hang, so that a day that a month lacks comes back in the next.
    fn counted_end(
        &mut self,
        start: Timestamp,
        length: IsoDuration,
    ) -> Result<Timestamp, CalendarError> {
        let grid = Recurrence::new(length.clone(), self.anchor)?;
        if start >= self.anchor && grid.period_at(start)?.start == start {
            return Ok(grid.period_at(start)?.end);
        }
        self.anchor = start;
        length.add_to(start)
    }

    /// What every period brings along.
    fn renewed(&mut self, transaction: &Transaction) {
        self.facts.marks.push(Mark {
            at: transaction.at,
            flag: Flag::Renewed,
        });
        self.facts.payments.extend(transaction.payment());
        let keep = |known: &mut Option<String>, new: &Option<String>| {
            if new.is_some() {
                known.clone_from(new);
            }
        };
        keep(&mut self.facts.country, &transaction.country);
        keep(&mut self.facts.management_url, &transaction.management_url);
        if self.facts.offering.is_none() {
            self.facts.offering.clone_from(&transaction.offering);
        }
    }
}

fn worth(
    price: &Amount,
    start: Timestamp,
    end: Timestamp,
    product: &Product,
) -> Result<Amount, DecimalError> {
    Ok(Amount {
        value: money::monthly(price.value, start, end, product)?,
        currency: price.currency.clone(),
    })
}

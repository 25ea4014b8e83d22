//! What happened to a reported subscription, for those who think in events: each fact is one, and so is each change that comes
//! by itself, when an end that was known ahead comes, a trial is over, or a payment begins or ends to count. Free access
//! and things paid once have none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::currency::Currency;
use kernel::decimal::DecimalError;

use super::fold::{State, ordered};
use super::stretch::{Part, Phase, absence};
use super::{Amount, Change, EndReason, Fact, Reported};

/// What a time line counts as from an event on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventStatus {
    /// Paid.
    Active,
    /// On trial.
    Trialing,
    /// Ended.
    Ended(EndReason),
}

/// An event on a time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The product that the time line is about; `None`: it is the only one.
    pub line: Option<String>,
    /// What it counts as from then on.
    pub status: EventStatus,
    /// The product; at an end: until then.
    pub product_key: String,
    /// What it costs; at an end: until then.
    pub amount: Amount,
    /// Currency of the amount.
    pub currency: Option<Currency>,
    /// When.
    pub at: Timestamp,
    /// Orders events of one instant, also those of other subscriptions.
    pub order: String,
    /// The fact; `None`: it came by itself.
    pub fact: Option<String>,
}

/// What others see of a time line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    status: EventStatus,
    product_key: String,
    amount: Amount,
    currency: Option<Currency>,
}

impl Reported {
    /// All events by time, those of one time by receipt.
    pub fn events(&self) -> Result<Vec<Event>, DecimalError> {
        let several = self.has_parts()?;
        let facts = ordered(&self.facts);
        let mut rest = facts.as_slice();
        let mut teller = Teller {
            reported: self,
            several,
            state: State::default(),
            shown: BTreeMap::new(),
            events: Vec::new(),
        };
        for at in self.instants()? {
            while let [fact, later @ ..] = rest
                && fact.at <= at
            {
                teller.state.apply(fact)?;
                teller.tell(at, Some(fact))?;
                rest = later;
            }
            teller.tell(at, None)?;
        }
        Ok(teller.events)
    }
}

struct Teller<'a> {
    reported: &'a Reported,
    several: bool,
    state: State,
    shown: BTreeMap<Option<String>, Shown>,
    events: Vec<Event>,
}

impl Teller<'_> {
    /// Tells what is different now. A fact is told even where it changes nothing that shows.
    fn tell(&mut self, at: Timestamp, fact: Option<&Fact>) -> Result<(), DecimalError> {
        let parts = self.reported.parts_at(&self.state, at)?;
        let mut now: Vec<(Option<String>, Shown)> = Vec::new();
        for part in &parts {
            let line = self.several.then(|| part.product_key.clone());
            if let Some(shown) = shown(part) {
                now.push((line, shown));
            }
        }
        if !self.several {
            // Two products of one instant, of which a later fact of that instant leaves one.
            now.truncate(1);
        }
        let gone: Vec<Option<String>> = self
            .shown
            .keys()
            .filter(|line| now.iter().all(|(other, _)| other != *line))
            .cloned()
            .collect();
        for line in gone {
            if let Some(last) = self.shown.remove(&line) {
                let reason = absence(&self.state, &last.product_key, at);
                let status = EventStatus::Ended(reason);
                self.push(line, &Shown { status, ..last }, at, fact);
            }
        }
        let covered = self
            .reported
            .payments
            .iter()
            .any(|payment| payment.covers(at));
        for (line, shown) in now {
            let meant = fact.is_some_and(|fact| !covered && self.means(fact, line.as_deref()));
            if meant || self.shown.get(&line) != Some(&shown) {
                self.push(line.clone(), &shown, at, fact);
            }
            self.shown.insert(line, shown);
        }
        Ok(())
    }

    /// Whether a fact is about a time line, whatever it changes.
    fn means(&self, fact: &Fact, line: Option<&str>) -> bool {
        match &fact.change {
            Change::Patch(_) => !self.several,
            Change::SetItem {
                new_product_key, ..
            } => line.is_none_or(|line| line == new_product_key),
            Change::RemoveItem { .. } => false,
        }
    }

    fn push(&mut self, line: Option<String>, shown: &Shown, at: Timestamp, fact: Option<&Fact>) {
        let own = match fact {
            Some(fact) => Some(fact.id.as_str()),
            None => self.state.last.as_ref().map(|(id, _)| id.as_str()),
        };
        let before = self.events.last().filter(|last| last.at == at);
        let before = before.map(|last| last.order.as_str());
        self.events.push(Event {
            line,
            status: shown.status,
            product_key: shown.product_key.clone(),
            amount: shown.amount,
            currency: shown.currency,
            at,
            order: own.max(before).unwrap_or_default().to_owned(),
            fact: fact.map(|fact| fact.id.clone()),
        });
    }
}

fn shown(part: &Part) -> Option<Shown> {
    let status = match part.phase {
        Phase::Trial => EventStatus::Trialing,
        Phase::Paid => EventStatus::Active,
        Phase::Free => return None,
    };
    Some(Shown {
        status,
        product_key: part.product_key.clone(),
        amount: part.amount,
        currency: part.currency,
    })
}

//! What a reported subscription is at an instant: its facts up to then, by time, those of one time by receipt.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::decimal::{self, DecimalError};

use super::{
    Amount, Change, End, EndPatch, EndReason, Fact, ItemKind, ItemPatch, Patch, Reported, TimePatch,
};
use crate::domain::revenue::normalize::DECIMALS;

/// The state after some facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// What is sold, in the order of the last fact that listed it.
    pub items: Vec<Item>,
    /// Currency of the amounts.
    pub currency: Option<Currency>,
    /// What all of it costs.
    pub amount: Option<Amount>,
    /// Months of the interval that was told last, with an amount or without.
    pub months: Option<u32>,
    /// When it ends.
    pub end: Option<End>,
    /// The fact that set the end.
    pub end_by: Option<String>,
    /// The last fact that set what the items cost.
    pub amount_by: String,
    /// The last fact of all.
    pub last: Option<(String, Timestamp)>,
    /// Why single items went.
    pub removed: BTreeMap<String, EndReason>,
}

/// One product of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The product.
    pub product_key: String,
    /// What it is.
    pub kind: ItemKind,
    /// When its trial began.
    pub trial_start: Option<Timestamp>,
    /// When its trial ends.
    pub trial_end: Option<Timestamp>,
    /// What it costs a month, where it was set for it alone. All paying items have one, or none has.
    share: Option<Decimal>,
}

/// A fact that names an item that is not held then, without saying what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindMissing {
    /// Index of the item.
    pub item: usize,
}

/// Facts by time, those of one time by receipt.
pub fn ordered(facts: &[Fact]) -> Vec<&Fact> {
    let mut ordered: Vec<&Fact> = facts.iter().collect();
    ordered.sort_by_key(|fact| (fact.at, fact.receipt));
    ordered
}

impl Reported {
    /// The state after all facts.
    pub fn latest(&self) -> Result<State, DecimalError> {
        self.state_at(Timestamp::MAX)
    }

    /// The state at an instant.
    pub fn state_at(&self, at: Timestamp) -> Result<State, DecimalError> {
        let mut state = State::default();
        for fact in ordered(&self.facts) {
            if fact.at > at {
                break;
            }
            state.apply(fact)?;
        }
        Ok(state)
    }
}

impl State {
    /// Whether nothing is sold at an instant any more.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.end.is_some_and(|end| end.at <= at)
    }

    /// Goes on with the next fact.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), DecimalError> {
        match &fact.change {
            Change::Patch(patch) => self.patch(fact, patch),
            Change::SetItem {
                product_key,
                new_product_key,
                amount,
                currency,
            } => {
                self.currency = currency.or(self.currency);
                self.set_item(fact, product_key, new_product_key, *amount)?;
            }
            Change::RemoveItem {
                product_key,
                reason,
            } => self.remove_item(fact, product_key, *reason)?,
        }
        self.last = Some((fact.id.clone(), fact.at));
        Ok(())
    }

    /// The items that a patch leads to; a product that is not held needs a kind.
    pub fn merged(&self, items: &[ItemPatch]) -> Result<Vec<Item>, KindMissing> {
        let merge = |(index, patch): (usize, &ItemPatch)| {
            let held = self.item(&patch.product_key);
            let kind = patch.kind.or(held.map(|held| held.kind));
            Ok(Item {
                product_key: patch.product_key.clone(),
                kind: kind.ok_or(KindMissing { item: index })?,
                trial_start: patched(held.and_then(|held| held.trial_start), patch.trial_start),
                trial_end: patched(held.and_then(|held| held.trial_end), patch.trial_end),
                share: held.and_then(|held| held.share),
            })
        };
        items.iter().enumerate().map(merge).collect()
    }

    /// The item of a product.
    pub fn item(&self, product_key: &str) -> Option<&Item> {
        self.items
            .iter()
            .find(|item| item.product_key == product_key)
    }

    /// What each item costs. A single one costs the whole amount; several share the amount of a month, in equal parts of the
    /// currency's minor unit with what is left over for the first, unless they have amounts of their own. What does not
    /// recur has none.
    pub fn amounts(&self) -> Result<Vec<Option<Amount>>, DecimalError> {
        let paying = self.items.iter().filter(|item| item.kind.recurs()).count();
        let Some(amount) = self.amount.filter(|_| paying > 0) else {
            return Ok(self.items.iter().map(|_| None).collect());
        };
        if paying == 1 {
            let own = |item: &Item| item.kind.recurs().then_some(amount);
            return Ok(self.items.iter().map(own).collect());
        }
        let whole = monthly(amount)?;
        let count = Decimal::from(paying);
        let digits = self.currency.map_or(2, Currency::minor_units);
        let equal = decimal::div(whole, count)?.trunc_with_scale(digits);
        let first = decimal::sub(whole, decimal::mul(equal, count - Decimal::ONE)?)?;
        let mut is_first = true;
        let own = self.items.iter().map(|item| {
            if !item.kind.recurs() {
                return None;
            }
            let value = item.share.unwrap_or(if is_first { first } else { equal });
            is_first = false;
            Some(Amount { value, months: 1 })
        });
        Ok(own.collect())
    }

    /// Goes on with fields of the whole. What was accepted once does not lack a kind.
    fn patch(&mut self, fact: &Fact, patch: &Patch) {
        if patch.end.is_none() {
            self.reopen(fact);
        }
        if let Some(currency) = patch.currency {
            self.currency = Some(currency);
        }
        let before = self.paying();
        if let Some(items) = &patch.items {
            self.items = items
                .iter()
                .filter_map(|item| self.merged(std::slice::from_ref(item)).ok())
                .flatten()
                .collect();
            self.removed
                .retain(|key, _| items.iter().all(|item| item.product_key != *key));
        }
        if let Some(amount) = patch.amount {
            self.amount = Some(amount);
        }
        self.months = patch
            .months
            .or(patch.amount.map(|amount| amount.months))
            .or(self.months);
        if patch.amount.is_some() || self.paying() != before {
            self.amount_by.clone_from(&fact.id);
            for item in &mut self.items {
                item.share = None;
            }
        }
        match patch.end {
            None => {}
            Some(EndPatch::Clear) => (self.end, self.end_by) = (None, None),
            Some(EndPatch::Set(end)) => {
                (self.end, self.end_by) = (Some(end), Some(fact.id.clone()));
            }
        }
    }

    fn set_item(
        &mut self,
        fact: &Fact,
        product: &str,
        new_product: &str,
        amount: Amount,
    ) -> Result<(), DecimalError> {
        self.reopen(fact);
        self.share_out()?;
        let item = Item {
            product_key: new_product.to_owned(),
            kind: match self.item(product).map(|held| held.kind) {
                Some(ItemKind::Metered) => ItemKind::Metered,
                Some(_) | None => ItemKind::Recurring,
            },
            trial_start: self.item(product).and_then(|held| held.trial_start),
            trial_end: self.item(product).and_then(|held| held.trial_end),
            share: Some(monthly(amount)?),
        };
        if new_product != product {
            self.items.retain(|held| held.product_key != new_product);
        }
        self.removed.remove(new_product);
        match self
            .items
            .iter_mut()
            .find(|held| held.product_key == product)
        {
            Some(held) => *held = item,
            None => self.items.push(item),
        }
        self.add_up(fact)
    }

    fn remove_item(
        &mut self,
        fact: &Fact,
        product: &str,
        reason: EndReason,
    ) -> Result<(), DecimalError> {
        let others = self.items.iter().any(|item| item.product_key != product);
        if !others {
            if !self.is_over(fact.at) {
                self.end = Some(End {
                    at: fact.at,
                    reason,
                });
                self.end_by = Some(fact.id.clone());
            }
            return Ok(());
        }
        let paid = self.item(product).is_some_and(|item| item.kind.recurs());
        if paid {
            self.share_out()?;
        }
        self.items.retain(|item| item.product_key != product);
        self.removed.insert(product.to_owned(), reason);
        if paid { self.add_up(fact) } else { Ok(()) }
    }

    /// A fact behind the end takes the end away.
    fn reopen(&mut self, fact: &Fact) {
        if self.end.is_some_and(|end| end.at < fact.at) {
            (self.end, self.end_by) = (None, None);
        }
    }

    fn paying(&self) -> Vec<String> {
        let mut paying: Vec<String> = self
            .items
            .iter()
            .filter(|item| item.kind.recurs())
            .map(|item| item.product_key.clone())
            .collect();
        paying.sort_unstable();
        paying
    }

    /// Gives each paying item an amount of its own.
    fn share_out(&mut self) -> Result<(), DecimalError> {
        let amounts = self.amounts()?;
        for (item, amount) in self.items.iter_mut().zip(amounts) {
            item.share = match amount {
                Some(amount) => Some(monthly(amount)?),
                None if item.kind.recurs() => Some(Decimal::ZERO),
                None => None,
            };
        }
        Ok(())
    }

    /// Makes the whole amount the sum of those of the items.
    fn add_up(&mut self, fact: &Fact) -> Result<(), DecimalError> {
        let shares = self.items.iter().filter(|item| item.kind.recurs());
        let value = decimal::checked_sum(shares.filter_map(|item| item.share))?;
        self.amount = Some(Amount { value, months: 1 });
        self.months = Some(1);
        self.amount_by.clone_from(&fact.id);
        Ok(())
    }
}

/// What an amount is worth in a month. 100 a year: 8.333333333333.
pub fn monthly(amount: Amount) -> Result<Decimal, DecimalError> {
    if amount.months == 1 {
        return Ok(amount.value);
    }
    let value = decimal::div(amount.value, Decimal::from(amount.months))?;
    Ok(decimal::round_half_away(value, DECIMALS))
}

fn patched(held: Option<Timestamp>, patch: Option<TimePatch>) -> Option<Timestamp> {
    match patch {
        None => held,
        Some(TimePatch::Clear) => None,
        Some(TimePatch::Set(time)) => Some(time),
    }
}

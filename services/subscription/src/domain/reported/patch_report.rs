//! Reports by fields: what is absent keeps its value, and facts may come in any order. A report is judged by every state that it
//! leads to, its own and the later ones, so that what was accepted can always be counted.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;

use super::fold::{Item, State, ordered};
use super::payment::Payment;
use super::refusal::{ReportRefusal, Wrong, wrong};
use super::{Change, EndPatch, ITEMS_MAX, ItemKind, ItemPatch, Patch, Reported, TimePatch};

/// Longest product key.
const PRODUCT_KEY_LENGTH_MAX: usize = 255;

/// Fields of a payment; absent ones stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentPatch {
    /// First instant paid for.
    pub start: Option<Timestamp>,
    /// End of what is paid for.
    pub end: Option<Timestamp>,
    /// Amount of a month.
    pub monthly_amount: Option<Decimal>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// What was paid.
    pub kind: Option<ItemKind>,
    /// For which product.
    pub product_key: Option<String>,
}

/// What a new payment is beside what is reported of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    /// Its ULID.
    pub id: String,
    /// The reporter's id of it.
    pub key: String,
    /// Who reports it.
    pub reporter_id: String,
    /// When.
    pub now: Timestamp,
}

impl Reported {
    /// Reports fields that hold from an instant on.
    pub fn patch(
        &mut self,
        fact: String,
        at: Timestamp,
        patch: Patch,
    ) -> Result<(), ReportRefusal> {
        self.has_room()?;
        let mut found = Wrong::default();
        let held = self.products();
        check_alone(&patch, at, &held, &mut found);
        found.refuse()?;
        self.receive(fact.clone(), at, Change::Patch(patch));
        self.check_from(&fact)
    }

    /// Judges a new fact by the states that it leads to.
    fn check_from(&self, new: &str) -> Result<(), ReportRefusal> {
        let mut state = State::default();
        let mut found = Wrong::default();
        let mut met = false;
        // What is known by payments alone need not sell anything else.
        let needs_items = self.payments.is_empty();
        let facts = ordered(&self.facts);
        for (index, fact) in facts.iter().enumerate() {
            met = met || fact.id == new;
            if let (true, Change::Patch(patch)) = (met, &fact.change) {
                check_items(&state, patch, fact.id == new, &mut found)?;
            }
            state.apply(fact)?;
            let counts = facts.get(index + 1).is_none_or(|next| next.at > fact.at);
            if met && counts && fact.id == new {
                check_state(&state, needs_items, &mut found);
            } else if met && counts {
                check_later(&state, needs_items, &mut found);
            }
            // What is wrong with the fact itself is said before what it does to later ones.
            if met {
                std::mem::take(&mut found).refuse()?;
            }
        }
        Ok(())
    }

    /// Reports fields of a payment, known or new.
    pub fn pay(&mut self, new: NewPayment, patch: PaymentPatch) -> Result<&Payment, ReportRefusal> {
        let mut found = Wrong::default();
        let known = self.payments.iter().position(|known| known.key == new.key);
        let held = known.map(|index| &self.payments[index]);
        let payment = Payment {
            id: held.map_or(new.id, |held| held.id.clone()),
            key: new.key,
            receipt: held.map_or(self.next_receipt, |held| held.receipt),
            start: required(
                "start_time",
                patch.start,
                held.map(|held| held.start),
                &mut found,
            )
            .unwrap_or_default(),
            end: required("end_time", patch.end, held.map(|held| held.end), &mut found)
                .unwrap_or_default(),
            monthly_amount: {
                let held = held.map(|held| held.monthly_amount);
                required("monthly_amount", patch.monthly_amount, held, &mut found)
                    .unwrap_or_default()
            },
            currency: {
                let held = held.map(|held| held.currency);
                required("currency_code", patch.currency, held, &mut found).unwrap_or(Currency::USD)
            },
            kind: {
                let held = held.map(|held| held.kind);
                required("item_type", patch.kind, held, &mut found).unwrap_or(ItemKind::Recurring)
            },
            product_key: {
                let held = held.map(|held| held.product_key.clone());
                required("product_key", patch.product_key, held, &mut found).unwrap_or_default()
            },
            reporter_id: held.map_or(new.reporter_id, |held| held.reporter_id.clone()),
            created_at: held.map_or(new.now, |held| held.created_at),
        };
        found.refuse()?;
        self.check_payment(&payment)?;
        let index = if let Some(index) = known {
            self.payments[index] = payment;
            index
        } else {
            self.has_room()?;
            self.next_receipt += 1;
            self.payments.push(payment);
            self.payments.len() - 1
        };
        Ok(&self.payments[index])
    }

    /// Every product that any fact names.
    pub fn products(&self) -> BTreeSet<String> {
        let named = |change: &Change| match change {
            Change::Patch(patch) => {
                let items = patch.items.iter().flatten();
                items.map(|item| item.product_key.clone()).collect()
            }
            Change::SetItem {
                product_key,
                new_product_key,
                ..
            } => vec![product_key.clone(), new_product_key.clone()],
            Change::RemoveItem { product_key, .. } => vec![product_key.clone()],
        };
        let facts = self.facts.iter();
        facts.flat_map(|fact| named(&fact.change)).collect()
    }

    fn check_payment(&self, payment: &Payment) -> Result<(), ReportRefusal> {
        let mut found = Wrong::default();
        if payment.end <= payment.start {
            found.add("end_time", "must be after the start");
        }
        if payment.monthly_amount.is_sign_negative() {
            found.add("monthly_amount", "must not be negative");
        }
        if !payment.kind.pays() {
            found.add("item_type", "must be recurring, metered or one_time");
        }
        check_product_key("product_key", &payment.product_key, &mut found);
        let adds_up = |other: &&Payment| {
            other.key != payment.key
                && other.kind.recurs()
                && payment.kind.recurs()
                && other.product_key == payment.product_key
                && other.start < payment.end
                && payment.start < other.end
        };
        if self
            .payments
            .iter()
            .filter(adds_up)
            .any(|other| other.currency != payment.currency)
        {
            let what = "differs from that of another payment for the product at the same time";
            found.add("currency_code", what);
        }
        found.refuse()
    }
}

/// What is wrong with a patch whatever the state.
fn check_alone(patch: &Patch, at: Timestamp, held: &BTreeSet<String>, found: &mut Wrong) {
    if let Some(EndPatch::Set(end)) = patch.end
        && end.at < at
    {
        found.add("end_time", "must not be before the start");
    }
    if patch
        .amount
        .is_some_and(|amount| amount.value.is_sign_negative())
    {
        found.add("monthly_amount", "must not be negative");
    }
    let Some(items) = &patch.items else { return };
    if items.is_empty() {
        found.add("items", "must not be empty");
    }
    if items.len() > ITEMS_MAX {
        found.add("items", "must be at most 100");
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let field = format!("items[{index}].product_key");
        // Whole states may name any product, and a report by fields may go on with it.
        if !held.contains(&item.product_key) {
            check_product_key(&field, &item.product_key, found);
        }
        if !seen.insert(&item.product_key) {
            found.add(field, "occurs twice");
        }
    }
}

fn check_product_key(field: &str, key: &str, found: &mut Wrong) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if key.is_empty() {
        found.add(field, "is required");
    } else if key.len() > PRODUCT_KEY_LENGTH_MAX || !key.chars().all(allowed) {
        found.add(field, "must be 1 to 255 letters, digits, `_` or `-`");
    }
}

/// What is wrong with the items of a patch on the state that they meet. Those of a later fact were fine until now: the new fact
/// takes something away that they build on.
fn check_items(
    state: &State,
    patch: &Patch,
    is_new: bool,
    found: &mut Wrong,
) -> Result<(), ReportRefusal> {
    let Some(items) = &patch.items else {
        return Ok(());
    };
    match state.merged(items) {
        Ok(merged) if is_new => {
            for (index, (item, sent)) in merged.iter().zip(items).enumerate() {
                check_trial(index, item, sent, found);
            }
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(missing) if is_new => {
            let field = format!("items[{}].type", missing.item);
            Err(wrong(field, "is required: the product is not held then"))
        }
        Err(missing) => {
            let key = &items[missing.item].product_key;
            let what = format!("a later change needs {key} to be held");
            Err(wrong("items", what))
        }
    }
}

fn check_trial(index: usize, item: &Item, sent: &ItemPatch, found: &mut Wrong) {
    let needs_start = match item.kind {
        ItemKind::Trial | ItemKind::Free => true,
        ItemKind::Recurring | ItemKind::OneTime | ItemKind::Metered => false,
    };
    let at = |name: &str| format!("items[{index}].{name}");
    if needs_start && item.trial_start.is_none() {
        found.add(at("trial_start_time"), "is required for this type");
    }
    if item.kind == ItemKind::Trial && item.trial_end.is_none() {
        // The end of a trial that is held without one need not be known now either.
        let told = sent.kind.is_some() || sent.trial_end == Some(TimePatch::Clear);
        if told {
            found.add(at("trial_end_time"), "is required for a trial");
        }
    }
    if let (Some(start), Some(end)) = (item.trial_start, item.trial_end)
        && end < start
    {
        found.add(
            at("trial_end_time"),
            "must not be before the start of the trial",
        );
    }
}

/// What is missing in the state that a report leads to.
fn check_state(state: &State, needs_items: bool, found: &mut Wrong) {
    if needs_items && state.items.is_empty() {
        found.add("items", "are required for a new subscription");
    }
    if state.amount.is_none() && state.items.iter().any(|item| item.kind.pays()) {
        found.add("monthly_amount", "is required for a paying item");
    }
    if state.amount.is_some() && state.currency.is_none() {
        found.add("currency_code", "is required with an amount");
    }
}

/// The same for a later state, that was fine until now.
fn check_later(state: &State, needs_items: bool, found: &mut Wrong) {
    let mut own = Wrong::default();
    check_state(state, needs_items, &mut own);
    if own.refuse().is_err() {
        found.add(
            "effective_time",
            "leaves a later change without items, amount or currency",
        );
    }
}

fn required<T>(field: &str, sent: Option<T>, held: Option<T>, found: &mut Wrong) -> Option<T> {
    let value = sent.or(held);
    if value.is_none() {
        found.add(field, "is required for a new payment");
    }
    value
}

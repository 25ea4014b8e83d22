//! Reports of whole states: a product, its interval and its amount at once; ends; ends taken back. They also go on with what
//! was reported by fields: through the subscription with all of it, through one of its items with that alone.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::id::{CustomerId, SubscriptionId};

use super::fold::State;
use super::refusal::{ReportRefusal, wrong};
use super::{
    Amount, Change, End, EndPatch, FACTS_MAX, ItemKind, ItemPatch, Origin, Patch, Reported,
    TimePatch,
};

/// Hundredths of a currency in one.
const HUNDREDTHS: u32 = 2;

/// A whole state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeState {
    /// From when on.
    pub at: Timestamp,
    /// The product.
    pub product_key: String,
    /// Months of the billing interval: 1 or 12.
    pub months: u32,
    /// Whether it is a trial.
    pub is_trial: bool,
    /// Full amount of one interval in hundredths.
    pub hundredths: i64,
    /// The currency, if it is said.
    pub currency: Option<Currency>,
}

/// Who and what a new subscription is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReported {
    /// Its id.
    pub id: SubscriptionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// The reporter's name of it; empty: none.
    pub key: String,
    /// How it is reported.
    pub origin: Origin,
    /// When.
    pub now: Timestamp,
}

impl Reported {
    /// A subscription of which nothing is reported yet.
    pub fn new(new: NewReported) -> Self {
        Self {
            id: new.id,
            customer_id: new.customer_id,
            key: new.key,
            origin: new.origin,
            sequence: 0,
            short_id: String::new(),
            parts: std::collections::BTreeMap::new(),
            facts: Vec::new(),
            payments: Vec::new(),
            next_receipt: 0,
            revision: 1,
            created_at: new.now,
            updated_at: new.now,
        }
    }

    /// Reports its first state.
    pub fn begin(&mut self, fact: String, state: &WholeState) {
        let change = whole(state, &State::default());
        self.receive(fact, state.at, change);
    }

    /// Reports how it, or one of its items, is sold from an instant on.
    pub fn change(
        &mut self,
        fact: String,
        item: Option<&str>,
        state: &WholeState,
    ) -> Result<(), ReportRefusal> {
        self.has_room()?;
        if self.start().is_some_and(|start| state.at < start) {
            return Err(ReportRefusal::BeforeStart);
        }
        let latest = self.latest()?;
        let then = self.state_at(state.at)?;
        if latest.is_over(state.at) || then.is_over(state.at) {
            return Err(ReportRefusal::Ended);
        }
        if let (Some(known), Some(said)) = (latest.currency, state.currency)
            && known != said
        {
            let what = format!("cannot change: it is {}", known.code());
            return Err(wrong("currency_code", what));
        }
        let change = match item.filter(|item| then.items.len() > 1 || then.item(item).is_none()) {
            None => whole(state, &then),
            Some(item) => {
                if then.item(item).is_none() {
                    return Err(self.absent(item, state.at)?);
                }
                if item != state.product_key && then.item(&state.product_key).is_some() {
                    return Err(wrong("product_key", "is another item of the subscription"));
                }
                Change::SetItem {
                    product_key: item.to_owned(),
                    new_product_key: state.product_key.clone(),
                    amount: amount(state),
                    currency: latest.currency.is_none().then(|| default_currency(state)),
                }
            }
        };
        self.receive(fact, state.at, change);
        Ok(())
    }

    /// Reports that it, or one of its items, is over.
    pub fn end(&mut self, fact: String, item: Option<&str>, end: End) -> Result<(), ReportRefusal> {
        self.has_room()?;
        let latest = self.latest()?;
        if latest.end.is_some() || item.is_some_and(|item| self.is_gone(&latest, item)) {
            return Err(ReportRefusal::AlreadyEnded);
        }
        let last = self.facts.iter().map(|fact| fact.at).max();
        if last.or(self.start()).is_some_and(|last| end.at < last) {
            return Err(ReportRefusal::BeforeLastChange);
        }
        let change = match item.filter(|_| latest.items.len() > 1) {
            Some(item) => Change::RemoveItem {
                product_key: item.to_owned(),
                reason: end.reason,
            },
            None => Change::Patch(Patch {
                end: Some(EndPatch::Set(end)),
                ..Patch::default()
            }),
        };
        self.receive(fact, end.at, change);
        Ok(())
    }

    /// Takes its end back, or that of one of its items, as though it had never been reported.
    pub fn retract_end(&mut self, item: Option<&str>) -> Result<(), ReportRefusal> {
        if let Some(item) = item
            && self.latest()?.item(item).is_none()
        {
            return self.restore_item(item);
        }
        let mut found = false;
        while let Some(fact) = self.latest()?.end_by {
            found = true;
            self.strip_end(&fact);
        }
        if found {
            Ok(())
        } else {
            Err(ReportRefusal::NotEnded)
        }
    }

    /// Refuses when it holds too much already.
    pub fn has_room(&self) -> Result<(), ReportRefusal> {
        if self.facts.len() < FACTS_MAX && self.payments.len() < FACTS_MAX {
            return Ok(());
        }
        let limit = crate::domain::refusal::Refusal::TooMany {
            what: "changes",
            max: FACTS_MAX,
        };
        Err(limit.into())
    }

    /// Drops what a fact says about the end, and the fact if it says no more.
    fn strip_end(&mut self, id: &str) {
        for fact in self.facts.iter_mut().filter(|fact| fact.id == id) {
            if let Change::Patch(patch) = &mut fact.change {
                patch.end = None;
            }
        }
        self.facts.retain(|fact| {
            fact.id != id
                || match &fact.change {
                    Change::Patch(patch) => !patch.is_empty(),
                    Change::SetItem { .. } => true,
                    // It took away the last item, which ended the whole.
                    Change::RemoveItem { .. } => false,
                }
        });
    }

    fn restore_item(&mut self, item: &str) -> Result<(), ReportRefusal> {
        let removal = self
            .facts
            .iter()
            .filter(|fact| {
                matches!(&fact.change, Change::RemoveItem { product_key, .. } if product_key == item)
            })
            .max_by_key(|fact| (fact.at, fact.receipt))
            .map(|fact| fact.id.clone())
            .ok_or(ReportRefusal::NotEnded)?;
        self.facts.retain(|fact| fact.id != removal);
        Ok(())
    }

    /// Whether an item that once was is sold no more.
    fn is_gone(&self, latest: &State, item: &str) -> bool {
        !self.facts.is_empty() && latest.item(item).is_none()
    }

    /// Why an item cannot be changed at an instant at which it is not held.
    fn absent(&self, item: &str, at: Timestamp) -> Result<ReportRefusal, ReportRefusal> {
        let lines = self.lines()?;
        let line = lines
            .iter()
            .find(|line| line.product_key.as_deref() == Some(item));
        let start = line.and_then(|line| line.stretches.first().map(|first| first.start));
        Ok(if start.is_some_and(|start| at < start) {
            ReportRefusal::BeforeStart
        } else {
            ReportRefusal::Ended
        })
    }
}

/// The fact that a whole state is.
fn whole(state: &WholeState, held: &State) -> Change {
    let known = held.item(&state.product_key).map(|item| item.kind);
    let kind = match known {
        _ if state.is_trial => ItemKind::Trial,
        Some(ItemKind::Metered) => ItemKind::Metered,
        Some(_) | None => ItemKind::Recurring,
    };
    Change::Patch(Patch {
        items: Some(vec![ItemPatch {
            product_key: state.product_key.clone(),
            kind: Some(kind),
            trial_start: state.is_trial.then_some(TimePatch::Set(state.at)),
            trial_end: None,
        }]),
        amount: (!state.is_trial).then(|| amount(state)),
        months: state.is_trial.then_some(state.months),
        currency: match held.currency {
            None => Some(default_currency(state)),
            Some(_) => None,
        },
        end: None,
    })
}

fn default_currency(state: &WholeState) -> Currency {
    state.currency.unwrap_or(Currency::USD)
}

fn amount(state: &WholeState) -> Amount {
    Amount {
        value: Decimal::new(state.hundredths, HUNDREDTHS),
        months: state.months,
    }
}

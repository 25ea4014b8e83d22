//! Reports of whole states: a product, its interval and its amount at once; ends; ends taken back. They also go on with what
//! was reported by fields: through the subscription with all of it, through one of its items with that alone.

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::id::{CustomerId, SubscriptionId};

use super::fold::State;
use super::refusal::{ReportRefusal, wrong};
use super::stretch::{Phase, Stretch};
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
        // A trial that nothing converted, or the last of what was paid, has ended it by itself.
        let last = self.last_stretches(item)?;
        let is_over = |last: &Stretch| last.end.is_some_and(|over| over <= end.at);
        if !last.is_empty() && last.iter().all(is_over) {
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
        if found || self.lengthen_trials(item)? {
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

    /// Takes away the ends of trials that nothing converted: they last until a later report. Whether there were any.
    fn lengthen_trials(&mut self, item: Option<&str>) -> Result<bool, ReportRefusal> {
        let mut ended = self.last_stretches(item)?;
        ended.retain(|last| {
            last.phase == Phase::Trial && last.end.is_some() && last.end == last.trial_end
        });
        let is_meant = |sent: &ItemPatch| {
            let end = match sent.trial_end {
                Some(TimePatch::Set(end)) => Some(end),
                Some(TimePatch::Clear) | None => None,
            };
            let own = |last: &Stretch| last.product_key == sent.product_key && last.end == end;
            ended.iter().any(own)
        };
        for fact in &mut self.facts {
            if let Change::Patch(Patch {
                items: Some(items), ..
            }) = &mut fact.change
            {
                for sent in items.iter_mut().filter(|sent| is_meant(sent)) {
                    sent.trial_end = Some(TimePatch::Clear);
                }
            }
        }
        Ok(!ended.is_empty())
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

    /// The last stretch of every time line, or of that of one item.
    fn last_stretches(&self, item: Option<&str>) -> Result<Vec<Stretch>, ReportRefusal> {
        let mut lines = self.lines()?;
        lines.retain(|line| {
            item.is_none() || line.product_key.is_none() || line.product_key.as_deref() == item
        });
        let last = lines.iter_mut().filter_map(|line| line.stretches.pop());
        Ok(last.collect())
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::tests::{day, events, fresh, item, patch, trial};
    use super::*;
    use crate::domain::reported::EndReason;

    /// A trial of `a` from 1 to 15 September, and whatever is sold beside it.
    fn tried(others: Vec<ItemPatch>) -> Reported {
        let mut reported = fresh(Origin::Patches);
        let amount = (!others.is_empty()).then_some("10");
        let mut items = vec![trial("a", "2026-09-01", "2026-09-15")];
        items.extend(others);
        let start = day("2026-09-01");
        reported
            .patch("f0".to_owned(), start, patch(items, amount))
            .unwrap();
        reported
    }

    fn end(reported: &mut Reported, item: Option<&str>, at: &str) -> Result<(), ReportRefusal> {
        let end = End {
            at: day(at),
            reason: EndReason::Delinquent,
        };
        reported.end("end".to_owned(), item, end)
    }

    const ENDED: [&str; 2] = ["2026-09-01  a 0 trialing", "2026-09-15  a 0 voluntary"];

    #[test]
    fn a_trial_that_ran_out_has_ended_by_itself() {
        let mut reported = tried(Vec::new());
        assert_eq!(events(&reported), ENDED);
        let before = reported.clone();
        for late in ["2026-09-15", "2026-10-01"] {
            let refusal = end(&mut reported, None, late).unwrap_err();
            assert_eq!(refusal, ReportRefusal::AlreadyEnded, "{late}");
        }
        assert_eq!(reported, before);
        end(&mut reported, None, "2026-09-10").unwrap();
        let ended = ["2026-09-01  a 0 trialing", "2026-09-10  a 0 delinquent"];
        assert_eq!(events(&reported), ended);
    }

    #[test]
    fn what_is_sold_beside_a_trial_that_ran_out_can_end() {
        let paid = || tried(vec![item("b", Some(ItemKind::Recurring))]);
        let refusal = end(&mut paid(), Some("a"), "2026-10-01").unwrap_err();
        assert_eq!(refusal, ReportRefusal::AlreadyEnded);
        for item in [None, Some("b")] {
            let mut reported = paid();
            end(&mut reported, item, "2026-10-01").unwrap();
            let last = events(&reported).pop();
            assert_eq!(last.as_deref(), Some("2026-10-01 b b 10 delinquent"));
        }
    }

    #[test]
    fn a_trial_whose_end_is_taken_back_lasts_until_a_later_report() {
        let mut reported = tried(Vec::new());
        end(&mut reported, None, "2026-09-10").unwrap();
        // First the end that was reported, then the one that came by itself.
        reported.retract_end(None).unwrap();
        assert_eq!(events(&reported), ENDED);
        reported.retract_end(None).unwrap();
        assert_eq!(events(&reported), ENDED[..1]);
        assert_eq!(reported.retract_end(None), Err(ReportRefusal::NotEnded));
        end(&mut reported, None, "2026-10-01").unwrap();
        let ended = ["2026-09-01  a 0 trialing", "2026-10-01  a 0 delinquent"];
        assert_eq!(events(&reported), ended);
    }

    #[test]
    fn an_extended_trial_keeps_what_came_before_its_last_end() {
        let mut reported = tried(vec![item("b", Some(ItemKind::Recurring))]);
        let longer = vec![trial("a", "2026-09-01", "2026-09-30"), item("b", None)];
        let at = day("2026-09-20");
        reported
            .patch("f1".to_owned(), at, patch(longer, None))
            .unwrap();
        let of_a = |reported: &Reported| {
            let mut told = events(reported);
            told.retain(|event| event.contains(" a a "));
            told
        };
        let before = of_a(&reported);
        assert_eq!(before.last().unwrap(), "2026-09-30 a a 0 voluntary");
        reported.retract_end(Some("a")).unwrap();
        assert_eq!(of_a(&reported), before[..before.len() - 1]);
    }
}

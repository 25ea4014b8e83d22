//! What a term is worth when: its part of the revenue ledger.

use jiff::Timestamp;
use kernel::Decimal;

use super::{Amount, Coverage, Facts, Origin};
use crate::domain::revenue::change::Class;

/// An entry of the ledger: holds until the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worth {
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month.
    pub monthly: Amount,
    /// What it counts as.
    pub class: Class,
    /// Key of the product.
    pub product_key: String,
}

impl Facts {
    /// The ledger of a term; empty where it counts in no figure. Grace counts as what it follows; a retry as past due, with the worth of
    /// what was paid, and as lost unpaid where nothing was; a pause is an end. The end of what a store sold so far is a lapse, unless
    /// renewal was turned off.
    pub fn worth(&self) -> Vec<Worth> {
        if !self.counts() {
            return Vec::new();
        }
        let mut found: Vec<Worth> = Vec::new();
        let mut until = None;
        for stage in &self.stages {
            if let Some(end) = until
                && end < stage.start
            {
                push(&mut found, self.ended(end, Class::Ended));
            }
            until = stage.end;
            if stage.end.is_some_and(|end| end <= stage.start) {
                continue;
            }
            if stage.coverage == Coverage::Grace {
                continue;
            }
            let owed = found
                .last()
                .filter(|last| stage.coverage == Coverage::Retry && last.class == Class::Paid);
            if let Some(owed) = owed.cloned() {
                let (at, class) = (stage.start, Class::PastDue);
                push(&mut found, Worth { at, class, ..owed });
                continue;
            }
            let class = match stage.coverage {
                Coverage::Trial => Class::Trial,
                Coverage::Paid => Class::Paid,
                Coverage::Free | Coverage::Unknown => Class::Free,
                Coverage::Grace | Coverage::Retry => Class::Delinquent,
                Coverage::Paused => Class::Ended,
            };
            let monthly = stage.monthly.clone().filter(|_| class == Class::Paid);
            push(
                &mut found,
                Worth {
                    at: stage.start,
                    monthly: monthly.unwrap_or_else(|| self.nothing()),
                    class,
                    product_key: self.product_key_at(stage.start),
                },
            );
        }
        if let Some(end) = until {
            let unpaid = self
                .stages
                .last()
                .is_some_and(|stage| [Coverage::Grace, Coverage::Retry].contains(&stage.coverage));
            let class = if unpaid {
                Class::Delinquent
            } else if self.origin == Origin::Store && !self.renewal_is_off(Timestamp::MAX) {
                Class::Lapsed
            } else {
                Class::Ended
            };
            push(&mut found, self.ended(end, class));
        }
        found
    }

    fn ended(&self, at: Timestamp, class: Class) -> Worth {
        Worth {
            at,
            monthly: self.nothing(),
            class,
            product_key: self.product_key_at(at),
        }
    }

    fn nothing(&self) -> Amount {
        let currency = self
            .stages
            .iter()
            .find_map(|stage| stage.monthly.as_ref())
            .map_or_else(
                || super::money::USD.to_owned(),
                |known| known.currency.clone(),
            );
        Amount {
            value: Decimal::ZERO,
            currency,
        }
    }

    /// Key of what is sold at an instant, or was before.
    pub fn product_key_at(&self, at: Timestamp) -> String {
        let stage = self.stages.iter().rev().find(|stage| stage.start <= at);
        let product = stage
            .or(self.stages.first())
            .and_then(|stage| stage.product.as_ref());
        product.map_or_else(String::new, |product| product.key.clone())
    }
}

/// Adds what differs from what was.
fn push(found: &mut Vec<Worth>, next: Worth) {
    if found.last().is_some_and(|last| last.at == next.at) {
        found.pop();
    }
    let same = found.last().is_some_and(|last| {
        (&last.monthly, last.class, &last.product_key)
            == (&next.monthly, next.class, &next.product_key)
    });
    if !same {
        found.push(next);
    }
}

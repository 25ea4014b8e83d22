//! Subscriptions that are run elsewhere and reported here: a list of facts, each with the time at which it took effect, and of
//! payments for spans of time, both in the order of their receipt. Everything else follows from them: what the subscription is
//! at an instant (`fold`), how it went on without a break on one product (`stretch`), what happened to it (`event`), what it
//! is worth (`revenue`). `state_report` and `patch_report` decide which facts a report adds.

pub mod event;
pub mod fold;
pub mod patch_report;
pub mod payment;
pub mod refusal;
pub mod revenue;
pub mod state_report;
pub mod stretch;
pub mod view;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::id::{CustomerId, SubscriptionId};
use serde::{Deserialize, Serialize};

use payment::Payment;

/// Most facts of one subscription, and most payments.
pub const FACTS_MAX: usize = 5_000;
/// Most items of one report.
pub const ITEMS_MAX: usize = 100;
/// Longest key that dialects with short names show.
pub const ALIAS_LENGTH_MAX: usize = 36;

/// A reported subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// Its id.
    pub id: SubscriptionId,
    /// Who pays.
    pub customer_id: CustomerId,
    /// The reporter's name of it; empty: none.
    pub key: String,
    /// How it was first reported.
    pub origin: Origin,
    /// Its number in the project.
    pub sequence: i64,
    /// The short id of its time line.
    pub short_id: String,
    /// Short ids of the time lines of single products, by product.
    #[serde(default)]
    pub parts: BTreeMap<String, String>,
    /// What was reported, by receipt.
    pub facts: Vec<Fact>,
    /// What was paid, by receipt.
    #[serde(default)]
    pub payments: Vec<Payment>,
    /// Number of the next receipt.
    pub next_receipt: u64,
    /// Counts writes from 1.
    pub revision: i64,
    /// When it was first reported.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// How a subscription was first reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// As whole states.
    States,
    /// By fields.
    Patches,
}

/// Something that holds from an instant on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Its ULID.
    pub id: String,
    /// From when on.
    pub at: Timestamp,
    /// The order of receipt, which decides between facts of one instant.
    pub receipt: u64,
    /// What holds.
    pub change: Change,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Fields of the whole.
    Patch(Patch),
    /// One of several items is sold otherwise.
    SetItem {
        /// The product until then.
        product_key: String,
        /// The product from then on.
        new_product_key: String,
        /// What it costs.
        amount: Amount,
        /// Currency of the whole, where none was known.
        #[serde(default)]
        currency: Option<Currency>,
    },
    /// One of several items is no longer sold.
    RemoveItem {
        /// The product.
        product_key: String,
        /// Why.
        reason: EndReason,
    },
}

/// Fields that a fact sets; absent ones stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Patch {
    /// All items from then on.
    pub items: Option<Vec<ItemPatch>>,
    /// What all of it costs.
    pub amount: Option<Amount>,
    /// Months of the interval, where it is told without an amount, as in a trial: 1 or 12.
    #[serde(default)]
    pub months: Option<u32>,
    /// Currency of the amounts.
    pub currency: Option<Currency>,
    /// The end.
    pub end: Option<EndPatch>,
}

impl Patch {
    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One item of a patch, merged with the one of the same product that is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemPatch {
    /// The product.
    pub product_key: String,
    /// What it is.
    pub kind: Option<ItemKind>,
    /// When its trial began.
    pub trial_start: Option<TimePatch>,
    /// When its trial ends.
    pub trial_end: Option<TimePatch>,
}

/// A time that may be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimePatch {
    /// It is this.
    Set(Timestamp),
    /// There is none.
    Clear,
}

/// An end that may be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndPatch {
    /// It is this.
    Set(End),
    /// There is none.
    Clear,
}

/// An amount per so many months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// The whole amount of one interval.
    pub value: Decimal,
    /// The interval: 1 or 12.
    pub months: u32,
}

/// When and why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// From when on nothing is sold.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Why something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// By choice.
    Voluntary,
    /// It was not paid.
    Delinquent,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// On trial.
    Trial,
    /// Given away.
    Free,
    /// Paid again and again.
    Recurring,
    /// Paid once.
    OneTime,
    /// Paid again and again, by usage.
    Metered,
}

impl ItemKind {
    /// Whether its amount comes again every month.
    pub fn recurs(self) -> bool {
        match self {
            Self::Recurring | Self::Metered => true,
            Self::Trial | Self::Free | Self::OneTime => false,
        }
    }

    /// Whether anything is paid for it.
    pub fn pays(self) -> bool {
        self.recurs() || self == Self::OneTime
    }
}

impl Reported {
    /// The one name that dialects with a single id show.
    pub fn shown_key(&self) -> &str {
        if self.key.is_empty() {
            &self.short_id
        } else {
            &self.key
        }
    }

    /// Its first instant; `None`: nothing was reported yet.
    pub fn start(&self) -> Option<Timestamp> {
        let facts = self.facts.iter().map(|fact| fact.at);
        facts
            .chain(self.payments.iter().map(|payment| payment.start))
            .min()
    }

    /// Adds a fact to the received ones.
    pub fn receive(&mut self, id: String, at: Timestamp, change: Change) {
        let receipt = self.next_receipt;
        self.next_receipt += 1;
        self.facts.push(Fact {
            id,
            at,
            receipt,
            change,
        });
    }
}

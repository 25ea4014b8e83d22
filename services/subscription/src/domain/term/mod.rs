//! Terms: stretches of a customer on something that renews, whatever they come from. A term is told by its stages (what it was and is
//! when, as far as is known) and by what was said about its future; what it is now follows (`view`), as do its worth (`ledger`), the
//! rights that it gives, and its money (`money`).

pub mod ledger;
pub mod money;
pub mod plan;
pub mod promotion;
pub mod refusal;
pub mod reported;
pub mod view;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use kernel::Decimal;
use kernel::calendar::{IsoDuration, Recurrence};
use kernel::id::CustomerId;
use kernel::period::Period;
use serde::{Deserialize, Serialize};

/// Where a term comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A subscription made from a plan, or with a plan of its own.
    Plan,
    /// Reported through the ProfitWell dialect.
    Profitwell,
    /// Reported through the Probe dialect.
    Probe,
    /// Transactions of a store.
    Store,
    /// Given away.
    Promotional,
}

/// The store through which something is sold.
#[expect(clippy::enum_variant_names, reason = "these are names of stores")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// Amazon Appstore.
    Amazon,
    /// App Store for phones and tablets.
    AppStore,
    /// App Store for Macs.
    MacAppStore,
    /// Google Play.
    PlayStore,
    /// Given away.
    Promotional,
    /// Stripe.
    Stripe,
    /// This platform itself.
    BuiltIn,
}

/// Whether real money is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real.
    Production,
    /// A test.
    Sandbox,
}

/// By what right the customer has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Bought.
    Purchased,
    /// Bought by somebody of the family.
    FamilyShared,
}

/// What is sold, as the catalog knew it when it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// ULID in the catalog. Empty: only the key is known.
    pub id: String,
    /// What is sold, the same in every dialect.
    pub key: String,
    /// Length of a period.
    pub duration: Option<IsoDuration>,
    /// How long access lasts after a missed renewal.
    pub grace: Option<IsoDuration>,
    /// Length of the trial.
    pub trial: Option<IsoDuration>,
}

/// An amount and its currency, by code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// How much.
    pub value: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// What a term is for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// A trial.
    Trial,
    /// Paid for, even if by usage alone.
    Paid,
    /// Without a price.
    Free,
    /// Not renewed, with access.
    Grace,
    /// Not renewed, without access, payment is tried again.
    Retry,
    /// Paused.
    Paused,
    /// Recorded without a period.
    Unknown,
}

/// A while of a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// From when.
    pub start: Timestamp,
    /// Until when, exclusive. None: not known.
    pub end: Option<Timestamp>,
    /// What it is.
    pub coverage: Coverage,
    /// What is sold. None: promotional.
    pub product: Option<Product>,
    /// Worth of a month. None: nothing is paid.
    pub monthly: Option<Amount>,
}

/// Something that was said about the future of a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It will not renew.
    RenewalOff,
    /// It will, after all.
    RenewalOn,
    /// Another product follows.
    ChangeTo(Box<Product>),
    /// The customer was asked to agree to a higher price.
    PriceAsked,
    /// The customer agreed.
    PriceAgreed,
    /// A period began: what was said about the one before is done.
    Renewed,
}

/// When something was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub flag: Flag,
}

/// Money that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What makes it one of a kind within its term.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// How much, tax included; negative when given back.
    pub amount: Amount,
    /// Share of it that is tax.
    pub tax: Decimal,
    /// Share of it that the store keeps.
    pub commission: Decimal,
    /// Whether nobody told of it: it follows from what was reported.
    pub imputed: bool,
}

/// How the periods of a term are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Periods {
    /// Every stage is one.
    Stages,
    /// So long each, counted from the start of the term, cut at its end.
    Every(IsoDuration),
    /// As computed for now by whoever knows, and what they recur by.
    Given(Period, Recurrence),
}

/// What is known of a term, independent of now (but for `Periods::Given`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What opened it; with its source it tells terms apart for good.
    pub opening: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Who has it.
    pub customer: CustomerId,
    /// Who had it first.
    pub original_customer: CustomerId,
    /// The store.
    pub store: Store,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// By what right.
    pub ownership: Ownership,
    /// How its store or dialect calls it.
    pub identifier: String,
    /// What it is when: by start, never overlapping, at least one.
    pub stages: Vec<Stage>,
    /// What was said about its future, in that order.
    pub marks: Vec<Mark>,
    /// Money, by time.
    pub payments: Vec<Payment>,
    /// How its periods are found.
    pub periods: Periods,
    /// Short id of the offering that the customer saw.
    pub offering: Option<String>,
    /// Country code.
    pub country: Option<String>,
    /// Where the customer can manage it.
    pub management_url: Option<String>,
    /// Lookup key of the entitlement that it gives, if it gives one away.
    pub entitlement: Option<String>,
}

impl Coverage {
    /// Whether the customer has access meanwhile.
    pub fn gives_access(self) -> bool {
        match self {
            Self::Trial | Self::Paid | Self::Free | Self::Grace | Self::Unknown => true,
            Self::Retry | Self::Paused => false,
        }
    }

    /// Whether it is a period of its own, rather than what follows one.
    pub fn is_period(self) -> bool {
        match self {
            Self::Trial | Self::Paid | Self::Free | Self::Unknown | Self::Paused => true,
            Self::Grace | Self::Retry => false,
        }
    }
}

impl Stage {
    /// Whether it holds at an instant.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

impl Facts {
    /// Start of the term.
    pub fn start(&self) -> Timestamp {
        self.stages
            .first()
            .map_or(Timestamp::UNIX_EPOCH, |stage| stage.start)
    }

    /// What its periods recur by, in trial or after it, as far as they do by themselves.
    pub fn recurrence(&self, trial: bool) -> Option<Recurrence> {
        match &self.periods {
            // A trial is a period of its own, however long.
            Periods::Every(length) if !trial => Recurrence::new(length.clone(), self.anchor()).ok(),
            Periods::Given(_, recurrence) => Some(recurrence.clone()),
            Periods::Every(_) | Periods::Stages => None,
        }
    }

    /// The instant on which its periods hang: its start, or the end of its trial.
    pub fn anchor(&self) -> Timestamp {
        let trial = self
            .stages
            .iter()
            .take_while(|stage| stage.coverage == Coverage::Trial);
        let end = trial.last().and_then(|trial| trial.end);
        end.unwrap_or_else(|| self.start())
    }

    /// Where what is known of it ends; none: it is open.
    pub fn end(&self) -> Option<Timestamp> {
        self.stages.last().and_then(|stage| stage.end)
    }

    /// Whether it counts in figures of revenue.
    pub fn counts(&self) -> bool {
        self.environment == Environment::Production
            && self.ownership == Ownership::Purchased
            && self.origin != Origin::Promotional
    }
}

impl Origin {
    /// The name it is stored under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Profitwell => "profitwell",
            Self::Probe => "probe",
            Self::Store => "store",
            Self::Promotional => "promotional",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Plan,
            Self::Profitwell,
            Self::Probe,
            Self::Store,
            Self::Promotional,
        ]
        .into_iter()
        .find(|origin| origin.as_str() == text)
    }
}

impl Store {
    /// The name it is stored under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::AppStore => "app_store",
            Self::MacAppStore => "mac_app_store",
            Self::PlayStore => "play_store",
            Self::Promotional => "promotional",
            Self::Stripe => "stripe",
            Self::BuiltIn => "built_in",
        }
    }

    /// The share of a price that it keeps if nobody says otherwise.
    pub fn commission(self) -> Decimal {
        match self {
            Self::Amazon | Self::AppStore | Self::MacAppStore | Self::PlayStore => {
                Decimal::new(3, 1)
            }
            Self::Promotional | Self::Stripe | Self::BuiltIn => Decimal::ZERO,
        }
    }

    /// The share that it keeps of what a small business sells, if it has a program for these.
    pub fn small_business_commission(self) -> Option<Decimal> {
        match self {
            Self::AppStore | Self::MacAppStore | Self::PlayStore => Some(Decimal::new(15, 2)),
            Self::Amazon | Self::Promotional | Self::Stripe | Self::BuiltIn => None,
        }
    }

    /// Whether cancelations and refunds can be made here, rather than in the store.
    pub fn is_ours(self) -> bool {
        match self {
            Self::Promotional | Self::Stripe | Self::BuiltIn => true,
            Self::Amazon | Self::AppStore | Self::MacAppStore | Self::PlayStore => false,
        }
    }
}

impl Environment {
    /// The name it is stored under.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

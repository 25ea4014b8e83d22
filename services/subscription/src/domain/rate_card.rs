//! What one item sells: the card copied from a plan or given by an edit. Catalog alone judges whether a card is well
//! formed; here it is carried, and asked for what time lines and revenue need.

use std::collections::BTreeMap;

use kernel::Decimal;
use kernel::calendar::IsoDuration;
use serde::{Deserialize, Serialize};

/// Free values of the user.
pub type Labels = BTreeMap<String, String>;

/// The card of one item version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateCard {
    /// Key of the item.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Text for people.
    pub description: String,
    /// Flat fee or by usage.
    pub kind: CardKind,
    /// The feature sold.
    pub feature_key: Option<String>,
    /// Id that the feature's key named when the card was made.
    pub feature_id: Option<String>,
    /// How often it is billed; `None`: once.
    pub billing_cadence: Option<IsoDuration>,
    /// What it costs; `None`: not billed. A price of zero is billed.
    pub price: Option<Price>,
    /// Reductions.
    pub discounts: Discounts,
    /// What a subscriber becomes entitled to.
    pub entitlement: Option<EntitlementTemplate>,
    /// How it is taxed.
    pub tax: Option<TaxConfig>,
    /// Free values of the user.
    pub metadata: Labels,
}

/// What kind of charge a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// A fixed fee.
    FlatFee,
    /// Priced by usage.
    UsageBased,
}

/// A price model and its commitments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The model.
    pub model: PriceModel,
    /// Least amount of one period.
    pub minimum_amount: Option<Decimal>,
    /// Greatest amount of one period.
    pub maximum_amount: Option<Decimal>,
}

/// How an amount is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceModel {
    /// A fixed amount.
    Flat {
        /// The amount.
        amount: Decimal,
        /// When it is charged.
        payment_term: PaymentTerm,
    },
    /// Quantity times an amount.
    Unit {
        /// Amount per unit.
        amount: Decimal,
    },
    /// By quantity ranges.
    Tiered {
        /// How the ranges act.
        mode: TierMode,
        /// The ranges in the order sent.
        tiers: Vec<Tier>,
    },
    /// Metered money times a factor.
    Dynamic {
        /// The factor.
        multiplier: Decimal,
    },
    /// By started packages.
    Package {
        /// Amount per package.
        amount: Decimal,
        /// Units in one package.
        quantity_per_package: Decimal,
    },
}

/// When a flat price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentTerm {
    /// At the start of its period.
    InAdvance,
    /// At the end of its period.
    InArrears,
}

/// How quantity ranges act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierMode {
    /// The tier of the total prices all.
    Volume,
    /// Each slice is priced by its own tier.
    Graduated,
}

/// One quantity range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    /// Last quantity inside; `None`: open-ended.
    pub up_to_amount: Option<Decimal>,
    /// Charged once.
    pub flat_amount: Option<Decimal>,
    /// Charged per unit.
    pub unit_amount: Option<Decimal>,
}

/// Reductions of a price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Discounts {
    /// Share off the amount, in percent.
    pub percentage: Option<Discount>,
    /// Units off the quantity.
    pub usage: Option<Discount>,
}

/// One reduction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Discount {
    /// Percent or units.
    pub value: Decimal,
    /// Ties it to its copies on invoice lines; may be empty.
    pub correlation_id: String,
}

/// What a card entitles to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntitlementTemplate {
    /// A balance that usage consumes.
    Metered {
        /// Access stays when the balance is used up.
        soft_limit: bool,
        /// Granted at each reset.
        issue_after_reset: Option<Decimal>,
        /// Priority of that grant.
        issue_after_reset_priority: Option<i32>,
        /// Overage survives a reset.
        preserve_overage_at_reset: Option<bool>,
        /// Length of a usage period.
        usage_period: Option<IsoDuration>,
        /// Free values of the user.
        metadata: Labels,
    },
    /// A fixed configuration.
    Static {
        /// One JSON document as text.
        config: String,
        /// Free values of the user.
        metadata: Labels,
    },
    /// Plain access.
    Boolean {
        /// Free values of the user.
        metadata: Labels,
    },
}

/// How a card is taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxConfig {
    /// Whether the price contains the tax; `None`: as the billing profile says.
    pub behavior: Option<TaxBehavior>,
    /// Stripe tax code; may be empty.
    pub stripe_code: String,
    /// Tax code for custom invoicing; may be empty.
    pub custom_invoicing_code: String,
}

/// Whether a price contains the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBehavior {
    /// It does.
    Inclusive,
    /// It comes on top.
    Exclusive,
}

impl RateCard {
    /// Whether it is billed at all; a price of zero is.
    pub fn is_billed(&self) -> bool {
        self.price.is_some()
    }

    /// Whether it has a price other than a flat zero.
    pub fn has_charge(&self) -> bool {
        self.price.as_ref().is_some_and(|price| match &price.model {
            PriceModel::Flat { amount, .. } => !amount.is_zero(),
            PriceModel::Unit { .. }
            | PriceModel::Tiered { .. }
            | PriceModel::Dynamic { .. }
            | PriceModel::Package { .. } => true,
        })
    }
}

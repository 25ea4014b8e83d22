//! Invoices and their lines, as they are kept.

use std::collections::BTreeMap;

use kernel::{
    Decimal, Timestamp,
    currency::Currency,
    id::{AppId, CustomerId, InvoiceId, ItemId, LineId, PhaseId, ProfileId, SubscriptionId, Ulid},
    period::Period,
};
use serde::{Deserialize, Serialize};

use super::{
    app,
    issue::Issue,
    outside,
    party::{Buyer, Supplier},
    price::{Discounts, PaymentTerm, Price, TaxConfig},
    profile::Workflow,
    rating::{Category, Reason},
    state::State,
    tax::AppliedTax,
    totals::Totals,
};

/// Most lines that one call may bring.
pub const LINES_MAX: usize = 500;

/// An invoice with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Currency of every amount.
    pub currency: Currency,
    /// Where it stands. Set only by the state table, and at birth.
    pub state: State,
    /// Number for people.
    pub number: String,
    /// Everything else about it.
    pub header: Header,
    /// Its lines, deleted ones included.
    pub lines: Vec<Line>,
    /// Counts its changes.
    pub revision: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// The header of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Text for people.
    pub description: String,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// Who sells.
    pub supplier: Supplier,
    /// Who buys.
    pub buyer: Buyer,
    /// The workflow.
    pub workflow: Workflow,
    /// The profile that the workflow was taken from.
    pub source_profile: ProfileId,
    /// The app that carries it out.
    pub app: AppId,
    /// Which system that app joins.
    pub app_kind: app::Kind,
    /// Sums of the lines.
    pub totals: Totals,
    /// From the first to the last instant of its lines.
    pub period: Option<Period>,
    /// When lines are collected.
    pub collection_time: Option<Timestamp>,
    /// Until when the draft can be reviewed.
    pub draft_until: Option<Timestamp>,
    /// When it was issued.
    pub issue_time: Option<Timestamp>,
    /// When it is due.
    pub due_time: Option<Timestamp>,
    /// When quantities were taken for good.
    pub quantity_snapshot_time: Option<Timestamp>,
    /// When it was sent.
    pub sent_time: Option<Timestamp>,
    /// When it was voided.
    pub void_time: Option<Timestamp>,
    /// When it was paid.
    pub payment_time: Option<Timestamp>,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Id in the invoicing app.
    pub external_invoicing: Option<String>,
    /// Id in the tax app.
    pub external_tax: Option<String>,
    /// Id in the payment app.
    pub external_payment: Option<String>,
    /// What an outside system still has to do.
    #[serde(default)]
    pub outside: Option<outside::Task>,
    /// How far the copy in an outside system has come.
    #[serde(default)]
    pub progress: outside::Progress,
}

/// Who made a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManagedBy {
    /// A caller.
    Manual,
    /// Subscription sync.
    Subscription,
}

/// The part of a subscription that a line charges for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSubscription {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The phase.
    pub phase: PhaseId,
    /// The item version.
    pub item: ItemId,
    /// The aligned billing period.
    pub billing_period: Period,
}

/// The usage period that a line is one part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitGroup {
    /// Names the group.
    pub id: Ulid,
    /// The whole usage period.
    pub period: Period,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// Who made it.
    pub managed_by: ManagedBy,
    /// What it charges for, in whole seconds.
    pub period: Period,
    /// When to invoice it, in whole seconds.
    pub invoice_time: Timestamp,
    /// The price.
    pub price: Price,
    /// The feature whose usage is charged.
    pub feature_key: Option<String>,
    /// How it is taxed.
    pub tax: TaxConfig,
    /// Its discounts.
    pub discounts: Discounts,
    /// Metered quantity; `None` until taken.
    pub metered: Option<Decimal>,
    /// Metered quantity of the usage period before the line.
    pub metered_before: Decimal,
    /// Billed quantity.
    pub quantity: Option<Decimal>,
    /// Billed quantity before the line.
    pub quantity_before: Decimal,
    /// The usage discount taken.
    pub usage_discount: Option<AppliedUsage>,
    /// The priced parts.
    pub children: Vec<Detail>,
    /// Sums of the children.
    pub totals: Totals,
    /// The reference by which sync finds it again. A part of a split period shares it.
    pub reference: Option<String>,
    /// The subscription it comes from.
    pub subscription: Option<LineSubscription>,
    /// The usage period it is a part of.
    pub split: Option<SplitGroup>,
    /// Id in the invoicing app.
    pub external_invoicing: Option<String>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// A usage discount that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedUsage {
    /// Its id.
    pub id: Ulid,
    /// Units taken off.
    pub quantity: Decimal,
    /// Units that earlier parts took off.
    pub before: Decimal,
    /// Units of the whole discount.
    pub discount_quantity: Decimal,
    /// Its correlation id.
    pub correlation: String,
    /// When it was first taken.
    pub create_time: Timestamp,
    /// When a calculation last changed it.
    pub update_time: Timestamp,
}

/// One priced part of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Its id, kept through calculations.
    pub id: Ulid,
    /// Names it inside its line.
    pub reference: String,
    /// Name.
    pub name: String,
    /// Units.
    pub quantity: Decimal,
    /// Price of one unit.
    pub per_unit: Decimal,
    /// What kind of charge it is.
    pub category: Category,
    /// When it is charged.
    pub term: PaymentTerm,
    /// What it charges for.
    pub period: Period,
    /// Money taken off.
    pub discounts: Vec<AmountDiscount>,
    /// Its taxes, from rates that are set by hand.
    #[serde(default)]
    pub taxes: Vec<AppliedTax>,
    /// Its sums.
    pub totals: Totals,
    /// Id in the invoicing app.
    pub external_invoicing: Option<String>,
    /// When it was first calculated.
    pub create_time: Timestamp,
    /// When a calculation last changed it.
    pub update_time: Timestamp,
}

/// Money taken off a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountDiscount {
    /// Its id, kept through calculations.
    pub id: Ulid,
    /// Names it inside its part.
    pub reference: String,
    /// Rounded amount.
    pub amount: Decimal,
    /// Why.
    pub reason: Reason,
    /// Sentence for people.
    pub description: String,
    /// Id in the invoicing app.
    pub external_invoicing: Option<String>,
    /// When it was first given.
    pub create_time: Timestamp,
    /// When a calculation last changed it.
    pub update_time: Timestamp,
}

impl Line {
    /// Whether it counts.
    pub fn is_live(&self) -> bool {
        self.delete_time.is_none()
    }

    /// The whole usage period.
    pub fn whole_period(&self) -> Period {
        self.split.map_or(self.period, |split| split.period)
    }

    /// When sweeping without progressive billing picks it up.
    pub fn billable_time(&self) -> Timestamp {
        if self.price.is_flat() {
            self.invoice_time
        } else {
            self.invoice_time.max(self.period.end)
        }
    }
}

impl Invoice {
    /// Whether it collects pending lines.
    pub fn is_gathering(&self) -> bool {
        self.state == State::Gathering
    }

    /// The customer.
    pub fn customer(&self) -> CustomerId {
        self.header.buyer.id
    }

    /// The lines that count.
    pub fn live_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_live())
    }

    /// Whether nothing is left on it.
    pub fn is_empty(&self) -> bool {
        self.live_lines().next().is_none()
    }
}

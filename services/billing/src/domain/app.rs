//! Invoicing apps: which there are, and at which steps they make an invoice wait.

use std::collections::BTreeMap;

use kernel::{Timestamp, id::AppId};
use serde::{Deserialize, Serialize};

use super::stripe::Connection;

/// Metadata key that says what the sandbox's payment shall become.
pub const TARGET_PAYMENT_STATUS: &str = "openmeter.io/sandbox/target-payment-status";
/// Metadata key that marks a draft as taken over by the caller's system.
pub const DRAFT_SYNCED_AT: &str = "openmeter.io/custominvoicing/draft-synced-at";
/// Metadata key that marks an invoice as issued by the caller's system.
pub const FINALIZED_AT: &str = "openmeter.io/custominvoicing/finalized-at";

/// Which system an app joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Simulates.
    Sandbox,
    /// Stripe.
    Stripe,
    /// The caller's own system.
    CustomInvoicing,
}

impl Kind {
    /// The word used in columns and in names of components.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Stripe => "stripe",
            Self::CustomInvoicing => "custom_invoicing",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Sandbox, Self::Stripe, Self::CustomInvoicing]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// Name and description of the listing, which an installed app starts with.
    pub fn listing(self) -> (&'static str, &'static str) {
        match self {
            Self::Sandbox => (
                "Sandbox",
                "Sandbox can be used to test OpenMeter without external connections.",
            ),
            Self::Stripe => (
                "Stripe",
                "Send invoices, calculate tax and collect payments.",
            ),
            Self::CustomInvoicing => (
                "Custom Invoicing",
                "Custom Invoicing can be used to interface with third party invoicing and payment systems",
            ),
        }
    }
}

/// An installed app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Which system it joins.
    pub kind: Kind,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// Whether the outside system accepts us.
    pub ready: bool,
    /// Drafts wait for confirmation.
    pub draft_sync_hook: bool,
    /// Issuing waits for confirmation.
    pub issuing_sync_hook: bool,
    /// The account of a Stripe app.
    pub stripe: Option<Connection>,
    /// Counts changes.
    pub revision: i64,
    /// When it was installed.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was uninstalled.
    pub delete_time: Option<Timestamp>,
}

impl App {
    /// Whether steps of an invoice are carried out by a system outside.
    pub fn is_outside(&self) -> bool {
        self.kind == Kind::Stripe
    }

    /// Whether an invoice with this metadata may leave `draft.syncing`.
    pub fn draft_may_advance(&self, metadata: &BTreeMap<String, String>) -> bool {
        !(self.kind == Kind::CustomInvoicing && self.draft_sync_hook)
            || metadata.contains_key(DRAFT_SYNCED_AT)
    }

    /// Whether an invoice with this metadata may leave `issuing.syncing`.
    pub fn issuing_may_advance(&self, metadata: &BTreeMap<String, String>) -> bool {
        !(self.kind == Kind::CustomInvoicing && self.issuing_sync_hook)
            || metadata.contains_key(FINALIZED_AT)
    }
}

/// What the sandbox makes of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimulatedPayment {
    /// Paid.
    Paid,
    /// Failed.
    Failed,
    /// Given up.
    Uncollectible,
    /// The payer has to act.
    ActionRequired,
}

/// Reads the wish from an invoice's metadata; anything unknown is paid.
pub fn simulated_payment(metadata: &BTreeMap<String, String>) -> SimulatedPayment {
    match metadata.get(TARGET_PAYMENT_STATUS).map(String::as_str) {
        Some("failed") => SimulatedPayment::Failed,
        Some("uncollectible") => SimulatedPayment::Uncollectible,
        Some("action_required") => SimulatedPayment::ActionRequired,
        Some(_) | None => SimulatedPayment::Paid,
    }
}

/// Name of the component that collects payments.
pub fn payment_component(kind: Kind, operation: &str) -> String {
    format!("app.{}.collectPayments.{operation}", kind.word())
}

/// Name of the component of a step of an app, as issues carry it.
pub fn component(kind: Kind, operation: &str) -> String {
    format!("app.{}.invoiceCustomers.{operation}", kind.word())
}

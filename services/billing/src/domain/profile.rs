//! Billing profiles: supplier, workflow and app, with their defaults and rules.

use std::collections::BTreeMap;

use kernel::{
    Timestamp,
    calendar::{IsoDuration, Recurrence},
    id::{AppId, ProfileId},
};
use serde::{Deserialize, Serialize};

use super::{
    party::Supplier,
    price::TaxConfig,
    tax::{self, ManualRate},
};
use crate::error::BillingError;

/// Who starts a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CollectionMethod {
    /// The payment app.
    ChargeAutomatically,
    /// The customer.
    SendInvoice,
}

/// The way from pending lines to a paid invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Collects at these instants; `None` collects when lines fall due.
    pub alignment: Option<Recurrence>,
    /// How long to wait for late usage.
    pub collection_interval: IsoDuration,
    /// Whether drafts are issued without approval.
    pub auto_advance: bool,
    /// How long a draft stays open for review.
    pub draft_period: IsoDuration,
    /// From issue to due date.
    pub due_after: IsoDuration,
    /// Whether usage may be invoiced before its period ends.
    pub progressive_billing: bool,
    /// For lines that do not say how they are taxed.
    pub default_tax: Option<TaxConfig>,
    /// Who starts the payment.
    pub collection_method: CollectionMethod,
    /// Whether taxes are computed.
    pub tax_enabled: bool,
    /// Whether an invoice without taxes is refused.
    pub tax_enforced: bool,
    /// Rates that the sandbox app charges.
    #[serde(default)]
    pub tax_rates: Vec<ManualRate>,
}

/// The collection interval of a workflow that names none.
pub fn default_interval() -> IsoDuration {
    duration("PT1H")
}

/// The draft period of a workflow that names none.
pub fn default_draft_period() -> IsoDuration {
    duration("P0D")
}

/// The due period of a workflow that names none.
pub fn default_due_after() -> IsoDuration {
    duration("P30D")
}

fn duration(text: &str) -> IsoDuration {
    IsoDuration::parse(text).expect("a literal ISO 8601 duration")
}

impl Default for Workflow {
    fn default() -> Self {
        Self {
            alignment: None,
            collection_interval: default_interval(),
            auto_advance: true,
            draft_period: default_draft_period(),
            due_after: default_due_after(),
            progressive_billing: true,
            default_tax: None,
            collection_method: CollectionMethod::ChargeAutomatically,
            tax_enabled: true,
            tax_enforced: false,
            tax_rates: Vec::new(),
        }
    }
}

impl Workflow {
    /// Checks the rules of a workflow.
    pub fn check(&self, field: &str) -> Result<(), BillingError> {
        let refuse =
            |name: &str, text: &str| Err(BillingError::invalid(format!("{field}.{name}"), text));
        if self.collection_interval.is_negative() {
            return refuse("collection.interval_duration", "must not be negative");
        }
        if let Some(alignment) = &self.alignment
            && !alignment.interval.is_positive()
        {
            return refuse(
                "collection.anchored_alignment.interval_duration",
                "must be positive",
            );
        }
        if self.due_after.is_negative() {
            return refuse("invoicing.due_after_duration", "must not be negative");
        }
        if self.auto_advance && self.draft_period.is_negative() {
            return refuse("invoicing.draft_period_duration", "must not be negative");
        }
        if self.tax_enforced && !self.tax_enabled {
            return refuse("tax.enforced", "needs tax to be enabled");
        }
        tax::check(&format!("{field}.tax.manual_rates.rates"), &self.tax_rates)?;
        if let Some(code) = self
            .default_tax
            .as_ref()
            .and_then(|tax| tax.stripe_code.as_deref())
        {
            check_stripe_code(
                &format!("{field}.invoicing.default_tax_config.stripe_code"),
                code,
            )?;
        }
        Ok(())
    }
}

/// Checks a Stripe tax code: `txcd_` and eight digits.
pub fn check_stripe_code(field: &str, code: &str) -> Result<(), BillingError> {
    let digits = code.strip_prefix("txcd_").unwrap_or_default();
    if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(BillingError::invalid(
            field,
            "must be txcd_ and eight digits",
        ))
    }
}

/// A billing profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// Who sells.
    pub supplier: Supplier,
    /// Whether customers without a pinned profile use it.
    pub default: bool,
    /// The workflow.
    pub workflow: Workflow,
    /// The app for tax, invoicing and payment.
    pub app: AppId,
    /// Counts changes.
    pub revision: i64,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// What a caller says about a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfile {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// Who sells.
    pub supplier: Supplier,
    /// Whether it becomes the default.
    pub default: bool,
    /// The workflow.
    pub workflow: Workflow,
}

impl NewProfile {
    /// Checks the rules of a profile.
    pub fn check(&self) -> Result<(), BillingError> {
        if self.name.trim().is_empty() || self.name.chars().count() > 256 {
            return Err(BillingError::invalid(
                "profile.name",
                "must have 1 to 256 characters",
            ));
        }
        self.supplier.check("profile.supplier")?;
        self.workflow.check("profile.workflow")
    }
}

//! Who sells and who buys, as an invoice prints them.

use kernel::id::CustomerId;
use serde::{Deserialize, Serialize};

use crate::error::BillingError;

/// A postal address; every part may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// City.
    pub city: Option<String>,
    /// First line.
    pub line1: Option<String>,
    /// Second line.
    pub line2: Option<String>,
    /// Phone number.
    pub phone_number: Option<String>,
}

/// Who sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Legal name.
    pub name: String,
    /// Tax identification code.
    pub tax_code: Option<String>,
    /// Address.
    pub address: Address,
}

/// What stands for the name of a customer who was erased.
pub const ERASED: &str = "anonymized";

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// Id of the customer.
    pub id: CustomerId,
    /// Key of the customer.
    pub key: Option<String>,
    /// Name of the customer.
    pub name: String,
    /// Tax identification code.
    pub tax_code: Option<String>,
    /// Billing address.
    pub address: Option<Address>,
    /// Keys of the usage sources.
    pub subject_keys: Vec<String>,
    /// Primary e-mail address.
    pub email: Option<String>,
    /// Whether the customer was erased: no more is known, and what was used cannot be looked up again.
    #[serde(default)]
    pub erased: bool,
}

impl Buyer {
    /// What stays of a customer who was erased.
    pub fn erased(id: CustomerId) -> Self {
        Self {
            id,
            key: None,
            name: ERASED.to_owned(),
            tax_code: None,
            address: None,
            subject_keys: Vec::new(),
            email: None,
            erased: true,
        }
    }

    /// Every subject whose usage counts: the attributed keys, and the customer's own key and id.
    pub fn usage_subjects(&self) -> Vec<String> {
        let mut subjects = self.subject_keys.clone();
        subjects.extend(self.key.clone());
        subjects.push(self.id.to_string());
        subjects.sort();
        subjects.dedup();
        subjects
    }
}

impl Supplier {
    /// Checks the rules of a supplier.
    pub fn check(&self, field: &str) -> Result<(), BillingError> {
        if self.name.trim().is_empty() || self.name.chars().count() > 256 {
            return Err(BillingError::invalid(
                format!("{field}.name"),
                "must have 1 to 256 characters",
            ));
        }
        match &self.address.country {
            None => Err(BillingError::invalid(
                format!("{field}.address.country"),
                "is required",
            )),
            Some(country) => check_country(&format!("{field}.address.country"), country),
        }
    }
}

/// Checks a country code.
pub fn check_country(field: &str, country: &str) -> Result<(), BillingError> {
    if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(BillingError::invalid(
            field,
            "must be two upper-case letters",
        ))
    }
}

//! What is stored and how it is found. Every function takes the project first, but for keys
//! and test clocks, which are looked up before a project is known.

pub mod alias;
pub mod api_key;
pub mod attribute;
pub mod clock;
pub mod customer;
pub mod customer_list;
pub mod entity;
pub mod exchange_rate;
pub mod handle;
pub mod hanging;
pub mod hold;
pub mod migration;
pub mod opt_out;
pub mod profile;
pub mod project;
pub mod rate_charge;
pub mod subject;
pub mod subject_key;
pub mod subscription;
pub mod traits;

use kernel::currency::Currency;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::CustomerError;

/// Values of one `IN (…)` list: well below the databases' limits on parameters.
const CHUNK: usize = 500;

/// A stored id.
fn id<T: std::str::FromStr>(what: &'static str, text: &str) -> Result<T, CustomerError> {
    text.parse().map_err(|_| corrupt(what, text))
}

/// A stored currency.
fn currency(code: &str) -> Result<Currency, CustomerError> {
    Currency::parse(code).map_err(|_| corrupt("currency", code))
}

/// A stored JSON document.
fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, CustomerError> {
    serde_json::from_str(text).map_err(|_| corrupt(what, text))
}

/// A JSON document to store.
fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("maps and lists of texts are JSON")
}

fn corrupt(what: &'static str, value: &str) -> CustomerError {
    CustomerError::Corrupt {
        what,
        value: value.chars().take(100).collect(),
    }
}

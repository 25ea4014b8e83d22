//! What is stored and how it is found. Every function takes the project first.

pub mod app;
pub mod customer;
pub mod customer_app;
pub mod customer_override;
mod due;
pub mod entity;
pub mod erasure;
pub mod invoice;
pub mod invoice_list;
pub mod line;
pub mod migration;
pub mod profile;
pub mod sequence;
pub mod stale_hold;
pub mod subscription;

use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::DatabaseTransaction;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::BillingError;

/// Values of one `IN (…)` list: well below the databases' limits on parameters.
const CHUNK: usize = 500;

/// Serializes all writes to one customer's invoices until the transaction ends.
pub async fn lock_customer(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), BillingError> {
    Ok(chassis::db::lock(tx, &lock_name(project, customer)).await?)
}

/// The same for many customers, in one statement. Everybody takes them in the same order.
pub async fn lock_customers(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customers: impl Iterator<Item = CustomerId>,
) -> Result<(), BillingError> {
    let names = customers.map(|customer| lock_name(project, customer));
    Ok(chassis::db::lock_all(tx, names).await?)
}

/// The lock of a customer.
fn lock_name(project: ProjectId, customer: CustomerId) -> String {
    format!("billing.customer.{project}.{customer}")
}

/// A stored id.
fn id<T: std::str::FromStr>(column: &'static str, text: &str) -> Result<T, BillingError> {
    text.parse()
        .map_err(|_| BillingError::CorruptColumn(column))
}

/// A stored JSON document.
fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, BillingError> {
    serde_json::from_str(text).map_err(BillingError::Corrupt)
}

/// A JSON document to store.
fn to_json<T: Serialize>(value: &T) -> Result<String, BillingError> {
    serde_json::to_string(value).map_err(BillingError::Corrupt)
}

/// A stored optional instant.
fn instant(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(chassis::db::instant)
}

/// An optional instant to store.
fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(chassis::db::micros)
}

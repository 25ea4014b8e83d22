//! What the entitlement service keeps. Every function takes the project first; instants are stored as
//! microseconds.

pub mod checkpoint;
pub mod entitlement;
pub mod entity;
pub mod grant;
pub mod migration;
pub mod slice;
pub mod subscription;

use std::collections::BTreeMap;

use kernel::id::{CustomerId, ProjectId};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::error::EntitlementError;

/// Holds off all other writes for a customer's entitlements until the transaction ends, so that
/// what was read stays true until it is written.
pub async fn lock_customer(
    tx: &DatabaseTransaction,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), DbErr> {
    chassis::db::lock(tx, &format!("entitlement.customer.{project}.{customer}")).await
}

fn labels_to_text(labels: &BTreeMap<String, String>) -> Result<String, EntitlementError> {
    serde_json::to_string(labels).map_err(|_| EntitlementError::Corrupt { what: "labels" })
}

fn labels_from_text(text: &str) -> Result<BTreeMap<String, String>, EntitlementError> {
    serde_json::from_str(text).map_err(|_| EntitlementError::Corrupt { what: "labels" })
}

fn id_from_text<T: std::str::FromStr>(text: &str) -> Result<T, EntitlementError> {
    text.parse()
        .map_err(|_| EntitlementError::Corrupt { what: "id" })
}

//! What the entitlement service keeps. Every function takes the project first; instants are stored as
//! microseconds.

pub mod checkpoint;
pub mod entitlement;
pub mod entity;
pub mod erasure;
pub mod grant;
pub mod migration;
pub mod product_right;
pub mod promotion;
pub mod slice;
pub mod subscription;

use std::collections::BTreeMap;

use chassis::Write;
use kernel::id::CustomerId;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, Statement};

use crate::error::EntitlementError;

/// Holds off all other writes for a customer's entitlements until the transaction ends, so that
/// what was read stays true until it is written; and with the commit, what was remembered of them is
/// old. Whatever changes a customer's entitlements, grants or resets comes through here.
pub async fn lock_customer(write: &Write, customer: CustomerId) -> Result<(), DbErr> {
    write.touch(scope(customer));
    let tx = write.tx();
    // The one writer of SQLite is the lock.
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_raw(Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "INSERT INTO customer_gate (project_id, customer_id, sequence) VALUES ($1, $2, 1) \
             ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = customer_gate.sequence + 1",
            [
                write.context().project.to_string().into(),
                customer.to_string().into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// The name under which versions of a customer's entitlements are kept.
pub fn scope(customer: CustomerId) -> String {
    format!("customer:{customer}")
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

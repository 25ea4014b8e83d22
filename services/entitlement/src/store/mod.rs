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
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DbErr, Statement, Value};

use crate::error::EntitlementError;

/// Holds off all other writes for a customer's entitlements until the transaction ends, so that
/// what was read stays true until it is written; and with the commit, what was remembered of them is
/// old. Whatever changes a customer's entitlements, grants or resets comes through here.
pub async fn lock_customer(write: &Write, customer: CustomerId) -> Result<(), DbErr> {
    write.touch(scope(customer));
    let tx = write.tx();
    // The one writer of SQLite is the lock.
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_raw(gate(write, customer, None)).await?;
    }
    Ok(())
}

/// The same without waiting: with the commit it is checked that nobody wrote since `sequence` was read in this write; if somebody
/// did, the commit fails as `ABORTED`. Only for writes whose every statement goes with the commit.
pub fn check_customer(write: &Write, customer: CustomerId, sequence: i64) {
    write.touch(scope(customer));
    if write.tx().get_database_backend() == DatabaseBackend::Postgres {
        write.later_once(gate(write, customer, Some(sequence)));
    }
}

/// The statement that moves a customer's number on, if it is still the one that was seen.
fn gate(write: &Write, customer: CustomerId, seen: Option<i64>) -> Statement {
    let mut text =
        "INSERT INTO customer_gate (project_id, customer_id, sequence) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = customer_gate.sequence + 1"
            .to_owned();
    let mut values: Vec<Value> = vec![
        write.context().project.to_string().into(),
        customer.to_string().into(),
        seen.unwrap_or(0).saturating_add(1).into(),
    ];
    if let Some(seen) = seen {
        text.push_str(" WHERE customer_gate.sequence = $4");
        values.push(seen.into());
    }
    Statement::from_sql_and_values(write.tx().get_database_backend(), text, values)
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

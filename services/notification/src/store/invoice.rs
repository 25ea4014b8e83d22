//! What was last seen of each invoice, to tell new ones from changed ones, and those from repeats.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DbErr, Value};

use super::{execute, places, query};

/// Invoices of one statement.
const TOGETHER: usize = 500;

/// What was seen of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Its revision then.
    pub revision: i64,
    /// Its content then, in short.
    pub digest: String,
}

/// What was seen of some invoices before; those that were never seen are left out.
pub async fn known(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &BTreeSet<&str>,
) -> Result<HashMap<String, Sight>, DbErr> {
    let mut known = HashMap::new();
    let invoices: Vec<&str> = invoices.iter().copied().collect();
    for chunk in invoices.chunks(TOGETHER) {
        let sql = format!(
            "SELECT invoice_id, revision, digest FROM seen_invoice WHERE project_id = $1 AND invoice_id IN ({})",
            places(2, chunk.len())
        );
        let mut values: Vec<Value> = vec![project.to_string().into()];
        values.extend(chunk.iter().map(|id| Value::from(*id)));
        for row in query(db, &sql, values).await? {
            let sight = Sight {
                revision: row.try_get("", "revision")?,
                digest: row.try_get("", "digest")?,
            };
            known.insert(row.try_get("", "invoice_id")?, sight);
        }
    }
    Ok(known)
}

/// Remembers what is seen of invoices now.
pub async fn see(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &BTreeMap<String, Sight>,
) -> Result<(), DbErr> {
    let invoices: Vec<(&String, &Sight)> = invoices.iter().collect();
    for chunk in invoices.chunks(TOGETHER) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|index| format!("($1, {})", places(2 + 3 * index, 3)))
            .collect();
        let sql = format!(
            "INSERT INTO seen_invoice (project_id, invoice_id, revision, digest) VALUES {} \
             ON CONFLICT (project_id, invoice_id) DO UPDATE \
             SET revision = excluded.revision, digest = excluded.digest",
            rows.join(", ")
        );
        let mut values: Vec<Value> = vec![project.to_string().into()];
        for (id, sight) in chunk {
            values.extend([
                Value::from(id.as_str()),
                sight.revision.into(),
                sight.digest.as_str().into(),
            ]);
        }
        execute(db, &sql, values).await?;
    }
    Ok(())
}

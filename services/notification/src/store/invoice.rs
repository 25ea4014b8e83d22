//! What was last seen of each invoice, to tell new ones from changed ones, and those from repeats.

use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DbErr};

use super::{execute, query};

/// How an invoice relates to what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Never before.
    New,
    /// With other content.
    Changed,
    /// Just so, or newer.
    Known,
}

/// Compares an invoice with what was seen, and remembers it. `digest` is of its content.
pub async fn see(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoice: &str,
    revision: i64,
    digest: &str,
) -> Result<Seen, DbErr> {
    let project = project.to_string();
    let sql = "SELECT revision, digest FROM seen_invoice WHERE project_id = $1 AND invoice_id = $2";
    let rows = query(db, sql, [project.as_str().into(), invoice.into()]).await?;
    let seen = match rows.first() {
        None => Seen::New,
        Some(row) => {
            let known: i64 = row.try_get("", "revision")?;
            let before: String = row.try_get("", "digest")?;
            if known >= revision {
                return Ok(Seen::Known);
            }
            if before == digest {
                Seen::Known
            } else {
                Seen::Changed
            }
        }
    };
    let sql = "INSERT INTO seen_invoice (project_id, invoice_id, revision, digest) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (project_id, invoice_id) DO UPDATE \
               SET revision = excluded.revision, digest = excluded.digest";
    let values = [
        project.into(),
        invoice.into(),
        revision.into(),
        digest.into(),
    ];
    execute(db, sql, values).await?;
    Ok(seen)
}

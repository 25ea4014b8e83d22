//! Corrections: which stored events no longer count, why, and what counts instead. Rows are only added;
//! the events themselves are never changed.

use std::collections::HashMap;

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{Parameters, event::OwnedIdentity};

/// Positions of one lookup.
const LOOKUP_CHUNK: usize = 500;
/// Rows of one insert.
const INSERT_CHUNK: usize = 100;

/// The condition that a row of `usage_event` counts. It leans on the primary key of corrections, of which
/// there are few.
pub const COUNTS: &str = "NOT EXISTS (SELECT 1 FROM usage_correction WHERE \
     usage_correction.project_id = usage_event.project_id AND usage_correction.seq = usage_event.seq)";

/// Why an event does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// What the caller said.
    pub reason: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// The event that counts instead.
    pub replacement: Option<OwnedIdentity>,
}

/// What corrections say about some events.
#[derive(Clone, Debug, Default)]
pub struct Corrections {
    /// The correction of each event that has one.
    pub of: HashMap<i64, Correction>,
    /// The event that each replacement counts instead of.
    pub replaced: HashMap<i64, OwnedIdentity>,
}

/// Notes that events no longer count.
pub async fn insert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    events: &[i64],
    correction: &Correction,
    replacement: Option<i64>,
) -> Result<(), DbErr> {
    for chunk in events.chunks(INSERT_CHUNK) {
        let mut parameters = Parameters::default();
        parameters.push(project.to_string());
        parameters.push(correction.reason.as_str());
        parameters.push(correction.actor.as_str());
        parameters.push(micros(correction.time));
        parameters.push(replacement);
        let rows: Vec<String> = chunk
            .iter()
            .map(|seq| format!("($1, ${}, $2, $3, $4, $5)", parameters.push(*seq)))
            .collect();
        tx.execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            format!(
                "INSERT INTO usage_correction (project_id, seq, reason, actor, correct_time, replacement_seq) \
                 VALUES {}",
                rows.join(", ")
            ),
            parameters.0,
        ))
        .await?;
    }
    Ok(())
}

/// What corrections say about these events: as corrected ones, and as replacements of others.
pub async fn about(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    events: &[i64],
) -> Result<Corrections, DbErr> {
    let mut found = Corrections::default();
    for chunk in events.chunks(LOOKUP_CHUNK) {
        let mut parameters = Parameters::default();
        parameters.push(project.to_string());
        let wanted: Vec<String> = chunk
            .iter()
            .map(|seq| format!("${}", parameters.push(*seq)))
            .collect();
        let wanted = wanted.join(", ");
        let statement = Statement::from_sql_and_values(
            connection.get_database_backend(),
            format!(
                "SELECT c.seq, c.reason, c.actor, c.correct_time, c.replacement_seq, e.source, e.event_id, \
                 r.source, r.event_id FROM usage_correction c JOIN usage_event e ON e.seq = c.seq \
                 LEFT JOIN usage_event r ON r.seq = c.replacement_seq \
                 WHERE c.project_id = $1 AND (c.seq IN ({wanted}) OR c.replacement_seq IN ({wanted}))"
            ),
            parameters.0,
        );
        for row in connection.query_all_raw(statement).await? {
            let seq: i64 = row.try_get_by_index(0)?;
            let replacement: Option<i64> = row.try_get_by_index(4)?;
            let source: Option<String> = row.try_get_by_index(7)?;
            let id: Option<String> = row.try_get_by_index(8)?;
            if chunk.contains(&seq) {
                found.of.insert(
                    seq,
                    Correction {
                        reason: row.try_get_by_index(1)?,
                        actor: row.try_get_by_index(2)?,
                        time: instant(row.try_get_by_index(3)?),
                        replacement: source.zip(id),
                    },
                );
            }
            if let Some(replacement) = replacement.filter(|seq| chunk.contains(seq)) {
                let replaced = (row.try_get_by_index(5)?, row.try_get_by_index(6)?);
                found.replaced.insert(replacement, replaced);
            }
        }
    }
    Ok(found)
}

/// Forgets why these events were corrected.
pub async fn forget_reasons(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    events: &[i64],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(
        backend,
        format!(
            "UPDATE usage_correction SET reason = '' WHERE project_id = $1 AND {}",
            super::among(backend, "seq", 2)
        ),
        [project.to_string().into(), super::numbers(backend, events)],
    ))
    .await
    .map(drop)
}

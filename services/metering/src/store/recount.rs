//! Rollup rows of single minutes, made again from the events that still count.

use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use super::{rollup, scan};
use crate::{
    domain::{
        meter::Meter,
        rollup::{Rollup, add},
    },
    error::MeteringError,
};

const MICROS: i64 = 1_000_000;

/// Tells the builders of these meters that events they may have read were corrected since: what they are
/// about to add is void.
pub async fn disturb(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meters: &[String],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(
        backend,
        format!(
            "UPDATE meter_rollup SET corrections = corrections + 1 WHERE project_id = $1 AND {}",
            super::in_texts(backend, "meter_id", 2)
        ),
        [project.to_string().into(), super::texts(backend, meters)],
    ))
    .await
    .map(drop)
}

/// Makes the rows of one subject and minute again, for meters of one event type. Events that a builder has
/// yet to add are left to it. The caller is alone in the fence and holds the lock of merging.
pub async fn minute(
    tx: &DatabaseTransaction,
    project: ProjectId,
    meters: &[(&Meter, &rollup::Progress)],
    key: (&str, &str, i64),
) -> Result<(), MeteringError> {
    let mut again: Vec<Rollup> = meters.iter().map(|_| Rollup::new()).collect();
    let (_, subject, minute) = key;
    scan::each_of_minute(tx, project, key, |seq, second, data| {
        for ((meter, progress), rollup) in meters.iter().zip(&mut again) {
            if seq <= progress.built_seq || seq > progress.until_seq {
                add(rollup, meter, (second, seq), subject, data);
            }
        }
    })
    .await?;
    for ((meter, progress), rollup) in meters.iter().zip(&again) {
        tx.execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "DELETE FROM usage_rollup WHERE project_id = $1 AND meter_id = $2 AND subject = $3 \
             AND minute = $4 AND generation = $5",
            [
                project.to_string().into(),
                meter.id.to_string().into(),
                subject.into(),
                (minute * MICROS).into(),
                progress.generation.into(),
            ],
        ))
        .await?;
        rollup::insert(tx, project, meter, progress.generation, rollup).await?;
    }
    Ok(())
}

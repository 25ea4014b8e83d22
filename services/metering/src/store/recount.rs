//! Rollup rows of single minutes, made again from the events that still count, and of the hours they are in.

use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use super::{
    rollup::{self, NewRow},
    scan,
};
use crate::{
    domain::{
        meter::Meter,
        rollup::{Level, Rollup, add},
    },
    error::MeteringError,
};

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
            super::among(backend, "meter_id", 2)
        ),
        [project.to_string().into(), super::texts(backend, meters)],
    ))
    .await
    .map(drop)
}

/// Makes the rows of one subject and minute again, for meters of one event type. Events that a builder has
/// yet to add are left to it. The caller is alone in the fence, holds the lock of merging and has merged what commits added.
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
        let of = (*meter, progress.generation);
        rollup::remove(tx, project, of, Level::Minute, (subject, minute)).await?;
        insert(tx, (project, meter, of.1), Level::Minute, rollup).await?;
    }
    Ok(())
}

/// Makes the rows of one subject and hour again, from those of its minutes, which are right already. The caller
/// is as alone as for [`minute`].
pub async fn hour(
    tx: &DatabaseTransaction,
    project: ProjectId,
    meters: &[(&Meter, &rollup::Progress)],
    (subject, hour): (&str, i64),
) -> Result<(), MeteringError> {
    for (meter, progress) in meters {
        let of = (*meter, progress.generation);
        let hours = rollup::hour_of_minutes(tx, project, of, (subject, hour)).await?;
        rollup::remove(tx, project, of, Level::Hour, (subject, hour)).await?;
        insert(tx, (project, meter, of.1), Level::Hour, &hours).await?;
    }
    Ok(())
}

async fn insert(
    tx: &DatabaseTransaction,
    of: (ProjectId, &Meter, i64),
    level: Level,
    rollup: &Rollup,
) -> Result<(), DbErr> {
    let rows: Vec<NewRow> = NewRow::of(of, rollup).collect();
    rollup::insert(tx, level, &rows).await
}

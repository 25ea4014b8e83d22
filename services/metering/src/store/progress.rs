//! How far named queries have come. Kept in the database, because whoever asks may be answered by another
//! process, and forgotten a while after the last change.

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

/// How far something has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Rows that were read and used.
    pub success: u64,
    /// Events that have no value for the meter.
    pub failed: u64,
    /// Rows that have to be read.
    pub total: u64,
    /// When it last changed.
    pub update_time: Timestamp,
}

impl Standing {
    pub(super) fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let count = |index| row.try_get_by_index(index).map(i64::unsigned_abs);
        Ok(Self {
            success: count(0)?,
            failed: count(1)?,
            total: count(2)?,
            update_time: instant(row.try_get_by_index(3)?),
        })
    }
}

/// Notes how far a query is, until `expire_time` of the system.
pub async fn put(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    client_id: &str,
    standing: &Standing,
    expire_time: Timestamp,
) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO query_progress (project_id, client_id, success_count, failed_count, total_count, \
         update_time, expire_time) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (project_id, client_id) DO UPDATE SET success_count = excluded.success_count, \
         failed_count = excluded.failed_count, total_count = excluded.total_count, \
         update_time = excluded.update_time, expire_time = excluded.expire_time",
        [
            project.to_string().into(),
            client_id.into(),
            standing.success.cast_signed().into(),
            standing.failed.cast_signed().into(),
            standing.total.cast_signed().into(),
            micros(standing.update_time).into(),
            micros(expire_time).into(),
        ],
    ))
    .await
    .map(drop)
}

/// How far a query is, unless that is forgotten by `now` of the system.
pub async fn get(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    client_id: &str,
    now: Timestamp,
) -> Result<Option<Standing>, DbErr> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT success_count, failed_count, total_count, update_time FROM query_progress \
         WHERE project_id = $1 AND client_id = $2 AND expire_time > $3",
        [
            project.to_string().into(),
            client_id.into(),
            micros(now).into(),
        ],
    );
    let row = connection.query_one_raw(statement).await?;
    row.as_ref().map(Standing::read).transpose()
}

/// Forgets what is over.
pub async fn forget(tx: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "DELETE FROM query_progress WHERE expire_time <= $1",
        [micros(now).into()],
    ))
    .await
    .map(drop)
}

/// Whether there is something to forget.
pub async fn is_any_over(connection: &impl ConnectionTrait, now: Timestamp) -> Result<bool, DbErr> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT 1 FROM query_progress WHERE expire_time <= $1 LIMIT 1",
        [micros(now).into()],
    );
    Ok(connection.query_one_raw(statement).await?.is_some())
}

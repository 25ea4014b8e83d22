//! What is stored of the usage of customers who were erased.

use chassis::db::micros;
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{
    Column, Parameters,
    event::{SELECTED, StoredEvent, read},
    rollup::place,
};
use crate::domain::rollup::Level;

/// The types of all events of a project. Each is found behind the one before, so that as many rows are read as there are types.
pub async fn types(tx: &impl ConnectionTrait, project: ProjectId) -> Result<Vec<String>, DbErr> {
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "WITH RECURSIVE found(kind) AS (\
             SELECT MIN(event_type) FROM usage_event WHERE project_id = $1 UNION ALL \
             SELECT (SELECT MIN(event_type) FROM usage_event WHERE project_id = $1 AND event_type > found.kind) \
             FROM found WHERE found.kind IS NOT NULL) \
             SELECT kind FROM found WHERE kind IS NOT NULL",
            [project.to_string().into()],
        ))
        .await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Some of the events of a type and of some subjects that were stored up to an instant; of all there are, without one.
pub async fn events(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    (kind, subjects): (&str, &[String]),
    until: Option<Timestamp>,
    limit: u64,
) -> Result<Vec<StoredEvent>, DbErr> {
    let backend = tx.get_database_backend();
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT {SELECTED} FROM usage_event WHERE project_id = $1 AND event_type = $2 AND {} \
                 AND store_time <= $4 LIMIT {limit}",
                super::among(backend, "subject", 3)
            ),
            [
                project.to_string().into(),
                kind.into(),
                super::texts(backend, subjects),
                until.map_or(i64::MAX, micros).into(),
            ],
        ))
        .await?;
    rows.iter().map(read).collect()
}

/// Gives events, by their positions, another subject, and what stays of their data.
pub async fn rename(
    tx: &impl ConnectionTrait,
    subject: &str,
    kept: &[(i64, Option<String>)],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let mut parameters = Parameters::default();
    let subject = parameters.push(subject);
    // An event without data travels as an empty text, which no JSON is.
    let data = kept
        .iter()
        .map(|(_, data)| data.clone().unwrap_or_default());
    let columns = [
        ("seq", Column::numbers(kept.iter().map(|(seq, _)| *seq))),
        ("data", Column::texts(data)),
    ];
    let rows = super::rows(backend, "k", columns, &mut parameters);
    tx.execute_raw(Statement::from_sql_and_values(
        backend,
        format!(
            "UPDATE usage_event AS e SET subject = ${subject}, data = NULLIF(k.data, '') FROM {rows} WHERE e.seq = k.seq"
        ),
        parameters.0,
    ))
    .await
    .map(drop)
}

/// Gives what was added up for some subjects, by these meters, another subject.
pub async fn rename_rollups(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meters: &[String],
    subjects: &[String],
    subject: &str,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    for (table, _) in Level::ALL.map(place) {
        tx.execute_raw(Statement::from_sql_and_values(
            backend,
            format!(
                "UPDATE {table} SET subject = $1 WHERE project_id = $2 AND {} AND {}",
                super::among(backend, "meter_id", 3),
                super::among(backend, "subject", 4)
            ),
            [
                subject.into(),
                project.to_string().into(),
                super::texts(backend, meters),
                super::texts(backend, subjects),
            ],
        ))
        .await?;
    }
    Ok(())
}

//! Rollups: rows of partial values, by the minute and by the hour, which merging makes of what commits add. How far a
//! meter's rollup goes is kept beside it.

use std::collections::HashMap;

use chassis::db::{instant, micros};
use futures::TryStreamExt as _;
use kernel::{
    Timestamp,
    id::{MeterId, ProjectId},
};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, QueryResult, Statement,
    StreamTrait as _,
};

use super::{
    Column, Parameters,
    scan::{Folds, Part, Scan},
};
use crate::{
    domain::{
        meter::Meter,
        query::Shape,
        rollup::{Level, Partial, Rollup, RollupKey, take_in},
    },
    error::MeteringError,
};

pub(super) const MICROS: i64 = 1_000_000;
/// How many columns [`selected`] names.
pub(super) const READ_COLUMNS: usize = 5;

/// How far the rollup of a meter goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The group-bys that its group values are of.
    group_by: String,
    /// Rows of other generations are of no use: the meter's group-bys were others.
    pub generation: i64,
    /// Events up to this one are added by the builder, later ones when they are stored.
    pub until_seq: i64,
    /// Events up to this one have been added by the builder.
    pub built_seq: i64,
    /// Corrections of events that the builder may have read.
    corrections: i64,
    /// How many events the builder has to add, once it has counted them.
    pub event_total: Option<i64>,
    /// Events that it has added.
    pub success_count: i64,
    /// Events that it has read and that have no value for the meter.
    pub failed_count: i64,
    /// When it last moved.
    pub update_time: Timestamp,
}

/// The columns that [`Progress::read`] reads.
const PROGRESS: &str = "group_by, generation, until_seq, built_seq, corrections, event_total, success_count, \
     failed_count, update_time";

impl Progress {
    /// Whether every event is in, with the group-bys that the meter has.
    pub fn complete(&self, meter: &Meter) -> bool {
        self.built_seq >= self.until_seq && self.fits(meter)
    }

    /// Whether the rollup is by the group-bys that the meter has.
    pub fn fits(&self, meter: &Meter) -> bool {
        self.group_by == group_by(meter)
    }

    fn read(row: &QueryResult, first: usize) -> Result<Self, DbErr> {
        Ok(Self {
            group_by: row.try_get_by_index(first)?,
            generation: row.try_get_by_index(first + 1)?,
            until_seq: row.try_get_by_index(first + 2)?,
            built_seq: row.try_get_by_index(first + 3)?,
            corrections: row.try_get_by_index(first + 4)?,
            event_total: row.try_get_by_index(first + 5)?,
            success_count: row.try_get_by_index(first + 6)?,
            failed_count: row.try_get_by_index(first + 7)?,
            update_time: instant(row.try_get_by_index(first + 8)?),
        })
    }
}

/// The group-bys of a meter as one text.
fn group_by(meter: &Meter) -> String {
    let paths = meter
        .group_by
        .iter()
        .map(|(key, path)| (key.clone(), path.as_str().into()));
    serde_json::Value::Object(paths.collect()).to_string()
}

/// What the fence is locked by. It is held by those who store events, together, and by one who changes what is rolled up,
/// alone: an event is then either before the change and the builder's, or after it and seen with the change. SQLite needs
/// none: it has one writer.
pub(super) fn fence_name(project: ProjectId) -> String {
    format!("metering.rollup.{project}")
}

/// Enters the fence of the name in the first parameter to store events, on PostgreSQL.
pub(super) const ENTER: &str = "pg_advisory_xact_lock_shared(hashtextextended($1, 0))";

/// Enters the fence alone, to change what was stored.
pub async fn enter_alone(tx: &impl ConnectionTrait, project: ProjectId) -> Result<(), DbErr> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        tx.execute_raw(Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
            [fence_name(project).into()],
        ))
        .await?;
    }
    Ok(())
}

/// Starts the rollup of a meter, or starts it anew: whatever is stored now is left to the builder.
pub async fn begin(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: &Meter,
) -> Result<(), DbErr> {
    enter_alone(tx, project).await?;
    let backend = tx.get_database_backend();
    let last = tx
        .query_one_raw(Statement::from_sql_and_values(
            backend,
            // No event of the type: nothing to build.
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM usage_event WHERE project_id = $1 AND event_type = $2) \
             THEN (SELECT MAX(seq) FROM usage_event) ELSE 0 END",
            [
                project.to_string().into(),
                meter.event_type.as_str().into(),
            ],
        ))
        .await?;
    let until: i64 = match last {
        Some(row) => row.try_get_by_index(0)?,
        None => 0,
    };
    let total = (until == 0).then_some(0_i64);
    tx.execute_raw(Statement::from_sql_and_values(
        backend,
        "INSERT INTO meter_rollup (project_id, meter_id, group_by, generation, until_seq, built_seq, \
         event_total, update_time) \
         VALUES ($1, $2, $3, 1, $4, 0, $5, $6) ON CONFLICT (project_id, meter_id) DO UPDATE SET \
         group_by = excluded.group_by, generation = meter_rollup.generation + 1, \
         until_seq = excluded.until_seq, built_seq = 0, event_total = excluded.event_total, \
         success_count = 0, failed_count = 0, update_time = excluded.update_time",
        [
            project.to_string().into(),
            meter.id.to_string().into(),
            group_by(meter).into(),
            until.into(),
            total.into(),
            micros(meter.update_time).into(),
        ],
    ))
    .await
    .map(drop)
}

/// How far the rollups of some meters go.
pub async fn progress(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    meters: &[Meter],
) -> Result<HashMap<MeterId, Progress>, MeteringError> {
    let backend = connection.get_database_backend();
    let ids: Vec<String> = meters.iter().map(|meter| meter.id.to_string()).collect();
    let statement = Statement::from_sql_and_values(
        backend,
        format!(
            "SELECT meter_id, {PROGRESS} FROM meter_rollup WHERE project_id = $1 AND {}",
            super::among(backend, "meter_id", 2)
        ),
        [project.to_string().into(), super::texts(backend, &ids)],
    );
    let mut found = HashMap::new();
    for row in connection.query_all_raw(statement).await? {
        let id: String = row.try_get_by_index(0)?;
        let id = id.parse().map_err(|_| corrupt())?;
        found.insert(id, Progress::read(&row, 1)?);
    }
    Ok(found)
}

pub(super) fn corrupt() -> MeteringError {
    MeteringError::Corrupt { what: "rollup" }
}

/// Table and column of the partials of a level.
pub(super) const fn place(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Minute => ("usage_rollup", "minute"),
        Level::Hour => ("usage_rollup_hour", "hour"),
    }
}

/// A row that is to be added.
#[derive(Clone, Debug)]
pub(super) struct NewRow {
    owner: (String, String, i64),
    subject: String,
    time: i64,
    group_values: String,
    event_count: i64,
    state: String,
}

impl NewRow {
    /// The rows of some partials of a meter and generation.
    pub(super) fn of(
        (project, meter, generation): (ProjectId, &Meter, i64),
        rollup: &Rollup,
    ) -> impl Iterator<Item = Self> {
        let owner = (project.to_string(), meter.id.to_string(), generation);
        rollup.iter().map(move |(key, partial)| Self {
            owner: owner.clone(),
            subject: key.subject.clone(),
            time: key.start * MICROS,
            group_values: key.group_text(),
            event_count: partial.events.cast_signed(),
            state: partial.encode(),
        })
    }
}

/// Adds rows of a level: one statement for any number of them.
pub(super) async fn insert(
    tx: &impl ConnectionTrait,
    level: Level,
    rows: &[NewRow],
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let (table, time) = place(level);
    let mut parameters = Parameters::default();
    let texts = |read: fn(&NewRow) -> &String| Column::texts(rows.iter().map(read));
    let numbers = |read: fn(&NewRow) -> i64| Column::numbers(rows.iter().map(read));
    let columns = [
        ("project_id", texts(|row| &row.owner.0)),
        ("meter_id", texts(|row| &row.owner.1)),
        ("generation", numbers(|row| row.owner.2)),
        ("subject", texts(|row| &row.subject)),
        (time, numbers(|row| row.time)),
        ("group_values", texts(|row| &row.group_values)),
        ("event_count", numbers(|row| row.event_count)),
        ("state", texts(|row| &row.state)),
    ];
    let names = columns.each_ref().map(|(name, _)| *name).join(", ");
    let rows = super::rows(backend, "k", columns, &mut parameters);
    tx.execute_raw(Statement::from_sql_and_values(
        backend,
        format!("INSERT INTO {table} ({names}) SELECT {names} FROM {rows}"),
        parameters.0,
    ))
    .await
    .map(drop)
}

/// Removes the rows of a subject that begin at a second.
pub(super) async fn remove(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    (meter, generation): (&Meter, i64),
    level: Level,
    (subject, start): (&str, i64),
) -> Result<(), DbErr> {
    let (table, time) = place(level);
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        format!(
            "DELETE FROM {table} WHERE project_id = $1 AND meter_id = $2 AND subject = $3 \
             AND {time} = $4 AND generation = $5"
        ),
        [
            project.to_string().into(),
            meter.id.to_string().into(),
            subject.into(),
            (start * MICROS).into(),
            generation.into(),
        ],
    ))
    .await
    .map(drop)
}

/// The partials of a subject's hour, added up from those of its minutes.
pub(super) async fn hour_of_minutes(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    (meter, generation): (&Meter, i64),
    (subject, hour): (&str, i64),
) -> Result<Rollup, MeteringError> {
    let statement = Statement::from_sql_and_values(
        tx.get_database_backend(),
        format!(
            "SELECT {} FROM usage_rollup WHERE project_id = $1 AND meter_id = $2 AND subject = $3 \
             AND minute >= $4 AND minute < $5 AND generation = $6",
            selected(Level::Minute, "group_values")
        ),
        [
            project.to_string().into(),
            meter.id.to_string().into(),
            subject.into(),
            (hour * MICROS).into(),
            ((hour + Level::Hour.seconds()) * MICROS).into(),
            generation.into(),
        ],
    );
    let mut hours = Rollup::new();
    for row in tx.query_all_raw(statement).await? {
        let (key, partial) = read(&row, meter)?;
        take_in(&mut hours, Level::Hour, key, partial);
    }
    Ok(hours)
}

/// The columns that [`read`] reads, where the group values are those of an expression.
pub(super) fn selected(level: Level, group_values: &str) -> String {
    let (_, time) = place(level);
    format!("subject, {time}, {group_values}, event_count, state")
}

pub(super) fn read(
    row: &QueryResult,
    meter: &Meter,
) -> Result<(RollupKey, Partial), MeteringError> {
    let start: i64 = row.try_get_by_index(1)?;
    let group: String = row.try_get_by_index(2)?;
    let events: i64 = row.try_get_by_index(3)?;
    let state: String = row.try_get_by_index(4)?;
    let key = RollupKey {
        subject: row.try_get_by_index(0)?,
        start: start / MICROS,
        group: RollupKey::read_group(&group).ok_or_else(corrupt)?,
    };
    let partial = Partial::decode(meter, events.unsigned_abs(), &state).ok_or_else(corrupt)?;
    Ok((key, partial))
}

/// The partials of some parts of a scan, of full minutes or hours.
fn of_parts(
    backend: DatabaseBackend,
    selected: &str,
    scan: &Scan<'_>,
    level: Level,
    parts: &[Part],
) -> Statement {
    let (table, time) = place(level);
    let mut parameters = Parameters::default();
    let mut conditions = vec![
        format!(
            "project_id = ${}",
            parameters.push(scan.project.to_string())
        ),
        format!("meter_id = ${}", parameters.push(scan.meter.id.to_string())),
        format!("generation = ${}", parameters.push(scan.generation)),
    ];
    let from = scan
        .span
        .narrow(backend, time, parts, &mut conditions, &mut parameters);
    Statement::from_sql_and_values(
        backend,
        format!(
            "SELECT {selected} FROM {from}{table} WHERE {}",
            conditions.join(" AND ")
        ),
        parameters.0,
    )
}

/// How many partials some parts of a scan have.
pub(super) async fn count(
    connection: &DatabaseTransaction,
    scan: &Scan<'_>,
    level: Level,
    parts: &[Part],
) -> Result<u64, DbErr> {
    if parts.is_empty() {
        return Ok(0);
    }
    let backend = super::backend(connection);
    let statement = of_parts(backend, "COUNT(*)", scan, level, parts);
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0).map(i64::unsigned_abs))
}

/// Folds the partials of some parts of a scan.
pub(super) async fn fold(
    connection: &DatabaseTransaction,
    scan: &Scan<'_>,
    level: Level,
    parts: &[Part],
    shape: &Shape,
    folds: &mut Folds<'_>,
) -> Result<(), MeteringError> {
    if parts.is_empty() {
        return Ok(());
    }
    let group_values = if shape.reads_groups() {
        "group_values"
    } else {
        "'[]'"
    };
    let selected = selected(level, group_values);
    let backend = super::backend(connection);
    let statement = of_parts(backend, &selected, scan, level, parts);
    let mut rows = connection.stream_raw(statement).await?;
    while let Some(row) = rows.try_next().await? {
        let (key, partial) = read(&row, scan.meter)?;
        folds.at(key.start).add_partial(shape, &key, partial)?;
        if let Some(tally) = scan.tally {
            tally.used(1);
        }
    }
    Ok(())
}

/// A meter whose rollup is not complete.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// Its project.
    pub project: ProjectId,
    /// Its id.
    pub meter: String,
    /// How far it is.
    pub progress: Progress,
}

/// Some meters whose rollup is not complete.
pub async fn unfinished(
    connection: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<Unfinished>, MeteringError> {
    let statement = Statement::from_string(
        connection.get_database_backend(),
        format!(
            "SELECT project_id, meter_id, {PROGRESS} FROM meter_rollup \
             WHERE built_seq < until_seq LIMIT {limit}"
        ),
    );
    let mut found = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let project: String = row.try_get_by_index(0)?;
        found.push(Unfinished {
            project: project.parse().map_err(|_| corrupt())?,
            meter: row.try_get_by_index(1)?,
            progress: Progress::read(&row, 2)?,
        });
    }
    Ok(found)
}

/// One step of a builder.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Events up to this one are added now.
    pub built_seq: i64,
    /// How many events there are to add in all.
    pub event_total: i64,
    /// Events that this step added.
    pub success: i64,
    /// Events of this step that have no value for the meter.
    pub failed: i64,
    /// When.
    pub time: Timestamp,
}

/// Moves a builder's mark; false when another builder, a new generation or a correction was faster.
pub async fn advance(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: &str,
    progress: &Progress,
    step: Step,
) -> Result<bool, DbErr> {
    let moved = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            "UPDATE meter_rollup SET built_seq = $1, event_total = $2, success_count = success_count + $3, \
             failed_count = failed_count + $4, update_time = $5 WHERE project_id = $6 AND meter_id = $7 \
             AND generation = $8 AND built_seq = $9 AND corrections = $10",
            [
                step.built_seq.into(),
                step.event_total.into(),
                step.success.into(),
                step.failed.into(),
                micros(step.time).into(),
                project.to_string().into(),
                meter.into(),
                progress.generation.into(),
                progress.built_seq.into(),
                progress.corrections.into(),
            ],
        ))
        .await?;
    Ok(moved.rows_affected() == 1)
}

/// Removes some rows of other generations of a meter, and answers how many of one table at most.
pub async fn purge(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: &str,
    generation: i64,
    limit: u64,
) -> Result<u64, DbErr> {
    let mut most = 0;
    let [(minutes, _), (hours, _)] = Level::ALL.map(place);
    for table in [minutes, hours, "usage_rollup_delta"] {
        let gone = tx
            .execute_raw(Statement::from_sql_and_values(
                tx.get_database_backend(),
                format!(
                    "DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} \
                     WHERE project_id = $1 AND meter_id = $2 AND generation <> $3 LIMIT {limit})"
                ),
                [project.to_string().into(), meter.into(), generation.into()],
            ))
            .await?;
        most = most.max(gone.rows_affected());
    }
    Ok(most)
}

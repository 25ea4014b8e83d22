//! Merging rollup rows: what several commits added for one key becomes one row, the oldest of them. A piece of the table is
//! read at a time, in the order of storing, and the mark says how far that has come.

use std::collections::{BTreeMap, btree_map::Entry};

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};

use super::rollup::{MICROS, corrupt, place};
use crate::{
    domain::{
        meter::Meter,
        rollup::{Level, Partial},
    },
    error::MeteringError,
};

/// A rollup row as it is stored.
#[derive(Clone, Debug)]
pub struct Row {
    seq: i64,
    /// The project, meter and generation it is of.
    pub owner: (String, String, i64),
    key: (String, i64, String),
    events: i64,
    state: String,
}

impl Row {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let time: i64 = row.try_get_by_index(5)?;
        Ok(Self {
            seq: row.try_get_by_index(0)?,
            owner: (
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
            ),
            key: (
                row.try_get_by_index(4)?,
                time / MICROS,
                row.try_get_by_index(6)?,
            ),
            events: row.try_get_by_index(7)?,
            state: row.try_get_by_index(8)?,
        })
    }

    fn partial(&self, meter: &Meter) -> Result<Partial, MeteringError> {
        Partial::decode(meter, self.events.unsigned_abs(), &self.state).ok_or_else(corrupt)
    }
}

/// The last of the rows behind a mark, of at most so many.
pub async fn last(
    connection: &impl ConnectionTrait,
    level: Level,
    mark: i64,
    limit: u64,
) -> Result<Option<i64>, DbErr> {
    let (table, _) = place(level);
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            format!(
                "SELECT MAX(seq) FROM (SELECT seq FROM {table} WHERE seq > $1 \
                 ORDER BY seq LIMIT {limit}) AS piece"
            ),
            [mark.into()],
        ))
        .await?;
    row.map_or(Ok(None), |row| row.try_get_by_index(0))
}

/// The rows of a piece, and with them all others of the same subjects and times, wherever they are.
pub async fn piece(
    connection: &impl ConnectionTrait,
    level: Level,
    mark: i64,
    last: i64,
) -> Result<Vec<Row>, DbErr> {
    let (table, time) = place(level);
    // The order of the join is as it is written: the other rows are found by project, meter, subject and time.
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!(
            "WITH piece AS (SELECT DISTINCT project_id, meter_id, subject, {time} FROM {table} \
             WHERE seq > $1 AND seq <= $2) \
             SELECT r.seq, r.project_id, r.meter_id, r.generation, r.subject, r.{time}, r.group_values, r.event_count, \
             r.state FROM piece CROSS JOIN {table} r WHERE r.project_id = piece.project_id \
             AND r.meter_id = piece.meter_id AND r.subject = piece.subject AND r.{time} = piece.{time}"
        ),
        [mark.into(), last.into()],
    );
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(Row::read).collect()
}

/// What becomes of some rows: the oldest of each key takes the others in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    kept: Vec<(i64, i64, String)>,
    gone: Vec<i64>,
}

impl Merged {
    /// Takes the rows of one meter and generation.
    pub fn add(&mut self, meter: &Meter, mut rows: Vec<Row>) -> Result<(), MeteringError> {
        rows.sort_unstable_by_key(|row| row.seq);
        let mut sums: BTreeMap<&(String, i64, String), (&Row, Option<Partial>)> = BTreeMap::new();
        for row in &rows {
            match sums.entry(&row.key) {
                Entry::Vacant(place) => drop(place.insert((row, None))),
                Entry::Occupied(mut place) => {
                    let (oldest, sum) = place.get_mut();
                    let mut both = match sum.take() {
                        Some(both) => both,
                        None => oldest.partial(meter)?,
                    };
                    both.merge(row.partial(meter)?);
                    *sum = Some(both);
                    self.gone.push(row.seq);
                }
            }
        }
        self.kept.extend(
            sums.into_values()
                .filter_map(|(row, sum)| Some((row, sum?)))
                .map(|(row, sum)| (row.seq, sum.events.cast_signed(), sum.encode())),
        );
        Ok(())
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Writes it, and answers whether all rows were still there. Nobody else changes a row: a correction removes it.
    pub async fn store(&self, tx: &impl ConnectionTrait, level: Level) -> Result<bool, DbErr> {
        let backend = tx.get_database_backend();
        let (table, _) = place(level);
        let kept = tx.execute_raw(self.update(backend, table)).await?;
        let gone = tx
            .execute_raw(Statement::from_sql_and_values(
                backend,
                format!(
                    "DELETE FROM {table} WHERE {}",
                    super::among(backend, "seq", 1)
                ),
                [super::numbers(backend, &self.gone)],
            ))
            .await?;
        Ok(kept.rows_affected() == self.kept.len() as u64
            && gone.rows_affected() == self.gone.len() as u64)
    }

    fn update(&self, backend: DatabaseBackend, table: &str) -> Statement {
        if backend == DatabaseBackend::Postgres {
            let text = format!(
                "UPDATE {table} AS r SET event_count = k.n, state = k.s \
                 FROM UNNEST($1::bigint[], $2::bigint[], $3::text[]) AS k(seq, n, s) WHERE r.seq = k.seq"
            );
            let seqs: Vec<i64> = self.kept.iter().map(|(seq, _, _)| *seq).collect();
            let events: Vec<i64> = self.kept.iter().map(|(_, events, _)| *events).collect();
            let states: Vec<String> = self.kept.iter().map(|(_, _, s)| s.clone()).collect();
            let values: [Value; 3] = [seqs.into(), events.into(), states.into()];
            return Statement::from_sql_and_values(backend, text, values);
        }
        let text = format!(
            "UPDATE {table} AS r SET event_count = k.value ->> 1, state = k.value ->> 2 \
             FROM json_each($1) AS k WHERE r.seq = k.value ->> 0"
        );
        let kept = self.kept.iter().map(|(seq, events, state)| {
            serde_json::Value::from(vec![
                serde_json::Value::from(*seq),
                serde_json::Value::from(*events),
                serde_json::Value::from(state.as_str()),
            ])
        });
        let kept = serde_json::Value::from(kept.collect::<Vec<_>>()).to_string();
        Statement::from_sql_and_values(backend, text, [kept.into()])
    }
}

/// Name of the mark up to which rows of a level were merged.
const fn mark(level: Level) -> &'static str {
    match level {
        Level::Minute => "merged",
        Level::Hour => "merged_hours",
    }
}

/// The mark up to which rows of a level were merged.
pub async fn merged_until(connection: &impl ConnectionTrait, level: Level) -> Result<i64, DbErr> {
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT seq FROM usage_rollup_mark WHERE name = $1",
            [mark(level).into()],
        ))
        .await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Moves that mark.
pub async fn set_merged_until(
    tx: &impl ConnectionTrait,
    level: Level,
    seq: i64,
) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO usage_rollup_mark (name, seq) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
        [mark(level).into(), seq.into()],
    ))
    .await
    .map(drop)
}

//! Reads of many events: streams that a fold consumes row by row, distinct subjects, counts, exports.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

use chassis::db::micros;
use futures::TryStreamExt as _;
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, Statement,
    StreamTrait as _,
};
use serde_json::Value;

use super::{
    Column, Parameters,
    correction::COUNTS,
    delta,
    event::{SELECTED, StoredEvent, read},
    rollup,
};
use crate::{
    domain::{
        meter::Meter,
        query::{Fold, Query, Seen},
        rollup::Level,
    },
    error::MeteringError,
};

const MICROS: i64 = 1_000_000;

/// Which events are read: those of a type, in a span, of some subjects.
#[derive(Clone, Debug)]
pub struct Span {
    /// The type.
    pub event_type: String,
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after.
    pub to: Option<Timestamp>,
    /// Only these subjects; everybody's when none.
    pub subjects: Option<Vec<String>>,
}

impl Span {
    /// Conditions that lean on the index by type, subject and time; voided events fail them.
    fn conditions(
        &self,
        connection: &impl ConnectionTrait,
        project: ProjectId,
        parameters: &mut Parameters,
    ) -> String {
        let (_, conditions) = self.of_parts(connection, project, &[self.whole()], parameters);
        conditions
    }

    fn whole(&self) -> Part {
        (self.from.map(micros), self.to.map(micros))
    }

    /// The same for some parts of the span: what stands before the table in the clause FROM, and the conditions.
    fn of_parts(
        &self,
        connection: &impl ConnectionTrait,
        project: ProjectId,
        parts: &[Part],
        parameters: &mut Parameters,
    ) -> (String, String) {
        let mut conditions = vec![
            format!("project_id = ${}", parameters.push(project.to_string())),
            format!(
                "event_type = ${}",
                parameters.push(self.event_type.as_str())
            ),
        ];
        let backend = connection.get_database_backend();
        let from = self.narrow(backend, "time", parts, &mut conditions, parameters);
        conditions.push(COUNTS.to_owned());
        (from, conditions.join(" AND "))
    }

    /// Conditions on the subject and on the column that holds the time, which is in one of some parts. Several parts
    /// are rows of their own before the table: each is a range of the index, and their number changes no statement.
    pub(super) fn narrow(
        &self,
        backend: DatabaseBackend,
        time: &str,
        parts: &[Part],
        conditions: &mut Vec<String>,
        parameters: &mut Parameters,
    ) -> String {
        let from = if let [(from, to)] = parts {
            if let Some(from) = from {
                conditions.push(format!("{time} >= ${}", parameters.push(*from)));
            }
            if let Some(to) = to {
                conditions.push(format!("{time} < ${}", parameters.push(*to)));
            }
            String::new()
        } else {
            let (starts, ends): (Vec<i64>, Vec<i64>) = parts
                .iter()
                .map(|(from, to)| (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX)))
                .unzip();
            conditions.push(format!(
                "{time} >= part.start_time AND {time} < part.end_time"
            ));
            let ends = [
                ("start_time", Column::Numbers(starts)),
                ("end_time", Column::Numbers(ends)),
            ];
            super::rows(backend, "part", ends, parameters) + " CROSS JOIN "
        };
        match self.subjects.as_deref() {
            None => {}
            Some([subject]) => {
                conditions.push(format!("subject = ${}", parameters.push(subject.as_str())));
            }
            Some(subjects) => {
                let parameter = parameters.push(super::texts(backend, subjects));
                conditions.push(super::among(backend, "subject", parameter));
            }
        }
        from
    }
}

/// Usage of adjacent spans, each folded by itself while one scan passes by. Where one span ends and the
/// next begins is a full minute, so that no row of a rollup belongs to two.
#[derive(Debug)]
pub struct Folds<'query> {
    ends: Vec<i64>,
    folds: Vec<Fold<'query>>,
    current: usize,
}

impl<'query> Folds<'query> {
    /// Folds for spans that end at these seconds, ascending; the last may have no end.
    fn new(query: &'query Query, ends: Vec<i64>) -> Self {
        Self {
            folds: ends.iter().map(|_| Fold::new(query)).collect(),
            ends,
            current: 0,
        }
    }

    /// The fold of the span that a second is in; neighbouring rows mostly share theirs.
    pub(super) fn at(&mut self, second: i64) -> &mut Fold<'query> {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or(i64::MAX);
        let begin = self.current.checked_sub(1).map_or(i64::MIN, end);
        if second < begin || second >= end(self.current) {
            self.current = self
                .ends
                .partition_point(|end| *end <= second)
                .min(self.folds.len() - 1);
        }
        &mut self.folds[self.current]
    }

    /// The fold of each span.
    pub fn into_each(self) -> Vec<Fold<'query>> {
        self.folds
    }
}

/// How far a scan has come, for somebody who watches it.
#[derive(Debug, Default)]
pub struct Tally {
    success: AtomicU64,
    failed: AtomicU64,
    total: AtomicU64,
}

impl Tally {
    pub(super) fn used(&self, rows: u64) {
        self.success.fetch_add(rows, Ordering::Relaxed);
    }

    fn unused(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Starts over, with this many rows to read.
    fn expect(&self, total: u64) {
        self.success.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Rows that were used, rows without a value, and rows in all: never less than those of the others,
    /// even when events arrive during the scan.
    pub fn counts(&self) -> (u64, u64, u64) {
        let success = self.success.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        (success, failed, total.max(success + failed))
    }
}

/// Seconds between two ends, either of which may be open.
type Seconds = (Option<i64>, Option<i64>);

/// The same in microseconds.
pub(super) type Part = Seconds;

const fn part((from, to): Seconds) -> Part {
    const fn micros(end: Option<i64>) -> Option<i64> {
        match end {
            Some(second) => Some(second.saturating_mul(MICROS)),
            None => None,
        }
    }
    (micros(from), micros(to))
}

/// The parts of a span: what is full units of a level, and what is left of it at the edges.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cut {
    full: Vec<Seconds>,
    edges: Vec<Seconds>,
}

/// Parts that one span may be cut into; each costs a look into the index.
const PARTS_MAX: usize = 100;

/// Cuts a span at the units of a level. A unit with an inner end inside is no full one; with too many of those
/// nothing is.
fn cut(level: Level, (from, to): Seconds, inner_ends: &[i64]) -> Cut {
    let full_from = from.map(|from| level.floor(from.saturating_add(level.seconds() - 1)));
    let full_to = to.map(|to| level.floor(to));
    let empty = |(from, to): &Seconds| from.zip(*to).is_some_and(|(from, to)| from >= to);
    let mut broken: Vec<i64> = inner_ends
        .iter()
        .map(|end| (level.floor(*end), *end))
        .filter(|(unit, end)| unit != end)
        .map(|(unit, _)| unit)
        .filter(|unit| full_from.is_none_or(|from| from <= *unit))
        .filter(|unit| full_to.is_none_or(|to| *unit < to))
        .collect();
    broken.dedup();
    if empty(&(full_from, full_to)) || broken.len() * 2 >= PARTS_MAX {
        return Cut {
            edges: vec![(from, to)],
            full: Vec::new(),
        };
    }
    let mut cut = Cut::default();
    if full_from != from {
        cut.edges.push((from, full_from));
    }
    let mut start = full_from;
    for unit in broken {
        cut.full.push((start, Some(unit)));
        cut.edges.push((Some(unit), Some(unit + level.seconds())));
        start = Some(unit + level.seconds());
    }
    cut.full.push((start, full_to));
    if full_to != to {
        cut.edges.push((full_to, to));
    }
    cut.full.retain(|part| !empty(part));
    cut
}

/// What a scan reads, each in one statement.
#[derive(Debug)]
struct Pieces {
    /// Parts that are read from the events.
    events: Vec<Part>,
    /// Parts that are read from the rollup, by its level.
    rollup: [(Level, Vec<Part>); Level::ALL.len()],
    /// The same parts in whole, of which something may not be merged yet.
    full: Vec<Part>,
}

/// From the rollup: hours where a span holds full ones and the query takes them, minutes at the edges of those; and from
/// the events themselves at the edges of minutes, or where there is no rollup.
fn pieces(scan: &Scan<'_>, query: &Query) -> Pieces {
    let span = scan.span;
    let mut pieces = Pieces {
        events: Vec::new(),
        rollup: Level::ALL.map(|level| (level, Vec::new())),
        full: Vec::new(),
    };
    if span.subjects.as_ref().is_some_and(Vec::is_empty) {
        return pieces;
    }
    let seconds = |instant: Option<Timestamp>| instant.map(Timestamp::as_second);
    if scan.generation.is_none() || !query.takes_minutes() {
        pieces.events.push(span.whole());
        return pieces;
    }
    let inner = scan.ends.split_last().map_or(&[][..], |(_, inner)| inner);
    let whole = (seconds(span.from), seconds(span.to));
    let minutes = cut(Level::Minute, whole, inner);
    let [(_, by_minute), (_, by_hour)] = &mut pieces.rollup;
    for full in &minutes.full {
        if scan.hours {
            let hours = cut(Level::Hour, *full, inner);
            by_minute.extend(hours.edges.into_iter().map(part));
            by_hour.extend(hours.full.into_iter().map(part));
        } else {
            by_minute.push(part(*full));
        }
    }
    pieces.events = minutes.edges.into_iter().map(part).collect();
    pieces.full = minutes.full.into_iter().map(part).collect();
    pieces
}

/// What is scanned: the usage of one meter.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'scan> {
    /// The project.
    pub project: ProjectId,
    /// The meter.
    pub meter: &'scan Meter,
    /// The generation of its rollup, when that is complete.
    pub generation: Option<i64>,
    /// All spans together.
    pub span: &'scan Span,
    /// Where the single spans end, in seconds, ascending.
    pub ends: &'scan [i64],
    /// Whether the query takes full hours of it.
    pub hours: bool,
    /// Where to tell how far it is.
    pub tally: Option<&'scan Tally>,
}

/// Folds the usage of adjacent spans in one scan, of one snapshot of the database.
pub async fn fold<'query>(
    connection: &DatabaseTransaction,
    scan: Scan<'_>,
    query: &'query Query,
) -> Result<Folds<'query>, MeteringError> {
    let mut folds = Folds::new(query, scan.ends.to_vec());
    let pieces = pieces(&scan, query);
    let shape = query.shape(scan.meter);
    let mut added = Vec::new();
    if let Some(generation) = scan.generation.filter(|_| !pieces.full.is_empty()) {
        let groups = shape.reads_groups();
        added = delta::read(connection, &scan, generation, &pieces.full, groups).await?;
    }
    if let Some(tally) = scan.tally {
        let mut total = added.len() as u64 + count(connection, &scan, &pieces.events).await?;
        for (level, parts) in &pieces.rollup {
            total += rollup::count(connection, &scan, *level, parts).await?;
        }
        tally.expect(total);
    }
    for (key, partial) in added {
        folds.at(key.start).add_partial(&shape, &key, partial)?;
        if let Some(tally) = scan.tally {
            tally.used(1);
        }
    }
    fold_events(connection, &scan, &pieces.events, query, &mut folds).await?;
    for (level, parts) in &pieces.rollup {
        rollup::fold(connection, &scan, *level, parts, &shape, &mut folds).await?;
    }
    Ok(folds)
}

/// How many events of some parts count.
async fn count(
    connection: &DatabaseTransaction,
    scan: &Scan<'_>,
    parts: &[Part],
) -> Result<u64, DbErr> {
    if parts.is_empty() {
        return Ok(0);
    }
    let mut parameters = Parameters::default();
    let (from, conditions) = scan
        .span
        .of_parts(connection, scan.project, parts, &mut parameters);
    let statement = Statement::from_sql_and_values(
        super::backend(connection),
        format!("SELECT COUNT(*) FROM {from}usage_event WHERE {conditions}"),
        parameters.0,
    );
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0).map(i64::unsigned_abs))
}

/// Events stream through: memory holds the folds and one row.
async fn fold_events(
    connection: &DatabaseTransaction,
    scan: &Scan<'_>,
    parts: &[Part],
    query: &Query,
    folds: &mut Folds<'_>,
) -> Result<(), MeteringError> {
    if parts.is_empty() {
        return Ok(());
    }
    let mut parameters = Parameters::default();
    let (from, conditions) = scan
        .span
        .of_parts(connection, scan.project, parts, &mut parameters);
    let backend = super::backend(connection);
    if !query.reads_data() && query.takes_minutes() {
        // Full minutes are enough, because every window consists of such.
        let statement = Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT subject, MIN(time), MAX(time), COUNT(*) FROM {from}usage_event WHERE {conditions} \
                 GROUP BY subject, time / {}",
                60 * MICROS
            ),
            parameters.0,
        );
        let mut rows = connection.stream_raw(statement).await?;
        while let Some(row) = rows.try_next().await? {
            let subject: String = row.try_get_by_index(0)?;
            let first: i64 = row.try_get_by_index(1)?;
            let last: i64 = row.try_get_by_index(2)?;
            let events: i64 = row.try_get_by_index(3)?;
            let (first, last) = (first / MICROS, last / MICROS);
            let events = events.unsigned_abs();
            folds.at(first).add_counted(first, last, &subject, events)?;
            if let Some(tally) = scan.tally {
                tally.used(events);
            }
        }
        return Ok(());
    }
    let statement = Statement::from_sql_and_values(
        backend,
        format!("SELECT seq, subject, time, data FROM {from}usage_event WHERE {conditions}"),
        parameters.0,
    );
    let mut rows = connection.stream_raw(statement).await?;
    while let Some(row) = rows.try_next().await? {
        let seq: i64 = row.try_get_by_index(0)?;
        let subject: String = row.try_get_by_index(1)?;
        let time: i64 = row.try_get_by_index(2)?;
        let text: Option<String> = row.try_get_by_index(3)?;
        let data = parse(text.as_deref())?;
        let second = time / MICROS;
        folds.at(second).add(Seen {
            moment: (second, seq),
            subject: &subject,
            data: data.as_ref(),
        })?;
        if let Some(tally) = scan.tally {
            match query.measure.complaint(data.as_ref()) {
                None => tally.used(1),
                Some(_) => tally.unused(),
            }
        }
    }
    Ok(())
}

/// The events of a type, subject and minute that count, in no order. `see` gets position, second and data.
pub async fn each_of_minute(
    tx: &DatabaseTransaction,
    project: ProjectId,
    key: (&str, &str, i64),
    mut see: impl FnMut(i64, i64, Option<&Value>),
) -> Result<(), MeteringError> {
    let (kind, subject, minute) = key;
    let statement = Statement::from_sql_and_values(
        super::backend(tx),
        format!(
            "SELECT seq, time, data FROM usage_event WHERE project_id = $1 AND event_type = $2 \
             AND subject = $3 AND time >= $4 AND time < $5 AND {COUNTS}"
        ),
        [
            project.to_string().into(),
            kind.into(),
            subject.into(),
            (minute * MICROS).into(),
            ((minute + 60) * MICROS).into(),
        ],
    );
    let mut rows = tx.stream_raw(statement).await?;
    while let Some(row) = rows.try_next().await? {
        let seq: i64 = row.try_get_by_index(0)?;
        let time: i64 = row.try_get_by_index(1)?;
        let text: Option<String> = row.try_get_by_index(2)?;
        see(seq, time / MICROS, parse(text.as_deref())?.as_ref());
    }
    Ok(())
}

/// The data of a stored event.
pub fn parse(text: Option<&str>) -> Result<Option<Value>, MeteringError> {
    text.map(serde_json::from_str)
        .transpose()
        .map_err(|_| MeteringError::Corrupt { what: "event data" })
}

/// Distinct subjects behind a subject, ascending.
pub async fn subjects(
    connection: &DatabaseConnection,
    project: ProjectId,
    span: &Span,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let mut parameters = Parameters::default();
    let mut conditions = span.conditions(connection, project, &mut parameters);
    if let Some(after) = after {
        conditions.push_str(&format!(" AND subject > ${}", parameters.push(after)));
    }
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!(
            "SELECT DISTINCT subject FROM usage_event WHERE {conditions} ORDER BY subject LIMIT {limit}"
        ),
        parameters.0,
    );
    connection
        .query_all_raw(statement)
        .await?
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect()
}

/// Distinct texts that `read` finds in the data of the events, behind a text, ascending: the least
/// `limit` of them are kept while the rows stream by.
pub async fn distinct(
    connection: &DatabaseConnection,
    project: ProjectId,
    span: &Span,
    after: Option<&str>,
    limit: usize,
    read: impl Fn(Option<&Value>) -> String,
) -> Result<Vec<String>, MeteringError> {
    let mut parameters = Parameters::default();
    let conditions = span.conditions(connection, project, &mut parameters);
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!("SELECT data FROM usage_event WHERE {conditions}"),
        parameters.0,
    );
    let mut least = BTreeSet::new();
    let mut rows = connection.stream_raw(statement).await?;
    while let Some(row) = rows.try_next().await? {
        let text: Option<String> = row.try_get_by_index(0)?;
        let found = read(parse(text.as_deref())?.as_ref());
        if after.is_none_or(|after| found.as_str() > after) {
            least.insert(found);
            if least.len() > limit {
                least.pop_last();
            }
        }
    }
    Ok(least.into_iter().collect())
}

/// Events per subject since an instant, by ascending subject.
pub async fn counts(
    connection: &DatabaseConnection,
    project: ProjectId,
    from: Timestamp,
    limit: u64,
) -> Result<Vec<(String, i64)>, DbErr> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!(
            "SELECT subject, COUNT(*) FROM usage_event WHERE project_id = $1 AND time >= $2 \
             GROUP BY subject ORDER BY subject LIMIT {limit}"
        ),
        [project.to_string().into(), micros(from).into()],
    );
    let rows = connection.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
        .collect()
}

/// What an export reads.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// Only of this type; empty for all.
    pub event_type: String,
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after.
    pub to: Option<Timestamp>,
    /// Only events stored up to this one.
    pub until_seq: Option<i64>,
    /// Only events that count.
    pub counting: bool,
}

impl Export {
    fn conditions(&self, project: ProjectId, after: i64, parameters: &mut Parameters) -> String {
        let mut conditions = vec![
            format!("project_id = ${}", parameters.push(project.to_string())),
            format!("seq > ${}", parameters.push(after)),
        ];
        if let Some(until) = self.until_seq {
            conditions.push(format!("seq <= ${}", parameters.push(until)));
        }
        if self.counting {
            conditions.push(COUNTS.to_owned());
        }
        if !self.event_type.is_empty() {
            conditions.push(format!(
                "event_type = ${}",
                parameters.push(self.event_type.as_str())
            ));
        }
        if let Some(from) = self.from {
            conditions.push(format!("time >= ${}", parameters.push(micros(from))));
        }
        if let Some(to) = self.to {
            conditions.push(format!("time < ${}", parameters.push(micros(to))));
        }
        conditions.join(" AND ")
    }
}

/// The next stored events behind a position, in the order of storing.
pub async fn export(
    connection: &DatabaseConnection,
    project: ProjectId,
    export: &Export,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredEvent>, DbErr> {
    let mut parameters = Parameters::default();
    let conditions = export.conditions(project, after, &mut parameters);
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!("SELECT {SELECTED} FROM usage_event WHERE {conditions} ORDER BY seq LIMIT {limit}"),
        parameters.0,
    );
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(read).collect()
}

/// How many events an export has.
pub async fn count_events(
    connection: &DatabaseConnection,
    project: ProjectId,
    export: &Export,
) -> Result<i64, DbErr> {
    let mut parameters = Parameters::default();
    let conditions = export.conditions(project, 0, &mut parameters);
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!("SELECT COUNT(*) FROM usage_event WHERE {conditions}"),
        parameters.0,
    );
    let row = connection.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The parts are the span, without gaps and overlaps; what is full is so, and no end lies inside a unit.
        #[test]
        fn a_cut_is_the_span(
            from in proptest::option::of(0_i64..30_000),
            length in 0_i64..60_000,
            open in any::<bool>(),
            mut inner in proptest::collection::vec(0_i64..60_000, 0..14),
        ) {
            let to = (!open).then_some(from.unwrap_or(10_000) + length);
            let start = from.unwrap_or(i64::MIN);
            inner.retain(|end| start < *end && to.is_none_or(|to| *end < to));
            inner.sort_unstable();
            let cut = cut(Level::Hour, (from, to), &inner);
            let mut parts: Vec<Seconds> = [cut.full.clone(), cut.edges].concat();
            parts.sort_unstable();
            if from != to {
                prop_assert_eq!(parts.first().map(|part| part.0), Some(from));
                prop_assert_eq!(parts.last().map(|part| part.1), Some(to));
            }
            for pair in parts.windows(2) {
                prop_assert_eq!(pair[0].1, pair[1].0);
            }
            for (from, to) in cut.full {
                let whole = |end: Option<i64>| end.is_none_or(|end| end % 3_600 == 0);
                prop_assert!(whole(from) && whole(to));
                let inside = |end: &i64| {
                    let unit = Level::Hour.floor(*end);
                    unit != *end
                        && from.is_none_or(|from| from <= unit)
                        && to.is_none_or(|to| unit < to)
                };
                prop_assert!(!inner.iter().any(inside));
            }
        }
    }
}

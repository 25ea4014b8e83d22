//! Stored events: appending with de-duplication, looking up by identity, and lists.

use std::collections::{HashMap, HashSet};

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};

use super::{Column, Parameters};
use crate::domain::{
    event::NewEvent,
    filter::{TextFilter, TimeFilter},
};

/// Rows of one statement on PostgreSQL, where arrays make every count the same statement.
const POSTGRES_CHUNK: usize = 2_000;
/// Rows of one statement on SQLite, from large to small: only these few statements are ever prepared.
const SQLITE_CHUNKS: [usize; 5] = [500, 100, 20, 5, 1];
/// Identities of one lookup.
const LOOKUP_CHUNK: usize = 1_000;
/// Rows read at once while a list is filled.
const LIST_CHUNK: u64 = 500;

/// An event on its way into the store.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'event> {
    /// The event.
    pub event: &'event NewEvent,
    /// When it was received, to the second.
    pub ingest_time: Timestamp,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Position in the order of storing.
    pub seq: i64,
    /// Id within the source.
    pub id: String,
    /// What reported it.
    pub source: String,
    /// What happened.
    pub kind: String,
    /// Whose usage it is.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Compact JSON.
    pub data: Option<String>,
    /// When it was received.
    pub ingest_time: Timestamp,
    /// When it was stored.
    pub store_time: Timestamp,
}

/// Source and id.
pub type OwnedIdentity = (String, String);

/// What is expected of the identities of events that are to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// That all are free. PostgreSQL stores such events a quarter faster; if one is taken nevertheless, the transaction breaks
    /// as a violation of uniqueness and has to be done again.
    AllFree,
    /// Nothing: events whose identity is taken are left out.
    Nothing,
}

/// Enters the fence of rollups and stores the events whose identity is free; answers the position of each arrival that was
/// stored: the positions are in the order of the arrivals. These must have different identities.
pub async fn append(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    arrivals: &[Arrival<'_>],
    now: Timestamp,
    expected: Expected,
) -> Result<Vec<Option<i64>>, DbErr> {
    if tx.get_database_backend() == DatabaseBackend::Postgres {
        return postgres_append(tx, project, arrivals, now, expected).await;
    }
    let mut stored = Vec::with_capacity(arrivals.len());
    let mut before = last_position(tx).await?;
    let mut rest = arrivals;
    while !rest.is_empty() {
        let size = SQLITE_CHUNKS.into_iter().find(|size| *size <= rest.len());
        let (chunk, later) = rest.split_at(size.unwrap_or(1));
        rest = later;
        let done = tx.execute_raw(sqlite_insert(project, chunk, now)).await?;
        let last = done.last_insert_id().cast_signed();
        if done.rows_affected() == chunk.len() as u64 {
            // There is one writer, who numbers its rows one after the other.
            stored.extend((last - done.rows_affected().cast_signed() + 1..=last).map(Some));
            before = last;
        } else {
            let identities: Vec<OwnedIdentity> = chunk
                .iter()
                .map(|arrival| arrival.event.identity())
                .map(|(source, id)| (source.to_owned(), id.to_owned()))
                .collect();
            let found = by_identities(tx, project, &identities).await?;
            stored.extend(identities.iter().map(|identity| {
                let seq = found.get(identity).map(|event| event.seq);
                seq.filter(|seq| *seq > before)
            }));
            if done.rows_affected() > 0 {
                before = last;
            }
        }
    }
    Ok(stored)
}

/// The position of the event that was stored last, on SQLite.
async fn last_position(tx: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let statement = "SELECT COALESCE(MAX(seq), 0) FROM usage_event";
    let row = tx
        .query_one_raw(Statement::from_string(DatabaseBackend::Sqlite, statement))
        .await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Inserted in the order of their identities, so that concurrent transactions wait for, and never deadlock
/// with, each other; the positions are drawn before.
async fn postgres_append(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    arrivals: &[Arrival<'_>],
    now: Timestamp,
    expected: Expected,
) -> Result<Vec<Option<i64>>, DbErr> {
    let positions = positions(tx, project, arrivals.len()).await?;
    let mut placed: Vec<(i64, Arrival<'_>)> = positions
        .iter()
        .copied()
        .zip(arrivals.iter().copied())
        .collect();
    placed.sort_unstable_by_key(|(_, arrival)| arrival.event.identity());
    if expected == Expected::AllFree {
        for chunk in placed.chunks(POSTGRES_CHUNK) {
            let insert = postgres_insert(project, chunk, now, expected);
            tx.execute_raw(insert).await?;
        }
        return Ok(positions.into_iter().map(Some).collect());
    }
    let mut fresh = HashSet::with_capacity(arrivals.len());
    for chunk in placed.chunks(POSTGRES_CHUNK) {
        let insert = postgres_insert(project, chunk, now, expected);
        fresh.extend(packed(tx, insert).await?);
    }
    Ok(positions
        .into_iter()
        .map(|position| fresh.contains(&position).then_some(position))
        .collect())
}

/// So many new positions, ascending, drawn inside the fence of rollups: whoever changes what is rolled up goes by the last
/// position that is stored.
async fn positions(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    count: usize,
) -> Result<Vec<i64>, DbErr> {
    // The name of the sequence is looked up once, not for each position.
    let statement = Statement::from_sql_and_values(
        DatabaseBackend::Postgres,
        format!(
            "WITH fence AS MATERIALIZED (SELECT {}::text AS entered), \
             own AS MATERIALIZED (SELECT pg_get_serial_sequence('usage_event', 'seq')::regclass AS name) \
             SELECT string_agg(int8send(nextval(own.name)), ''::bytea) \
             FROM fence, own, generate_series(1, $2) WHERE fence.entered = ''",
            super::rollup::ENTER
        ),
        [
            super::rollup::fence_name(project).into(),
            i64::try_from(count).unwrap_or(i64::MAX).into(),
        ],
    );
    let mut positions = packed(tx, statement).await?;
    positions.sort_unstable();
    Ok(positions)
}

/// The numbers that a statement answers as one row of their bytes: thousands of rows cost more than what is in them.
async fn packed(tx: &impl ConnectionTrait, statement: Statement) -> Result<Vec<i64>, DbErr> {
    let row = tx.query_one_raw(statement).await?;
    let bytes: Option<Vec<u8>> = row.map_or(Ok(None), |row| row.try_get_by_index(0))?;
    let bytes = bytes.unwrap_or_default();
    let (numbers, _) = bytes.as_chunks::<8>();
    Ok(numbers
        .iter()
        .map(|bytes| i64::from_be_bytes(*bytes))
        .collect())
}

const COLUMNS: &str =
    "project_id, source, event_id, event_type, subject, time, data, ingest_time, store_time";

fn postgres_insert(
    project: ProjectId,
    chunk: &[(i64, Arrival<'_>)],
    now: Timestamp,
    expected: Expected,
) -> Statement {
    let texts = |read: fn(&NewEvent) -> &str| {
        Column::texts(chunk.iter().map(|(_, arrival)| read(arrival.event)))
    };
    let numbers = |read: fn(&(i64, Arrival<'_>)) -> i64| Column::numbers(chunk.iter().map(read));
    let mut parameters = Parameters::default();
    let project = parameters.push(project.to_string());
    let now = parameters.push(micros(now));
    let columns = [
        ("seq", numbers(|(position, _)| *position)),
        ("source", texts(|event| &event.source)),
        ("event_id", texts(|event| &event.id)),
        ("event_type", texts(|event| &event.kind)),
        ("subject", texts(|event| &event.subject)),
        ("time", numbers(|(_, arrival)| micros(arrival.event.time))),
        // An event without data travels as an empty text, which no JSON is.
        (
            "data",
            texts(|event| event.data.as_deref().unwrap_or_default()),
        ),
        (
            "ingest_time",
            numbers(|(_, arrival)| micros(arrival.ingest_time)),
        ),
    ];
    let rows = super::rows(DatabaseBackend::Postgres, "e", columns, &mut parameters);
    let insert = format!(
        "INSERT INTO usage_event (seq, {COLUMNS}) SELECT e.seq, ${project}, e.source, e.event_id, e.event_type, \
         e.subject, e.time, NULLIF(e.data, ''), e.ingest_time, ${now} FROM {rows}"
    );
    let statement = match expected {
        Expected::AllFree => insert,
        Expected::Nothing => format!(
            "WITH stored AS ({insert} ON CONFLICT DO NOTHING RETURNING seq) \
             SELECT string_agg(int8send(seq), ''::bytea) FROM stored"
        ),
    };
    Statement::from_sql_and_values(DatabaseBackend::Postgres, statement, parameters.0)
}

fn sqlite_insert(project: ProjectId, chunk: &[Arrival<'_>], now: Timestamp) -> Statement {
    let project = project.to_string();
    let mut parameters: Vec<Value> = Vec::with_capacity(chunk.len() * 9);
    for arrival in chunk {
        let event = arrival.event;
        parameters.extend([
            project.as_str().into(),
            event.source.as_str().into(),
            event.id.as_str().into(),
            event.kind.as_str().into(),
            event.subject.as_str().into(),
            micros(event.time).into(),
            event.data.clone().into(),
            micros(arrival.ingest_time).into(),
            micros(now).into(),
        ]);
    }
    let rows = super::unnumbered(chunk.len(), 9);
    Statement::from_sql_and_values(
        DatabaseBackend::Sqlite,
        format!("INSERT INTO usage_event ({COLUMNS}) VALUES {rows} ON CONFLICT DO NOTHING"),
        parameters,
    )
}

/// The stored events with these identities.
pub async fn by_identities(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    identities: &[OwnedIdentity],
) -> Result<HashMap<OwnedIdentity, StoredEvent>, DbErr> {
    let mut found = HashMap::with_capacity(identities.len());
    let backend = connection.get_database_backend();
    for chunk in identities.chunks(LOOKUP_CHUNK) {
        let mut parameters = Parameters::default();
        let project = parameters.push(project.to_string());
        let wanted = [
            (
                "source",
                Column::texts(chunk.iter().map(|(source, _)| source)),
            ),
            ("event_id", Column::texts(chunk.iter().map(|(_, id)| id))),
        ];
        let wanted = super::rows(backend, "k", wanted, &mut parameters);
        let statement = Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT {SELECTED} FROM usage_event WHERE project_id = ${project} AND (source, event_id) IN \
                 (SELECT k.source, k.event_id FROM {wanted})"
            ),
            parameters.0,
        );
        for row in connection.query_all_raw(statement).await? {
            let event = read(&row)?;
            found.insert((event.source.clone(), event.id.clone()), event);
        }
    }
    Ok(found)
}

/// The columns that [`read`] reads.
pub(super) const SELECTED: &str =
    "seq, event_id, source, event_type, subject, time, data, ingest_time, store_time";

/// An event from its row.
pub(super) fn read(row: &QueryResult) -> Result<StoredEvent, DbErr> {
    Ok(StoredEvent {
        seq: row.try_get_by_index(0)?,
        id: row.try_get_by_index(1)?,
        source: row.try_get_by_index(2)?,
        kind: row.try_get_by_index(3)?,
        subject: row.try_get_by_index(4)?,
        time: instant(row.try_get_by_index(5)?),
        data: row.try_get_by_index(6)?,
        ingest_time: instant(row.try_get_by_index(7)?),
        store_time: instant(row.try_get_by_index(8)?),
    })
}

/// What a list of events is sorted by, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOrder {
    /// Event time.
    Time,
    /// Receipt time.
    IngestTime,
}

impl EventOrder {
    const fn column(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::IngestTime => "ingest_time",
        }
    }

    /// The sort time of an event.
    pub const fn time_of(self, event: &StoredEvent) -> Timestamp {
        match self {
            Self::Time => event.time,
            Self::IngestTime => event.ingest_time,
        }
    }
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Sort time, in microseconds.
    pub time: i64,
    /// Id of the event.
    pub id: String,
    /// Its source; none when every source of that time and id was seen.
    pub source: Option<String>,
}

/// Which events are listed.
#[derive(Clone, Debug)]
pub struct EventList {
    /// Condition on the id.
    pub id: TextFilter,
    /// Condition on the source.
    pub source: TextFilter,
    /// Condition on the type.
    pub kind: TextFilter,
    /// Condition on the subject.
    pub subject: TextFilter,
    /// Only these subjects; everybody's when none.
    pub subjects: Option<Vec<String>>,
    /// Condition on the event time.
    pub time: TimeFilter,
    /// Condition on the receipt time.
    pub ingest_time: TimeFilter,
    /// Sort column.
    pub order: EventOrder,
}

/// Events behind a place, newest first. Patterns are judged here and not in SQL, whose LIKE means other
/// things on each database; what SQL can judge exactly it does, and rows are read in pieces until the
/// page is full.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    list: &EventList,
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<StoredEvent>, DbErr> {
    let mut found = Vec::with_capacity(limit);
    let mut place = after;
    loop {
        let rows = connection
            .query_all_raw(page(
                connection.get_database_backend(),
                project,
                list,
                place.as_ref(),
            ))
            .await?;
        let complete = (rows.len() as u64) < LIST_CHUNK;
        for row in &rows {
            let event = read(row)?;
            place = Some(Place {
                time: micros(list.order.time_of(&event)),
                id: event.id.clone(),
                source: Some(event.source.clone()),
            });
            if list.id.matches(&event.id)
                && list.source.matches(&event.source)
                && list.kind.matches(&event.kind)
                && list.subject.matches(&event.subject)
            {
                found.push(event);
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
        if complete {
            return Ok(found);
        }
    }
}

fn page(
    backend: DatabaseBackend,
    project: ProjectId,
    list: &EventList,
    after: Option<&Place>,
) -> Statement {
    let mut parameters = Parameters::default();
    let mut conditions = vec![format!(
        "project_id = ${}",
        parameters.push(project.to_string())
    )];
    for (column, filter) in [
        ("event_id", &list.id),
        ("source", &list.source),
        ("event_type", &list.kind),
        ("subject", &list.subject),
    ] {
        conditions.extend(text_condition(column, filter, &mut parameters));
    }
    if let Some(subjects) = &list.subjects {
        let parameter = parameters.push(super::texts(backend, subjects));
        conditions.push(super::among(backend, "subject", parameter));
    }
    conditions.extend(time_condition("time", &list.time, &mut parameters));
    conditions.extend(time_condition(
        "ingest_time",
        &list.ingest_time,
        &mut parameters,
    ));
    let column = list.order.column();
    if let Some(place) = after {
        let time = parameters.push(place.time);
        let id = parameters.push(place.id.as_str());
        conditions.push(match &place.source {
            None => format!("({column}, event_id) < (${time}, ${id})"),
            Some(source) => {
                let source = parameters.push(source.as_str());
                format!("({column}, event_id, source) < (${time}, ${id}, ${source})")
            }
        });
    }
    Statement::from_sql_and_values(
        backend,
        format!(
            "SELECT {SELECTED} FROM usage_event WHERE {} ORDER BY {column} DESC, event_id DESC, source DESC LIMIT {LIST_CHUNK}",
            conditions.join(" AND ")
        ),
        parameters.0,
    )
}

/// What SQL can judge exactly of a filter: a condition that no matching row fails.
fn text_condition(
    column: &str,
    filter: &TextFilter,
    parameters: &mut Parameters,
) -> Option<String> {
    match filter {
        TextFilter::Equals(text) => Some(format!("{column} = ${}", parameters.push(text.as_str()))),
        TextFilter::Greater(text) => {
            Some(format!("{column} > ${}", parameters.push(text.as_str())))
        }
        TextFilter::Less(text) => Some(format!("{column} < ${}", parameters.push(text.as_str()))),
        TextFilter::OneOf(texts) if texts.is_empty() => Some("1 = 0".to_owned()),
        TextFilter::OneOf(texts) => {
            let wanted: Vec<String> = texts
                .iter()
                .map(|text| format!("${}", parameters.push(text.as_str())))
                .collect();
            Some(format!("{column} IN ({})", wanted.join(", ")))
        }
        TextFilter::All(filters) => {
            let parts: Vec<String> = filters
                .iter()
                .filter_map(|filter| text_condition(column, filter, parameters))
                .collect();
            (!parts.is_empty()).then(|| format!("({})", parts.join(" AND ")))
        }
        TextFilter::Any
        | TextFilter::Like(_)
        | TextFilter::Contains(_)
        | TextFilter::Not(_)
        | TextFilter::Some(_) => None,
    }
}

fn time_condition(
    column: &str,
    filter: &TimeFilter,
    parameters: &mut Parameters,
) -> Option<String> {
    let joined = |filters: &[TimeFilter], word: &str, parameters: &mut Parameters| {
        let parts: Vec<String> = filters
            .iter()
            .map(|filter| {
                time_condition(column, filter, parameters).unwrap_or_else(|| "1 = 1".to_owned())
            })
            .collect();
        (!parts.is_empty()).then(|| format!("({})", parts.join(word)))
    };
    match filter {
        TimeFilter::Any => None,
        TimeFilter::From(time) => Some(format!("{column} >= ${}", parameters.push(*time))),
        TimeFilter::Before(time) => Some(format!("{column} < ${}", parameters.push(*time))),
        TimeFilter::All(filters) => joined(filters, " AND ", parameters),
        TimeFilter::Some(filters) => joined(filters, " OR ", parameters),
    }
}

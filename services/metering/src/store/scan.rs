//! Reads of many events: streams that a fold consumes row by row, distinct subjects, counts, exports.

use std::collections::BTreeSet;

use chassis::db::micros;
use futures::TryStreamExt as _;
use kernel::{
    Timestamp,
    calendar::{ceil_to_minute, floor_to_minute},
    id::ProjectId,
};
use sea_orm::{
    ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DbErr, Statement, StreamTrait as _,
};
use serde_json::Value;

use super::{
    Parameters,
    event::{SELECTED, StoredEvent, read},
    rollup,
};
use crate::{
    domain::{
        meter::Meter,
        query::{Fold, Query, Seen},
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
    /// Conditions that lean on the index by type, subject and time.
    fn conditions(
        &self,
        connection: &DatabaseConnection,
        project: ProjectId,
        parameters: &mut Parameters,
    ) -> String {
        let mut conditions = vec![
            format!("project_id = ${}", parameters.push(project.to_string())),
            format!(
                "event_type = ${}",
                parameters.push(self.event_type.as_str())
            ),
        ];
        let backend = connection.get_database_backend();
        self.narrow(backend, "time", &mut conditions, parameters);
        conditions.join(" AND ")
    }

    /// Conditions on the subject and on the column that holds the time.
    pub(super) fn narrow(
        &self,
        backend: DatabaseBackend,
        time: &str,
        conditions: &mut Vec<String>,
        parameters: &mut Parameters,
    ) {
        if let Some(from) = self.from {
            conditions.push(format!("{time} >= ${}", parameters.push(micros(from))));
        }
        if let Some(to) = self.to {
            conditions.push(format!("{time} < ${}", parameters.push(micros(to))));
        }
        match self.subjects.as_deref() {
            None => {}
            Some([subject]) => {
                conditions.push(format!("subject = ${}", parameters.push(subject.as_str())));
            }
            Some(subjects) => {
                let parameter = parameters.push(super::texts(backend, subjects));
                conditions.push(super::in_texts(backend, "subject", parameter));
            }
        }
    }

    /// The full minutes of the span; none when there are none.
    fn minutes(&self) -> Option<Self> {
        let full = Self {
            from: self.from.map(ceil_to_minute),
            to: self.to.map(floor_to_minute),
            ..self.clone()
        };
        let empty = full.from.zip(full.to).is_some_and(|(from, to)| from >= to);
        (!empty).then_some(full)
    }
}

/// Folds the usage of a span: from the rollup of the given generation where it holds full minutes, from
/// the events themselves at the edges or where there is no rollup.
pub async fn fold<'query>(
    connection: &DatabaseConnection,
    project: ProjectId,
    meter: &Meter,
    generation: Option<i64>,
    span: &Span,
    query: &'query Query,
) -> Result<Fold<'query>, MeteringError> {
    let mut fold = Fold::new(query);
    if span.subjects.as_ref().is_some_and(Vec::is_empty) {
        return Ok(fold);
    }
    let ahead = generation
        .filter(|_| query.takes_minutes())
        .zip(span.minutes());
    let Some((generation, full)) = ahead else {
        fold_events(connection, project, span, query, &mut fold).await?;
        return Ok(fold);
    };
    if full.from != span.from {
        let edge = Span {
            to: full.from,
            ..span.clone()
        };
        fold_events(connection, project, &edge, query, &mut fold).await?;
    }
    let shape = query.shape(meter);
    rollup::fold(
        connection, project, meter, generation, &full, &shape, &mut fold,
    )
    .await?;
    if full.to != span.to {
        let edge = Span {
            from: full.to,
            ..span.clone()
        };
        fold_events(connection, project, &edge, query, &mut fold).await?;
    }
    Ok(fold)
}

/// Folds the events of a span. Rows are read one by one; memory holds the fold and one row.
async fn fold_events(
    connection: &DatabaseConnection,
    project: ProjectId,
    span: &Span,
    query: &Query,
    fold: &mut Fold<'_>,
) -> Result<(), MeteringError> {
    let mut parameters = Parameters::default();
    let conditions = span.conditions(connection, project, &mut parameters);
    let backend = connection.get_database_backend();
    if !query.reads_data() && query.takes_minutes() {
        // Full minutes are enough, because every window consists of such.
        let statement = Statement::from_sql_and_values(
            backend,
            format!(
                "SELECT subject, MIN(time), MAX(time), COUNT(*) FROM usage_event WHERE {conditions} \
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
            fold.add_counted(
                first / MICROS,
                last / MICROS,
                &subject,
                events.unsigned_abs(),
            )?;
        }
        return Ok(());
    }
    let statement = Statement::from_sql_and_values(
        backend,
        format!("SELECT seq, subject, time, data FROM usage_event WHERE {conditions}"),
        parameters.0,
    );
    let mut rows = connection.stream_raw(statement).await?;
    while let Some(row) = rows.try_next().await? {
        let seq: i64 = row.try_get_by_index(0)?;
        let subject: String = row.try_get_by_index(1)?;
        let time: i64 = row.try_get_by_index(2)?;
        let text: Option<String> = row.try_get_by_index(3)?;
        let data = parse(text.as_deref())?;
        fold.add(Seen {
            moment: (time / MICROS, seq),
            subject: &subject,
            data: data.as_ref(),
        })?;
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
    let mut conditions = vec![
        format!("project_id = ${}", parameters.push(project.to_string())),
        format!("seq > ${}", parameters.push(after)),
    ];
    if let Some(until) = export.until_seq {
        conditions.push(format!("seq <= ${}", parameters.push(until)));
    }
    if !export.event_type.is_empty() {
        conditions.push(format!(
            "event_type = ${}",
            parameters.push(export.event_type.as_str())
        ));
    }
    if let Some(from) = export.from {
        conditions.push(format!("time >= ${}", parameters.push(micros(from))));
    }
    if let Some(to) = export.to {
        conditions.push(format!("time < ${}", parameters.push(micros(to))));
    }
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        format!(
            "SELECT {SELECTED} FROM usage_event WHERE {} ORDER BY seq LIMIT {limit}",
            conditions.join(" AND ")
        ),
        parameters.0,
    );
    let rows = connection.query_all_raw(statement).await?;
    rows.iter().map(read).collect()
}

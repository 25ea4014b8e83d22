//! The tables of metering. Everything is scoped by project; text columns that are compared or sorted
//! have byte order on both databases, so that SQL and the domain agree.

pub mod correction;
pub mod delta;
pub mod entity;
pub mod erasure;
pub mod event;
pub mod hold;
pub mod merge;
pub mod meter;
pub mod migration;
pub mod portal_token;
pub mod progress;
pub mod recount;
pub mod rollup;
pub mod scan;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, TransactionTrait as _, Value,
};

/// A transaction whose statements all see the database as of one moment.
pub async fn snapshot(reader: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    if backend(reader) == DatabaseBackend::Postgres {
        let (level, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        return reader.begin_with_config(Some(level), Some(mode)).await;
    }
    // SQLite knows no other kind.
    reader.begin().await
}

/// The kind of database; a transaction has two ways to say so.
fn backend(connection: &impl ConnectionTrait) -> DatabaseBackend {
    connection.get_database_backend()
}

/// A condition `column IN (the values bound to parameter n)`: one statement, and one parameter, for any
/// number of values.
fn among(backend: DatabaseBackend, column: &str, parameter: usize) -> String {
    if backend == DatabaseBackend::Postgres {
        format!("{column} = ANY(${parameter})")
    } else {
        format!("{column} IN (SELECT value FROM json_each(${parameter}))")
    }
}

/// The parameter of [`among`] for texts.
fn texts(backend: DatabaseBackend, texts: &[String]) -> Value {
    if backend == DatabaseBackend::Postgres {
        texts.to_vec().into()
    } else {
        serde_json::Value::from(texts.to_vec()).to_string().into()
    }
}

/// The parameter of [`among`] for whole numbers.
fn numbers(backend: DatabaseBackend, numbers: &[i64]) -> Value {
    if backend == DatabaseBackend::Postgres {
        numbers.to_vec().into()
    } else {
        serde_json::Value::from(numbers).to_string().into()
    }
}

/// The values of one column of [`rows`].
#[derive(Debug)]
enum Column {
    Texts(Vec<String>),
    Numbers(Vec<i64>),
}

impl Column {
    fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Texts(texts.into_iter().map(Into::into).collect())
    }

    fn numbers(numbers: impl IntoIterator<Item = i64>) -> Self {
        Self::Numbers(numbers.into_iter().collect())
    }
}

/// Bound values as the rows of a table of that name, for a clause FROM: one statement for any number of rows. All columns
/// are of one length.
fn rows<const N: usize>(
    backend: DatabaseBackend,
    table: &str,
    columns: [(&str, Column); N],
    parameters: &mut Parameters,
) -> String {
    if backend == DatabaseBackend::Postgres {
        let names = columns.each_ref().map(|(name, _)| *name).join(", ");
        let arrays = columns.map(|(_, column)| match column {
            Column::Texts(texts) => format!("${}::text[]", parameters.push(texts)),
            Column::Numbers(numbers) => format!("${}::bigint[]", parameters.push(numbers)),
        });
        return format!("UNNEST({}) AS {table}({names})", arrays.join(", "));
    }
    let selected: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, (name, _))| format!("value ->> {place} AS {name}"))
        .collect();
    let mut rows: Vec<Vec<serde_json::Value>> = Vec::new();
    for (_, column) in columns {
        let values: Vec<serde_json::Value> = match column {
            Column::Texts(texts) => texts.into_iter().map(Into::into).collect(),
            Column::Numbers(numbers) => numbers.into_iter().map(Into::into).collect(),
        };
        rows.resize(rows.len().max(values.len()), Vec::with_capacity(N));
        for (row, value) in rows.iter_mut().zip(values) {
            row.push(value);
        }
    }
    format!(
        "(SELECT {} FROM json_each(${})) AS {table}",
        selected.join(", "),
        parameters.push(serde_json::json!(rows).to_string())
    )
}

/// `VALUES` of some rows with parameters in their order and without numbers: SQLite looks a numbered parameter up
/// among all others, which makes a long statement cost the square of its length.
fn unnumbered(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; rows].join(", ")
}

/// Numbered parameters of one statement.
#[derive(Debug, Default)]
struct Parameters(Vec<Value>);

impl Parameters {
    /// Adds a value and answers its number.
    fn push(&mut self, value: impl Into<Value>) -> usize {
        self.0.push(value.into());
        self.0.len()
    }
}

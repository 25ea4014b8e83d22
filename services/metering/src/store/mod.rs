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

/// Ranges of numbers, by their first and first after, as rows `part` of the columns `start_time` and `end_time` that stand
/// before another table in a clause FROM.
fn ranges(
    backend: DatabaseBackend,
    (starts, ends): (Vec<i64>, Vec<i64>),
    parameters: &mut Parameters,
) -> String {
    if backend == DatabaseBackend::Postgres {
        let (starts, ends) = (parameters.push(starts), parameters.push(ends));
        return format!(
            "UNNEST(${starts}::bigint[], ${ends}::bigint[]) AS part(start_time, end_time) CROSS JOIN "
        );
    }
    let both: Vec<(i64, i64)> = starts.into_iter().zip(ends).collect();
    let both = parameters.push(serde_json::json!(both).to_string());
    format!(
        "(SELECT value ->> 0 AS start_time, value ->> 1 AS end_time FROM json_each(${both})) AS part CROSS JOIN "
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

//! The tables of metering. Everything is scoped by project; text columns that are compared or sorted
//! have byte order on both databases, so that SQL and the domain agree.

pub mod correction;
pub mod entity;
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

use sea_orm::{DatabaseBackend, Value};

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

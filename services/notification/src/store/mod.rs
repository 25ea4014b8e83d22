//! What the service keeps. Every function takes the project first, but those of the loops that serve all projects.

pub mod boundary;
pub mod channel;
pub mod delivery;
pub mod entity;
pub mod evaluation;
pub mod event;
pub mod health;
pub mod invoice;
pub mod migration;
pub mod queue;
pub mod retention;
pub mod rule;

use chassis::db::instant;
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, QueryResult, Statement, Value,
};

/// Runs a statement of our own; answers how many rows it changed.
async fn execute(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}

/// Runs a question of our own.
async fn query(
    db: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_all_raw(statement).await
}

/// Stores new rows, so many with one statement.
async fn insert_all<A: ActiveModelTrait>(
    db: &impl ConnectionTrait,
    mut rows: Vec<A>,
    at_once: usize,
) -> Result<(), DbErr> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(at_once));
        A::Entity::insert_many(rows)
            .exec_without_returning(db)
            .await?;
        rows = rest;
    }
    Ok(())
}

/// `$from, …` for a list of values that are bound from that place on.
fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count)
        .map(|place| format!("${place}"))
        .collect();
    places.join(", ")
}

/// Projects, each with its earliest instant.
fn earliest(rows: &[QueryResult], column: &str) -> Result<Vec<(ProjectId, Timestamp)>, DbErr> {
    rows.iter()
        .map(|row| {
            let project: String = row.try_get("", "project_id")?;
            let at: i64 = row.try_get("", column)?;
            Ok((project.parse().map_err(unreadable)?, instant(at)))
        })
        .collect()
}

/// A stored value that cannot be read.
fn unreadable(cause: impl std::fmt::Display) -> DbErr {
    DbErr::Custom(format!("a stored value cannot be read: {cause}"))
}

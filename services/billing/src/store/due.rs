//! What timers look for, by indices of its own: neither how many projects there are nor how
//! much they hold makes a look longer, only what is due.

use kernel::{Timestamp, id::ProjectId};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::id;
use crate::error::BillingError;

/// Rows with a due time, as the partial index of them says; the condition has no parameters,
/// else no database would take the index.
pub(super) struct Source {
    /// The table.
    pub table: &'static str,
    /// The column with the due time.
    pub column: &'static str,
    /// Which rows.
    pub condition: &'static str,
}

/// Per project the earliest due time: one step into the index per project.
pub(super) async fn earliest(
    db: &impl ConnectionTrait,
    source: &Source,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    let Source {
        table,
        column,
        condition,
    } = source;
    let statement = format!(
        "WITH RECURSIVE project (id) AS ( \
           SELECT min(project_id) FROM {table} WHERE {condition} \
           UNION ALL \
           SELECT (SELECT min(project_id) FROM {table} WHERE {condition} AND project_id > project.id) \
           FROM project WHERE project.id IS NOT NULL) \
         SELECT project.id AS project_id, \
           (SELECT min({column}) FROM {table} WHERE {condition} AND project_id = project.id) AS earliest \
         FROM project WHERE project.id IS NOT NULL"
    );
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), statement))
        .await?;
    rows.iter()
        .map(|row| {
            let project: String = row.try_get("", "project_id")?;
            let earliest: i64 = row.try_get("", "earliest")?;
            Ok((id("project_id", &project)?, chassis::db::instant(earliest)))
        })
        .collect()
}

/// Rows of a project that are due, the longest due first.
pub(super) async fn due(
    db: &impl ConnectionTrait,
    source: &Source,
    columns: &str,
    (project, now, limit): (ProjectId, Timestamp, u64),
) -> Result<Vec<sea_orm::QueryResult>, BillingError> {
    let Source {
        table,
        column,
        condition,
    } = source;
    let statement = format!(
        "SELECT {columns} FROM {table} WHERE {condition} AND project_id = $1 AND {column} <= $2 \
         ORDER BY {column}, id LIMIT {limit}"
    );
    let values: [Value; 2] = [project.to_string().into(), chassis::db::micros(now).into()];
    Ok(db
        .query_all_raw(Statement::from_sql_and_values(
            db.get_database_backend(),
            statement,
            values,
        ))
        .await?)
}

//! Portal tokens that were handed out and not invalidated.

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::entity::portal_token::{self as row, Column, Entity};
use crate::error::MeteringError;

/// What a portal token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalToken {
    /// Its id, a ULID.
    pub id: String,
    /// Whose usage.
    pub subject: String,
    /// Which meters; empty for all.
    pub meter_slugs: Vec<String>,
    /// Until when, in system time.
    pub expire_time: Timestamp,
    /// Since when, in system time.
    pub create_time: Timestamp,
}

fn corrupt() -> MeteringError {
    MeteringError::Corrupt {
        what: "portal token",
    }
}

fn of_project(project: ProjectId) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::ProjectId.eq(project.to_string()))
}

/// Stores a new token.
pub async fn insert(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    token: &PortalToken,
) -> Result<(), MeteringError> {
    let row = row::Model {
        project_id: project.to_string(),
        id: token.id.clone(),
        subject: token.subject.clone(),
        meter_slugs: serde_json::to_string(&token.meter_slugs).map_err(|_| corrupt())?,
        expire_time: micros(token.expire_time),
        create_time: micros(token.create_time),
    };
    Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The token with an id, if it was not invalidated.
pub async fn by_id(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: &str,
) -> Result<Option<PortalToken>, MeteringError> {
    of_project(project)
        .filter(Column::Id.eq(id))
        .one(connection)
        .await?
        .map(from_row)
        .transpose()
}

/// Tokens behind an id, newest first.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    subject: &str,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<PortalToken>, MeteringError> {
    let mut query = of_project(project).order_by_desc(Column::Id).limit(limit);
    if !subject.is_empty() {
        query = query.filter(Column::Subject.eq(subject));
    }
    if let Some(after) = after {
        query = query.filter(Column::Id.lt(after));
    }
    query
        .all(connection)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

/// Invalidates a token by its id, or all of a subject; answers how many there were.
pub async fn delete(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    id: &str,
    subject: &str,
) -> Result<u64, MeteringError> {
    let mut delete = Entity::delete_many().filter(Column::ProjectId.eq(project.to_string()));
    if !id.is_empty() {
        delete = delete.filter(Column::Id.eq(id));
    }
    if !subject.is_empty() {
        delete = delete.filter(Column::Subject.eq(subject));
    }
    Ok(delete.exec(tx).await?.rows_affected)
}

fn from_row(row: row::Model) -> Result<PortalToken, MeteringError> {
    Ok(PortalToken {
        id: row.id,
        subject: row.subject,
        meter_slugs: serde_json::from_str(&row.meter_slugs).map_err(|_| corrupt())?,
        expire_time: instant(row.expire_time),
        create_time: instant(row.create_time),
    })
}

//! Holds on meters that may have to be released: of features that are being made and may yet fail,
//! and of archived ones. Whoever deletes the row has the say.

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{FeatureId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entity::meter_release as row;
use crate::error::CatalogError;

/// A hold of a feature on its meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The feature, which may never have come to be.
    pub feature: String,
    /// Its meter.
    pub meter: String,
}

/// Notes that a hold is to be looked at, not before `due`.
pub async fn note(
    db: &impl ConnectionTrait,
    project: ProjectId,
    feature: FeatureId,
    meter: &str,
    due: Timestamp,
) -> Result<(), CatalogError> {
    row::Entity::insert(row::ActiveModel {
        project_id: Set(project.to_string()),
        feature_id: Set(feature.to_string()),
        meter_id: Set(meter.to_owned()),
        due_time: Set(micros(due)),
    })
    .exec_without_returning(db)
    .await?;
    Ok(())
}

/// Takes a note back; false when somebody else has taken it.
pub async fn take(
    db: &impl ConnectionTrait,
    project: ProjectId,
    feature: &str,
) -> Result<bool, CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::FeatureId.eq(feature))
        .exec(db)
        .await?;
    Ok(done.rows_affected > 0)
}

/// The earliest note of each project.
pub async fn due(db: &impl ConnectionTrait) -> Result<Vec<(ProjectId, Timestamp)>, CatalogError> {
    let rows: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::ProjectId)
        .column_as(row::Column::DueTime.min(), "due_time")
        .group_by(row::Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(project, due)| Some((project.parse().ok()?, instant(due))))
        .collect())
}

/// The notes of a project that are due, earliest first, at most this many.
pub async fn all_due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Release>, CatalogError> {
    let rows = row::Entity::find()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::DueTime.lte(micros(now)))
        .order_by_asc(row::Column::DueTime)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Release {
            feature: row.feature_id,
            meter: row.meter_id,
        })
        .collect())
}

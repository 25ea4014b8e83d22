//! Test clocks: a row for each project that does not follow system time.

use chassis::db::{instant, micros};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{entity, id};
use crate::error::CustomerError;
use entity::test_clock::{ActiveModel, Column, Entity};

/// Where the test clock of a project stands, if it has one.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<Timestamp>, CustomerError> {
    let row = Entity::find_by_id(project.to_string()).one(db).await?;
    Ok(row.map(|row| instant(row.time)))
}

/// Like `find`, and locks the clock until the end of the transaction.
pub async fn find_for_update(
    tx: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<Timestamp>, CustomerError> {
    let row = Entity::find_by_id(project.to_string())
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map(|row| instant(row.time)))
}

/// All test clocks, by project.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<(ProjectId, Timestamp)>, CustomerError> {
    Entity::find()
        .order_by_asc(Column::ProjectId)
        .all(db)
        .await?
        .into_iter()
        .map(|row| Ok((id("project id", &row.project_id)?, instant(row.time))))
        .collect()
}

/// Puts a project on a test clock, or moves the one it has. Answers the revision.
pub async fn set(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    time: Timestamp,
) -> Result<i64, CustomerError> {
    // A clock that was reset has no row to count from, so the revision is system time.
    let revision = micros(chassis::clock::system_now());
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        time: Set(micros(time)),
        revision: Set(revision),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::column(Column::ProjectId)
                .update_columns([Column::Time, Column::Revision])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(revision)
}

/// Takes the test clock away.
pub async fn reset(tx: &impl ConnectionTrait, project: ProjectId) -> Result<(), CustomerError> {
    Entity::delete_by_id(project.to_string()).exec(tx).await?;
    Ok(())
}

//! Calls counted against documented limits.

use kernel::id::{KeyId, ProjectId};
use sea_orm::{ActiveValue::Set, Condition, QuerySelect, entity::prelude::*};

use super::entity::rate_charge::{ActiveModel, Column, Entity};
use crate::{domain::rate_limit::Charge, error::CustomerError};

/// Counts one more call of a key; answers how much is used with it.
pub async fn charge(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    key: KeyId,
    charge: &Charge,
    now: i64,
) -> Result<u32, CustomerError> {
    let own = || {
        Condition::all()
            .add(Column::ProjectId.eq(project.to_string()))
            .add(Column::KeyId.eq(key.to_string()))
            .add(Column::Bucket.eq(charge.bucket.as_str()))
    };
    // What counts no more goes; so does what lies ahead since a test clock was set back.
    let from = charge.counts_from(now);
    let stale = Condition::any()
        .add(Column::Time.lt(from))
        .add(Column::Time.gt(now));
    Entity::delete_many()
        .filter(own())
        .filter(stale)
        .exec(tx)
        .await?;
    let counting: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Time)
        .filter(own())
        .into_tuple()
        .all(tx)
        .await?;
    let used = charge.admit(counting, now)?;
    let id: ulid::Ulid = chassis::id::next();
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        key_id: Set(key.to_string()),
        bucket: Set(charge.bucket.clone()),
        time: Set(now),
        id: Set(id.to_string()),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(used)
}

//! Holds on meters.

use chassis::db::{instant, micros};
use kernel::id::{MeterId, ProjectId};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, sea_query::OnConflict,
};

use super::entity::meter_hold::{self as row, Column, Entity};
use crate::{
    domain::meter::{Hold, HoldReason},
    error::MeteringError,
};

/// Rows of one statement.
const CHUNK: usize = 500;

fn corrupt() -> MeteringError {
    MeteringError::Corrupt { what: "hold" }
}

/// Stores holds, each of another name, or replaces the holders' earlier ones.
pub async fn place(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    holds: &[(MeterId, &Hold)],
) -> Result<(), MeteringError> {
    for holds in holds.chunks(CHUNK) {
        let rows = holds.iter().map(|(meter, hold)| {
            Ok(row::Model {
                project_id: project.to_string(),
                meter_id: meter.to_string(),
                reason: hold.reason.word().to_owned(),
                holder_id: hold.holder.clone(),
                group_by_keys: serde_json::to_string(&hold.group_by_keys).map_err(|_| corrupt())?,
                display_text: hold.display_text.clone(),
                create_time: micros(hold.create_time),
            }
            .into_active_model())
        });
        let rows: Vec<row::ActiveModel> = rows.collect::<Result<_, MeteringError>>()?;
        Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([
                    Column::ProjectId,
                    Column::MeterId,
                    Column::Reason,
                    Column::HolderId,
                ])
                .update_columns([Column::GroupByKeys, Column::DisplayText])
                .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Takes a hold away, if there is one.
pub async fn release(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    meter: MeterId,
    reason: HoldReason,
    holder: &str,
) -> Result<(), MeteringError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::MeterId.eq(meter.to_string()))
        .filter(Column::Reason.eq(reason.word()))
        .filter(Column::HolderId.eq(holder))
        .exec(tx)
        .await?;
    Ok(())
}

/// All holds of a meter, oldest first.
pub async fn of_meter(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    meter: MeterId,
) -> Result<Vec<Hold>, MeteringError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::MeterId.eq(meter.to_string()))
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::HolderId)
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Hold {
                reason: HoldReason::from_word(&row.reason).ok_or_else(corrupt)?,
                holder: row.holder_id,
                group_by_keys: serde_json::from_str(&row.group_by_keys).map_err(|_| corrupt())?,
                display_text: row.display_text,
                create_time: instant(row.create_time),
            })
        })
        .collect()
}

//! Checkpoints of balances: states after resets that lie so far back that no late event changes them.

use std::collections::HashMap;

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{EntitlementId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use super::{entity::balance_checkpoint as row, id_from_text};
use crate::{domain::burn_down::Checkpoint, error::EntitlementError};

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;

/// The last checkpoint at or before an instant, per entitlement.
pub async fn latest(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlements: &[EntitlementId],
    until: Timestamp,
) -> Result<HashMap<EntitlementId, Checkpoint>, EntitlementError> {
    let mut found = HashMap::new();
    for chunk in entitlements.chunks(IN_CHUNK) {
        let ids = chunk.iter().map(ToString::to_string);
        let rows = row::Entity::find()
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::EntitlementId.is_in(ids))
            .filter(row::Column::ResetTime.lte(micros(until)))
            .order_by_asc(row::Column::ResetTime)
            .all(connection)
            .await?;
        for row in rows {
            let checkpoint: Checkpoint = serde_json::from_str(&row.state)
                .map_err(|_| EntitlementError::Corrupt { what: "checkpoint" })?;
            found.insert(
                id_from_text(&row.entitlement_id)?,
                Checkpoint {
                    at: instant(row.reset_time),
                    ..checkpoint
                },
            );
        }
    }
    Ok(found)
}

/// Keeps a checkpoint instead of all earlier ones.
pub async fn put(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    checkpoint: &Checkpoint,
) -> Result<(), EntitlementError> {
    let state = serde_json::to_string(checkpoint)
        .map_err(|_| EntitlementError::Corrupt { what: "checkpoint" })?;
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        entitlement_id: Set(entitlement.to_string()),
        reset_time: Set(micros(checkpoint.at)),
        state: Set(state),
    };
    row::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([
                row::Column::ProjectId,
                row::Column::EntitlementId,
                row::Column::ResetTime,
            ])
            .update_column(row::Column::State)
            .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Forgets the checkpoints from an instant on, because something was changed there.
pub async fn forget_from(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    entitlement: EntitlementId,
    from: Timestamp,
) -> Result<(), EntitlementError> {
    row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::EntitlementId.eq(entitlement.to_string()))
        .filter(row::Column::ResetTime.gte(micros(from)))
        .exec(connection)
        .await?;
    Ok(())
}

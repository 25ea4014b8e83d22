//! Store subscriptions as rows among those of all origins. Their terms lead to them.

use chassis::db::micros;
use jiff::Timestamp;
use kernel::id::{ProjectId, SubscriptionId};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::entity::subscription::{ActiveModel, Column, Entity};
use super::{name, reported, subscription, term};
use crate::domain::store_transaction::line::StoreLine;
use crate::error::SubscriptionError;

/// The kind of a row that is a store subscription.
pub const STORE: &str = "store";

/// The one that the terms of a line belong to, or belonged to.
pub async fn of_line(
    tx: &DatabaseTransaction,
    project: ProjectId,
    line: &str,
) -> Result<Option<StoreLine>, SubscriptionError> {
    let sources = term::sources(tx, project, line).await?;
    if sources.is_empty() {
        return Ok(None);
    }
    let row = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.is_in(sources.iter().map(String::as_str)))
        .filter(Column::Kind.eq(STORE))
        .one(tx)
        .await?;
    let stored = row.as_ref().map(reported::from_row).transpose()?.flatten();
    Ok(match stored {
        Some(reported::Stored::Store(line)) => Some(*line),
        Some(reported::Stored::Plan(_) | reported::Stored::Reported(_)) | None => None,
    })
}

/// Stores one of which nothing was stored before, numbers and names it: by its store's name, where that is free.
pub async fn insert(
    tx: &DatabaseTransaction,
    project: ProjectId,
    line: &mut StoreLine,
    now: Timestamp,
) -> Result<(), SubscriptionError> {
    (line.sequence, line.short_id) = name::number(tx, project, line.id).await?;
    let is_id = line.key.parse::<SubscriptionId>().is_ok();
    if is_id || !name::take(tx, project, &line.key, line.id, None).await? {
        line.key = String::new();
    }
    Entity::insert(to_row(project, line, now)?)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Stores the next revision. Whoever writes one holds the lock of its line.
pub async fn update(
    tx: &DatabaseTransaction,
    project: ProjectId,
    line: &StoreLine,
    now: Timestamp,
) -> Result<(), SubscriptionError> {
    Entity::update_many()
        .set(to_row(project, line, now)?)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(line.id.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes one of which nothing is left, with its names.
pub async fn delete(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<(), SubscriptionError> {
    name::release(tx, project, id).await?;
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

fn to_row(
    project: ProjectId,
    line: &StoreLine,
    now: Timestamp,
) -> Result<ActiveModel, SubscriptionError> {
    let span = line.span(now)?;
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(line.id.to_string()),
        customer_id: Set(line.customer_id.to_string()),
        plan_key: Set(None),
        active_from: Set(micros(span.start)),
        active_to: Set(span.end.map_or(subscription::OPEN, micros)),
        revision: Set(line.revision),
        delete_time: Set(None),
        document: Set(serde_json::to_string(line).map_err(SubscriptionError::Corrupt)?),
        kind: Set(STORE.to_owned()),
        sequence: Set(line.sequence),
        short_id: Set(line.short_id.clone()),
        renews: Set(span.renews),
    })
}

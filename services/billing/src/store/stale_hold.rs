//! Customers whose hold has to be brought up to date, because the customer service could
//! not be told.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{entity, id};
use crate::error::BillingError;
use entity::stale_hold::{ActiveModel, Column, Entity};

/// Most customers that a timer looks at in one go.
const BATCH: u64 = 50;

/// Notes a customer, to be looked at from then on.
pub async fn note(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    due: Timestamp,
) -> Result<(), BillingError> {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        due_time: Set(micros(due)),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::CustomerId])
                .update_column(Column::DueTime)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets a customer.
pub async fn clear(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), BillingError> {
    Entity::delete_by_id((project.to_string(), customer.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Noted customers that are due.
pub async fn due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<CustomerId>, BillingError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DueTime.lte(micros(now)))
        .order_by_asc(Column::DueTime)
        .limit(BATCH)
        .all(db)
        .await?;
    rows.iter()
        .map(|row| id("stale_hold.customer_id", &row.customer_id))
        .collect()
}

/// Per project the earliest instant at which a timer has to look.
pub async fn next_due(
    db: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    let rows: Vec<(String, Option<i64>)> = Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .column_as(Column::DueTime.min(), "earliest")
        .group_by(Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .filter_map(|(project, earliest)| earliest.map(|earliest| (project, earliest)))
        .map(|(project, earliest)| Ok((id("stale_hold.project_id", &project)?, instant(earliest))))
        .collect()
}

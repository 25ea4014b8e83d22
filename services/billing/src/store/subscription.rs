//! Copies of subscriptions.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, SubscriptionId},
};
use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{entity, from_json, id, to_json};
use crate::{domain::subscription::Subscription, error::BillingError};
use entity::subscription::{ActiveModel, Column, Entity};

/// Most subscriptions handled in one go.
const BATCH: u64 = 100;
/// Most subscriptions of one customer.
const OF_CUSTOMER_MAX: u64 = 1_000;

/// The copy of a subscription.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
) -> Result<Option<Subscription>, BillingError> {
    let row = Entity::find_by_id((project.to_string(), subscription.to_string()))
        .one(db)
        .await?;
    row.map(|row| from_json(&row.body)).transpose()
}

/// All copies of a customer's subscriptions.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<SubscriptionId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .order_by_asc(Column::Id)
        .limit(OF_CUSTOMER_MAX)
        .into_tuple()
        .all(db)
        .await?;
    ids.iter().map(|text| id("subscription.id", text)).collect()
}

/// Stores the copy with the instant of its next sync.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: &Subscription,
    next_sync: Option<Timestamp>,
) -> Result<(), BillingError> {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(subscription.id.to_string()),
        customer_id: Set(subscription.customer.to_string()),
        revision: Set(subscription.revision),
        priced: Set(subscription.is_priced() && !subscription.deleted),
        end_time: Set(subscription.active_to.map(micros)),
        next_sync_time: Set(next_sync.map(micros)),
        body: Set(to_json(subscription)?),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::Id])
                .update_columns([
                    Column::CustomerId,
                    Column::Revision,
                    Column::Priced,
                    Column::EndTime,
                    Column::NextSyncTime,
                    Column::Body,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Moves the next sync of a subscription.
pub async fn postpone(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
    until: Timestamp,
) -> Result<(), BillingError> {
    Entity::update_many()
        .col_expr(Column::NextSyncTime, Expr::value(micros(until)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(subscription.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Subscriptions whose lines have to be looked at by `now`, and since when; the longest due
/// first.
pub async fn due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<(SubscriptionId, Timestamp)>, BillingError> {
    let rows: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::NextSyncTime)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::NextSyncTime.lte(micros(now)))
        .order_by_asc(Column::NextSyncTime)
        .limit(BATCH)
        .into_tuple()
        .all(db)
        .await?;
    rows.iter()
        .map(|(text, since)| Ok((id("subscription.id", text)?, instant(*since))))
        .collect()
}

/// Per project the earliest instant at which a subscription has to be looked at.
pub async fn next_due(
    db: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    let rows: Vec<(String, Option<i64>)> = Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .column_as(Column::NextSyncTime.min(), "earliest")
        .filter(Column::NextSyncTime.is_not_null())
        .group_by(Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .filter_map(|(project, earliest)| earliest.map(|earliest| (project, earliest)))
        .map(|(project, earliest)| {
            Ok((id("subscription.project_id", &project)?, instant(earliest)))
        })
        .collect()
}

/// Customers with a priced subscription that has not ended by `now`.
pub async fn priced_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<CustomerId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .distinct()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Priced.eq(true))
        .filter(
            Condition::any()
                .add(Column::EndTime.is_null())
                .add(Column::EndTime.gt(micros(now))),
        )
        .into_tuple()
        .all(db)
        .await?;
    ids.iter()
        .map(|text| id("subscription.customer_id", text))
        .collect()
}

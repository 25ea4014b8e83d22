//! What apps know about customers, and which events of providers were taken.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{AppId, CustomerId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, Select, entity::prelude::*, sea_query::OnConflict,
};

use super::{entity, from_json, id, to_json};
use crate::{
    domain::{app::Kind, stripe::StripeCustomer},
    error::BillingError,
};
use entity::{
    customer_app::{ActiveModel, Column, Entity, Model},
    provider_event,
};

/// What an app knows about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerApp {
    /// The customer.
    pub customer: CustomerId,
    /// The app.
    pub app: AppId,
    /// Which system the app joins.
    pub kind: Kind,
    /// The customer at Stripe.
    pub stripe: Option<StripeCustomer>,
    /// Free pairs.
    pub metadata: BTreeMap<String, String>,
    /// When it was first stored.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
}

/// What an app knows about a customer, if it does.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    app: AppId,
) -> Result<Option<CustomerApp>, BillingError> {
    Entity::find_by_id((project.to_string(), customer.to_string(), app.to_string()))
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// What apps know about a customer, by app.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    kind: Option<Kind>,
    offset: u64,
    limit: u64,
) -> Result<Vec<CustomerApp>, BillingError> {
    let rows = filtered(project, customer, kind)
        .order_by_asc(Column::AppId)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// How many apps know a customer.
pub async fn count(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    kind: Option<Kind>,
) -> Result<u64, BillingError> {
    Ok(filtered(project, customer, kind).count(db).await?)
}

fn filtered(project: ProjectId, customer: CustomerId, kind: Option<Kind>) -> Select<Entity> {
    let all = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()));
    match kind {
        Some(kind) => all.filter(Column::Kind.eq(kind.word())),
        None => all,
    }
}

/// Stores what an app knows, new or changed.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    value: &CustomerApp,
) -> Result<(), BillingError> {
    let stripe = value.stripe.as_ref();
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(value.customer.to_string()),
        app_id: Set(value.app.to_string()),
        kind: Set(value.kind.word().to_owned()),
        stripe_customer_id: Set(stripe.map(|stripe| stripe.id.clone())),
        payment_method_id: Set(stripe.and_then(|stripe| stripe.payment_method.clone())),
        metadata: Set(to_json(&value.metadata)?),
        create_time: Set(micros(value.create_time)),
        update_time: Set(micros(value.update_time)),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::CustomerId, Column::AppId])
                .update_columns([
                    Column::StripeCustomerId,
                    Column::PaymentMethodId,
                    Column::Metadata,
                    Column::UpdateTime,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets what an app knows about a customer; answers whether it knew anything.
pub async fn remove(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    app: AppId,
) -> Result<bool, BillingError> {
    let gone = Entity::delete_by_id((project.to_string(), customer.to_string(), app.to_string()))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected > 0)
}

/// Forgets what an app knows, and the events that it got.
pub async fn remove_of_app(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
) -> Result<(), BillingError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::AppId.eq(app.to_string()))
        .exec(tx)
        .await?;
    provider_event::Entity::delete_many()
        .filter(provider_event::Column::ProjectId.eq(project.to_string()))
        .filter(provider_event::Column::AppId.eq(app.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes an event; answers whether it is new.
pub async fn take_event(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
    event: &str,
    now: Timestamp,
) -> Result<bool, BillingError> {
    let row = provider_event::ActiveModel {
        project_id: Set(project.to_string()),
        app_id: Set(app.to_string()),
        event_id: Set(event.to_owned()),
        create_time: Set(micros(now)),
    };
    let added = provider_event::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([
                provider_event::Column::ProjectId,
                provider_event::Column::AppId,
                provider_event::Column::EventId,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(tx)
        .await;
    match added {
        Ok(rows) => Ok(rows > 0),
        Err(DbErr::RecordNotInserted) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether an event was taken before.
pub async fn is_taken(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
    event: &str,
) -> Result<bool, BillingError> {
    Ok(
        provider_event::Entity::find_by_id((
            project.to_string(),
            app.to_string(),
            event.to_owned(),
        ))
        .one(db)
        .await?
        .is_some(),
    )
}

fn from_row(row: Model) -> Result<CustomerApp, BillingError> {
    Ok(CustomerApp {
        customer: id("customer_app.customer_id", &row.customer_id)?,
        app: id("customer_app.app_id", &row.app_id)?,
        kind: Kind::from_word(&row.kind).ok_or(BillingError::CorruptColumn("customer_app.kind"))?,
        stripe: row.stripe_customer_id.map(|id| StripeCustomer {
            id,
            payment_method: row.payment_method_id,
        }),
        metadata: from_json(&row.metadata)?,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
    })
}

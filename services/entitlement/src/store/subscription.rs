//! What is known of subscriptions: up to where they were applied, and what they have reserved.

use chassis::db::micros;
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, SubscriptionId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict,
};

use super::{
    entity::{subscription_applied as applied, subscription_reservation as reservation},
    id_from_text,
};
use crate::{domain::occupancy::Occupant, error::EntitlementError};

/// What a subscription that is about to be committed will take.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// Its customer.
    pub customer: CustomerId,
    /// The revision that is about to be committed.
    pub revision: i64,
    /// What it will take.
    pub occupants: Vec<Occupant>,
    /// System time from which it no longer counts.
    pub expires: Timestamp,
}

/// The revision that was applied; none when the subscription is unknown.
pub async fn applied_revision(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
) -> Result<Option<i64>, EntitlementError> {
    let found = applied::Entity::find_by_id((project.to_string(), subscription.to_string()))
        .one(connection)
        .await?;
    Ok(found.map(|row| row.revision))
}

/// Notes that a revision is applied; reservations up to it are settled by that.
pub async fn put_applied(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
    customer: CustomerId,
    revision: i64,
) -> Result<(), EntitlementError> {
    let model = applied::ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(subscription.to_string()),
        customer_id: Set(customer.to_string()),
        revision: Set(revision),
    };
    applied::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([applied::Column::ProjectId, applied::Column::SubscriptionId])
                .update_column(applied::Column::Revision)
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::SubscriptionId.eq(subscription.to_string()))
        .filter(reservation::Column::Revision.lte(revision))
        .exec(connection)
        .await?;
    Ok(())
}

/// Keeps a reservation, in place of an earlier one of the subscription.
pub async fn put_reservation(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    wanted: &Reservation,
) -> Result<(), EntitlementError> {
    let occupants =
        serde_json::to_string(&wanted.occupants).map_err(|_| EntitlementError::Corrupt {
            what: "reservation",
        })?;
    let model = reservation::ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(wanted.subscription.to_string()),
        customer_id: Set(wanted.customer.to_string()),
        revision: Set(wanted.revision),
        occupants: Set(occupants),
        expire_time: Set(micros(wanted.expires)),
    };
    reservation::Entity::insert(model)
        .on_conflict(
            OnConflict::columns([
                reservation::Column::ProjectId,
                reservation::Column::SubscriptionId,
            ])
            .update_columns([
                reservation::Column::CustomerId,
                reservation::Column::Revision,
                reservation::Column::Occupants,
                reservation::Column::ExpireTime,
            ])
            .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// Reservations for a customer that still count at a system time. Those that do not are removed.
pub async fn reservations_of(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    system_now: Timestamp,
) -> Result<Vec<Reservation>, EntitlementError> {
    reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .filter(reservation::Column::ExpireTime.lte(micros(system_now)))
        .exec(connection)
        .await?;
    let rows = reservation::Entity::find()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Reservation {
                subscription: id_from_text(&row.subscription_id)?,
                customer,
                revision: row.revision,
                occupants: serde_json::from_str(&row.occupants).map_err(|_| {
                    EntitlementError::Corrupt {
                        what: "reservation",
                    }
                })?,
                expires: chassis::db::instant(row.expire_time),
            })
        })
        .collect()
}

//! What the subscription service reported about customers, and currencies it reserved.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    currency::Currency,
    id::{CustomerId, ProjectId},
    period::OpenPeriod,
};
use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, entity::prelude::*, sea_query::ExprTrait as _,
    sea_query::OnConflict,
};

use super::{CHUNK, currency, entity};
use crate::{domain::currency::Reservation, error::CustomerError};
use entity::{
    currency_reservation as reservation, customer_subscription as row,
    subscription_report as report,
};

/// One subscription of a report.
#[derive(Clone, Debug)]
pub struct Reported {
    /// Its id.
    pub id: String,
    /// Key of its plan; empty: on none.
    pub plan_key: String,
    /// When it is active.
    pub period: OpenPeriod,
    /// Its currency, when something is priced.
    pub currency: Option<Currency>,
}

/// The condition that a reported subscription is active at an instant.
pub fn active_at(now: Timestamp) -> Condition {
    Condition::all()
        .add(row::Column::StartTime.lte(micros(now)))
        .add(
            row::Column::EndTime
                .is_null()
                .or(row::Column::EndTime.gt(micros(now))),
        )
}

/// Ids of the subscriptions active at an instant, oldest start first, by customer id.
pub async fn active(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[String],
    now: Timestamp,
) -> Result<BTreeMap<String, Vec<String>>, CustomerError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chunk in customers.chunks(CHUNK) {
        let rows = row::Entity::find()
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::CustomerId.is_in(chunk))
            .filter(active_at(now))
            .order_by_asc(row::Column::StartTime)
            .order_by_asc(row::Column::SubscriptionId)
            .all(db)
            .await?;
        for row in rows {
            found
                .entry(row.customer_id)
                .or_default()
                .push(row.subscription_id);
        }
    }
    Ok(found)
}

/// Replaces what is known of a customer's subscriptions. Answers false, and changes nothing,
/// when a later report was stored already.
pub async fn replace(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    sequence: i64,
    ledger_update_time: Option<Timestamp>,
    subscriptions: &[Reported],
) -> Result<bool, CustomerError> {
    let stored = report::Entity::find_by_id((project.to_string(), customer.to_string()))
        .one(tx)
        .await?;
    let newest = stored.as_ref().map_or(0, |report| report.sequence);
    if sequence != 0 && sequence < newest {
        return Ok(false);
    }
    let before = stored.and_then(|report| report.ledger_update_time);
    let marker = report::ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        sequence: Set(Ord::max(sequence, newest)),
        ledger_update_time: Set(ledger_update_time.map(micros).or(before)),
    };
    report::Entity::insert(marker)
        .on_conflict(
            OnConflict::columns([report::Column::ProjectId, report::Column::CustomerId])
                .update_columns([report::Column::Sequence, report::Column::LedgerUpdateTime])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    for chunk in subscriptions.chunks(CHUNK) {
        let rows = chunk.iter().map(|reported| row::ActiveModel {
            project_id: Set(project.to_string()),
            customer_id: Set(customer.to_string()),
            subscription_id: Set(reported.id.clone()),
            plan_key: Set(reported.plan_key.clone()),
            currency: Set(reported.currency.map(|currency| currency.code().to_owned())),
            start_time: Set(micros(reported.period.start)),
            end_time: Set(reported.period.end.map(micros)),
        });
        row::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(true)
}

/// Currencies reserved for a customer, also those whose time has passed.
pub async fn reservations(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Reservation>, CustomerError> {
    reservation::Entity::find()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .all(db)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Reservation {
                subscription: row.subscription_id,
                revision: row.revision,
                currency: currency(&row.currency)?,
                expire_time: instant(row.expire_time),
            })
        })
        .collect()
}

/// Stores a reservation; an earlier one of the same subscription is replaced.
pub async fn reserve(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    new: &Reservation,
) -> Result<(), CustomerError> {
    let row = reservation::ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        subscription_id: Set(new.subscription.clone()),
        revision: Set(new.revision),
        currency: Set(new.currency.code().to_owned()),
        expire_time: Set(micros(new.expire_time)),
    };
    let key = [
        reservation::Column::ProjectId,
        reservation::Column::CustomerId,
        reservation::Column::SubscriptionId,
    ];
    let replaced = [
        reservation::Column::Revision,
        reservation::Column::Currency,
        reservation::Column::ExpireTime,
    ];
    reservation::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Drops all reservations of a customer.
pub async fn forget_reservations(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), CustomerError> {
    reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Drops the reservations of a customer that were confirmed, or whose time has passed.
pub async fn settle_reservations(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    confirmed: &[String],
    system_now: Timestamp,
) -> Result<(), CustomerError> {
    for chunk in confirmed.chunks(CHUNK) {
        reservation::Entity::delete_many()
            .filter(reservation::Column::ProjectId.eq(project.to_string()))
            .filter(reservation::Column::CustomerId.eq(customer.to_string()))
            .filter(reservation::Column::SubscriptionId.is_in(chunk))
            .exec(tx)
            .await?;
    }
    reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .filter(reservation::Column::ExpireTime.lte(micros(system_now)))
        .exec(tx)
        .await?;
    Ok(())
}

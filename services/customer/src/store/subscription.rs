//! What the subscription service reported about customers, and what it reserved of them.

use chassis::{Guard, Write, db::micros};
use kernel::{
    Timestamp,
    currency::Currency,
    id::{CustomerId, ProjectId},
    period::OpenPeriod,
};
use sea_orm::{
    ActiveValue::Set, Condition, DbBackend, QuerySelect as _, QueryTrait as _, Statement, Value,
    entity::prelude::*, sea_query::ExprTrait as _, sea_query::OnConflict,
};

use super::{CHUNK, entity};
use crate::{domain::currency::Reservation, error::CustomerError, seen::Known};
use entity::{currency_reservation as reservation, customer_subscription as row};

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
    /// What in it entitles to something.
    pub entitled: Vec<Entitled>,
}

/// An item of a subscription that entitles to a feature.
#[derive(Clone, Debug)]
pub struct Entitled {
    /// Its id.
    pub item: String,
    /// Key of the feature.
    pub feature_key: String,
    /// When the entitlement is active.
    pub period: OpenPeriod,
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

/// Marks, with the commit, that reservations or reports of a customer changed since `known` was read. Where it is checked and not locked,
/// the commit fails as a change that came second if they, or the customer, have changed in between.
pub fn mark_later(
    write: &Write,
    known: &Known,
    guard: Guard,
    sequence: i64,
    ledger_update_time: Option<Timestamp>,
) {
    let (backend, project) = (write.tx().get_database_backend(), write.context().project);
    let (customer, known) = (&known.customer, &known.hanging);
    let mut values: Vec<Value> = vec![
        project.to_string().into(),
        customer.id.to_string().into(),
        sequence.into(),
        ledger_update_time.map(micros).into(),
        known.change.saturating_add(1).into(),
    ];
    let (mut unchanged, mut still) = (String::new(), "");
    if guard == Guard::Checked {
        values.extend([customer.revision.into(), known.change.into()]);
        unchanged.push_str(" AND revision = $6");
        // The lock orders it after whoever has begun to change the customer.
        if backend == DbBackend::Postgres {
            unchanged.push_str(" FOR UPDATE");
        }
        still = " WHERE subscription_report.change = $7";
    }
    let mark = Statement::from_sql_and_values(
        backend,
        format!(
            "INSERT INTO subscription_report (project_id, customer_id, sequence, ledger_update_time, change) \
             SELECT c.project_id, c.id, $3, $4, $5 FROM (SELECT project_id, id FROM customer \
             WHERE project_id = $1 AND id = $2{unchanged}) AS c WHERE true \
             ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = excluded.sequence, \
             ledger_update_time = excluded.ledger_update_time, change = excluded.change{still}"
        ),
        values,
    );
    match guard {
        Guard::Locked => write.later(mark),
        Guard::Checked => write.later_once(mark),
    }
}

/// Replaces what is known of a customer's subscriptions, with the commit.
pub fn replace_later(
    write: &Write,
    project: ProjectId,
    customer: CustomerId,
    subscriptions: &[Reported],
) {
    let backend = write.tx().get_database_backend();
    let mut others = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::CustomerId.eq(customer.to_string()));
    if !subscriptions.is_empty() {
        let kept = subscriptions.iter().map(|reported| reported.id.as_str());
        others = others.filter(row::Column::SubscriptionId.is_not_in(kept));
    }
    write.later(others.build(backend));
    let key = [
        row::Column::ProjectId,
        row::Column::CustomerId,
        row::Column::SubscriptionId,
    ];
    let replaced = [
        row::Column::PlanKey,
        row::Column::Currency,
        row::Column::StartTime,
        row::Column::EndTime,
    ];
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
        let rows = row::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned());
        write.later(rows.build(backend));
    }
}

/// Stores a reservation, with the commit; an earlier one of the same subscription is replaced.
pub fn reserve_later(write: &Write, project: ProjectId, customer: CustomerId, new: &Reservation) {
    let row = reservation::ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        subscription_id: Set(new.subscription.clone()),
        revision: Set(new.revision),
        currency: Set(new
            .currency
            .map_or_else(String::new, |currency| currency.code().to_owned())),
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
    let row = reservation::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned());
    write.later(row.build(write.tx().get_database_backend()));
}

/// The subscriptions for which something is reserved of a customer at an instant of system time.
pub async fn promised(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    system_now: Timestamp,
) -> Result<Vec<String>, CustomerError> {
    Ok(reservation::Entity::find()
        .select_only()
        .column(reservation::Column::SubscriptionId)
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .filter(reservation::Column::ExpireTime.gt(micros(system_now)))
        .into_tuple()
        .all(tx)
        .await?)
}

/// Drops what is reserved of a customer for one subscription.
pub async fn forget_reservation(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    subscription: &str,
) -> Result<(), CustomerError> {
    reservation::Entity::delete_by_id((
        project.to_string(),
        customer.to_string(),
        subscription.to_owned(),
    ))
    .exec(tx)
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

/// Drops the reservations of a customer that were confirmed, or whose time has passed, with the commit.
pub fn settle_reservations_later(
    write: &Write,
    project: ProjectId,
    customer: CustomerId,
    confirmed: &[String],
    system_now: Timestamp,
) {
    let mut over = Condition::any().add(reservation::Column::ExpireTime.lte(micros(system_now)));
    if !confirmed.is_empty() {
        over = over.add(reservation::Column::SubscriptionId.is_in(confirmed));
    }
    let gone = reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(customer.to_string()))
        .filter(over);
    write.later(gone.build(write.tx().get_database_backend()));
}

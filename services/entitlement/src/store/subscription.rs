//! What is known of subscriptions: up to where they were applied, and what they have reserved.

use chassis::{Write, db::micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, SubscriptionId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait as _,
    Statement, sea_query::OnConflict,
};

use super::{
    entity::{subscription_applied as applied, subscription_reservation as reservation},
    id_from_text,
};
use crate::{
    domain::{occupancy::Occupant, subscription::SubscriptionRights},
    error::EntitlementError,
};

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

/// What decides about a subscription.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// The revision of it that was applied.
    pub applied: Option<i64>,
    /// The reservations for its customer that still count.
    pub reservations: Vec<Reservation>,
    /// Whether the customer has live entitlements.
    pub entitled: bool,
}

impl Standing {
    /// Whether a revision, or a newer one, was applied.
    pub fn knows(&self, revision: i64) -> bool {
        self.applied.is_some_and(|applied| applied >= revision)
    }
}

/// Without waiting for anybody: has the commit fail as a change that came second unless nothing is in the way of a subscription. That is:
/// its customer has no live entitlements, no other subscription has reserved anything for it that still counts at a system time, and the
/// revision was not applied. Only for writes whose every statement goes with the commit.
pub fn check_alone(write: &Write, rights: &SubscriptionRights, system_now: Timestamp) {
    write.touch(super::scope(rights.customer));
    // What the statement sees was so before it waited for anybody; the number says whether it still is.
    write.later_once(Statement::from_sql_and_values(
        write.tx().get_database_backend(),
        "INSERT INTO customer_gate (project_id, customer_id, sequence) SELECT $1, $2, 1 \
         WHERE NOT EXISTS (SELECT 1 FROM entitlement \
         WHERE project_id = $1 AND customer_id = $2 AND delete_time IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM subscription_reservation \
         WHERE project_id = $1 AND customer_id = $2 AND subscription_id <> $3 AND expire_time > $4) \
         AND NOT EXISTS (SELECT 1 FROM subscription_applied \
         WHERE project_id = $1 AND subscription_id = $3 AND revision >= $5) \
         ON CONFLICT (project_id, customer_id) DO UPDATE SET sequence = customer_gate.sequence + 1 \
         WHERE customer_gate.sequence = (SELECT known.sequence FROM customer_gate AS known \
         WHERE known.project_id = $1 AND known.customer_id = $2)",
        [
            write.context().project.to_string().into(),
            rights.customer.to_string().into(),
            rights.id.to_string().into(),
            micros(system_now).into(),
            rights.revision.into(),
        ],
    ));
}

/// What decides about a subscription at a system time, in one look.
pub async fn standing(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    subscription: SubscriptionId,
    system_now: Timestamp,
) -> Result<Standing, EntitlementError> {
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT 'applied' AS part, subscription_id, revision, '' AS occupants, 0 AS expire_time \
             FROM subscription_applied WHERE project_id = $1 AND subscription_id = $2 \
             UNION ALL SELECT 'entitled', '', count(*), '', 0 \
             FROM entitlement WHERE project_id = $1 AND customer_id = $3 AND delete_time IS NULL \
             UNION ALL SELECT 'reserved', subscription_id, revision, occupants, expire_time \
             FROM subscription_reservation \
             WHERE project_id = $1 AND customer_id = $3 AND expire_time > $4",
            [
                project.to_string().into(),
                subscription.to_string().into(),
                customer.to_string().into(),
                micros(system_now).into(),
            ],
        ))
        .await?;
    let mut standing = Standing::default();
    for row in rows {
        let part: String = row.try_get("", "part")?;
        let revision: i64 = row.try_get("", "revision")?;
        match part.as_str() {
            "applied" => standing.applied = Some(revision),
            "entitled" => standing.entitled = revision > 0,
            _ => standing.reservations.push(reservation(
                customer,
                &row.try_get::<String>("", "subscription_id")?,
                revision,
                &row.try_get::<String>("", "occupants")?,
                row.try_get("", "expire_time")?,
            )?),
        }
    }
    Ok(standing)
}

fn reservation(
    customer: CustomerId,
    subscription: &str,
    revision: i64,
    occupants: &str,
    expire_time: i64,
) -> Result<Reservation, EntitlementError> {
    Ok(Reservation {
        subscription: id_from_text(subscription)?,
        customer,
        revision,
        occupants: serde_json::from_str(occupants).map_err(|_| EntitlementError::Corrupt {
            what: "reservation",
        })?,
        expires: chassis::db::instant(expire_time),
    })
}

/// Notes with the commit that a revision is applied; reservations up to it are settled by that.
pub fn put_applied_later(
    write: &Write,
    project: ProjectId,
    subscription: SubscriptionId,
    customer: CustomerId,
    revision: i64,
) {
    let backend = write.tx().get_database_backend();
    let model = applied::ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(subscription.to_string()),
        customer_id: Set(customer.to_string()),
        revision: Set(revision),
    };
    let applied = applied::Entity::insert(model).on_conflict(
        OnConflict::columns([applied::Column::ProjectId, applied::Column::SubscriptionId])
            .update_column(applied::Column::Revision)
            .to_owned(),
    );
    write.later(applied.build(backend));
    let settled = reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::SubscriptionId.eq(subscription.to_string()))
        .filter(reservation::Column::Revision.lte(revision));
    write.later(settled.build(backend));
}

/// Keeps a reservation with the commit, in place of an earlier one of the subscription. Others of the customer that no
/// longer count at a system time go.
pub fn put_reservation_later(
    write: &Write,
    project: ProjectId,
    wanted: &Reservation,
    system_now: Timestamp,
) -> Result<(), EntitlementError> {
    let backend = write.tx().get_database_backend();
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
    let kept = reservation::Entity::insert(model).on_conflict(
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
    );
    write.later(kept.build(backend));
    let over = reservation::Entity::delete_many()
        .filter(reservation::Column::ProjectId.eq(project.to_string()))
        .filter(reservation::Column::CustomerId.eq(wanted.customer.to_string()))
        .filter(reservation::Column::SubscriptionId.ne(wanted.subscription.to_string()))
        .filter(reservation::Column::ExpireTime.lte(micros(system_now)));
    write.later(over.build(backend));
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
            reservation(
                customer,
                &row.subscription_id,
                row.revision,
                &row.occupants,
                row.expire_time,
            )
        })
        .collect()
}

//! What is written beside a customer's own fields: when it was seen, when anything about it
//! changed; and how a customer is erased with all of it.

use chassis::db::micros;
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{
    PaginatorTrait as _, QueryOrder, QuerySelect, QueryTrait as _, UpdateMany, entity::prelude::*,
    sea_query::ExprTrait as _,
};

use super::{corrupt, customer::from_rows, entity};
use crate::{domain::customer::Customer, error::CustomerError};
use entity::customer::{Column, Entity};

/// Most customers that one call may reach by an e-mail address.
pub const SAME_EMAIL_MAX: u64 = 1000;

/// Notes that something about a customer changed. Answers the next version of all that is
/// beside its own fields.
pub async fn touch(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<i64, CustomerError> {
    later(tx, project, customer, Column::TouchTime, now).await?;
    let own = Column::ProjectId
        .eq(project.to_string())
        .and(Column::Id.eq(customer.to_string()));
    Entity::update_many()
        .col_expr(
            Column::ProfileRevision,
            Expr::col(Column::ProfileRevision).add(1),
        )
        .filter(own.clone())
        .exec(tx)
        .await?;
    Entity::find()
        .select_only()
        .column(Column::ProfileRevision)
        .filter(own)
        .into_tuple()
        .one(tx)
        .await?
        .ok_or_else(|| corrupt("customer", &customer.to_string()))
}

/// Notes that a customer was seen.
pub async fn seen(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(), CustomerError> {
    later(tx, project, customer, Column::LastSeenTime, now).await
}

/// Notes with the commit that something about a customer changed at a time.
pub fn touch_at_later(
    write: &chassis::Write,
    project: ProjectId,
    customer: CustomerId,
    time: Timestamp,
) {
    let update = later_update(project, customer, Column::TouchTime, time);
    write.later(update.build(write.tx().get_database_backend()));
}

/// Sets a time unless a later one is stored.
async fn later(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    column: Column,
    time: Timestamp,
) -> Result<(), CustomerError> {
    later_update(project, customer, column, time)
        .exec(tx)
        .await?;
    Ok(())
}

fn later_update(
    project: ProjectId,
    customer: CustomerId,
    column: Column,
    time: Timestamp,
) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(column, Expr::value(micros(time)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(customer.to_string()))
        .filter(column.is_null().or(column.lt(micros(time))))
}

/// How many customers were made, and how many were last seen, behind one instant and up to
/// another.
pub async fn counts(
    db: &impl ConnectionTrait,
    project: ProjectId,
    start: Timestamp,
    end: Timestamp,
) -> Result<(u64, u64), CustomerError> {
    let within = async |column: Column| {
        Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(column.gt(micros(start)))
            .filter(column.lte(micros(end)))
            .count(db)
            .await
    };
    Ok((
        within(Column::CreateTime).await?,
        within(Column::LastSeenTime).await?,
    ))
}

/// The live customers with an e-mail address, ignoring case, locked, in ascending order of id.
pub async fn by_email(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    email: &str,
    now: Timestamp,
) -> Result<Vec<Customer>, CustomerError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::EmailLower.eq(email.to_lowercase()))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Id)
        .limit(SAME_EMAIL_MAX + 1)
        .lock_exclusive()
        .all(tx)
        .await?;
    if rows.is_empty() {
        return Err(CustomerError::EmailNotFound);
    }
    if rows.len() as u64 > SAME_EMAIL_MAX {
        return Err(CustomerError::invalid(
            "primary_email",
            format!("more than {SAME_EMAIL_MAX} customers have it"),
        ));
    }
    from_rows(tx, project, rows, now).await
}

/// Removes every row of a customer.
pub async fn erase(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), CustomerError> {
    let (project, customer) = (project.to_string(), customer.to_string());
    macro_rules! erase_from {
        ($($table:ident)+) => {$(
            entity::$table::Entity::delete_many()
                .filter(entity::$table::Column::ProjectId.eq(project.as_str()))
                .filter(entity::$table::Column::CustomerId.eq(customer.as_str()))
                .exec(tx)
                .await?;
        )+};
    }
    erase_from!(
        customer_handle customer_subject_key customer_attribute customer_trait customer_opt_out
        customer_hold customer_subscription subscription_report currency_reservation
    );
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.as_str()))
        .filter(Column::Id.eq(customer.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

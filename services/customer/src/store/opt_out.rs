//! Lasting opt-outs of customers.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};

use super::{corrupt, entity::customer_opt_out};
use crate::{
    domain::retain::{Intervention, OptOut},
    error::CustomerError,
};
use customer_opt_out::{ActiveModel, Column, Entity};

/// The opt-outs of a customer, by intervention.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<OptOut>, CustomerError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .all(db)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(OptOut {
            intervention: Intervention::from_word(&row.intervention)
                .ok_or_else(|| corrupt("intervention", &row.intervention))?,
            create_time: instant(row.create_time),
        });
    }
    found.sort_by_key(|one| one.intervention);
    Ok(found)
}

/// Stores opt-outs; those that are there keep their time. Answers whether any is new.
pub async fn add(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    interventions: &[Intervention],
    now: Timestamp,
) -> Result<bool, CustomerError> {
    let rows = interventions.iter().map(|one| ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        intervention: Set(one.word().to_owned()),
        create_time: Set(micros(now)),
    });
    let inserted = Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::CustomerId, Column::Intervention])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(inserted > 0)
}

//! Attributes of customers, as they were set; e-mail and name are shown from the customer.

use chassis::db::{instant, micros};
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};

use super::entity::customer_attribute::{ActiveModel, Column, Entity};
use crate::{
    domain::attribute::{Attribute, Attributes},
    error::CustomerError,
};

/// The stored attributes of a customer.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Attributes, CustomerError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .all(db)
        .await?;
    let attributes = rows.into_iter().map(|row| {
        let attribute = Attribute {
            value: row.value,
            update_time: instant(row.update_time),
        };
        (row.name, attribute)
    });
    Ok(attributes.collect())
}

/// Replaces the stored attributes of a customer.
pub async fn replace(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    before: &Attributes,
    after: &Attributes,
) -> Result<(), CustomerError> {
    let gone: Vec<&String> = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .collect();
    if !gone.is_empty() {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.eq(customer.to_string()))
            .filter(Column::Name.is_in(gone))
            .exec(tx)
            .await?;
    }
    let rows: Vec<ActiveModel> = after
        .iter()
        .filter(|(name, attribute)| before.get(*name) != Some(*attribute))
        .map(|(name, attribute)| ActiveModel {
            project_id: Set(project.to_string()),
            customer_id: Set(customer.to_string()),
            name: Set(name.clone()),
            value: Set(attribute.value.clone()),
            update_time: Set(micros(attribute.update_time)),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::CustomerId, Column::Name])
                .update_columns([Column::Value, Column::UpdateTime])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

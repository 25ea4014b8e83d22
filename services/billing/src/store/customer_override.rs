//! Customer overrides.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProfileId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{CHUNK, entity, from_json, id, to_json};
use crate::{domain::tax::ManualRate, error::BillingError};
use entity::customer_override::{ActiveModel, Column, Entity, Model};

/// Most customers that a refusal names.
const NAMED_MAX: u64 = 100;

/// What a customer has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The customer.
    pub customer: CustomerId,
    /// The profile it is pinned to.
    pub profile: Option<ProfileId>,
    /// Its own tax rates, which replace those of the profile.
    pub tax_rates: Option<Vec<ManualRate>>,
    /// When it was first made.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

/// The override of a customer, deleted ones included.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Option<Override>, BillingError> {
    Entity::find_by_id((project.to_string(), customer.to_string()))
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// The live overrides of these customers.
pub async fn of_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[String],
) -> Result<BTreeMap<String, Override>, BillingError> {
    let mut found = BTreeMap::new();
    for chunk in customers.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk.iter().cloned()))
            .filter(Column::DeleteTime.is_null())
            .all(db)
            .await?;
        for row in rows {
            found.insert(row.customer_id.clone(), from_row(row)?);
        }
    }
    Ok(found)
}

/// Customers that are pinned to a profile.
pub async fn pinned_to(
    db: &impl ConnectionTrait,
    project: ProjectId,
    profile: ProfileId,
) -> Result<Vec<String>, BillingError> {
    Ok(Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::ProfileId.eq(profile.to_string()))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::CustomerId)
        .limit(NAMED_MAX)
        .into_tuple()
        .all(db)
        .await?)
}

/// Stores an override, new, changed or revived.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    value: &Override,
) -> Result<(), BillingError> {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(value.customer.to_string()),
        profile_id: Set(value.profile.map(|profile| profile.to_string())),
        tax_rates: Set(value.tax_rates.as_ref().map(to_json).transpose()?),
        create_time: Set(micros(value.create_time)),
        update_time: Set(micros(value.update_time)),
        delete_time: Set(value.delete_time.map(micros)),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::CustomerId])
                .update_columns([
                    Column::ProfileId,
                    Column::TaxRates,
                    Column::CreateTime,
                    Column::UpdateTime,
                    Column::DeleteTime,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

fn from_row(row: Model) -> Result<Override, BillingError> {
    Ok(Override {
        customer: id("customer_override.customer_id", &row.customer_id)?,
        profile: row
            .profile_id
            .as_deref()
            .map(|text| id("customer_override.profile_id", text))
            .transpose()?,
        tax_rates: row.tax_rates.as_deref().map(from_json).transpose()?,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

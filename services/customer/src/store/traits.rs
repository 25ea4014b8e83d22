//! Traits and segments of customers.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set, PaginatorTrait as _, QueryOrder, QuerySelect, entity::prelude::*,
    sea_query::OnConflict,
};

use super::{CHUNK, entity::customer_trait, id};
use crate::{domain::traits::Trait, error::CustomerError};
use customer_trait::{ActiveModel, Column, Entity, Model};

/// The traits of a customer, first added first.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Trait>, CustomerError> {
    let mut found = of_customers(db, project, &[customer]).await?;
    Ok(found.remove(&customer).unwrap_or_default())
}

/// The traits of customers, first added first, by customer.
pub async fn of_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Vec<Trait>>, CustomerError> {
    let mut found: BTreeMap<CustomerId, Vec<Trait>> = BTreeMap::new();
    let ids: Vec<String> = customers.iter().map(ToString::to_string).collect();
    for chunk in ids.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk))
            .order_by_asc(Column::Added)
            .all(db)
            .await?;
        for row in rows {
            let customer = id("customer id", &row.customer_id)?;
            found.entry(customer).or_default().push(from_row(row));
        }
    }
    Ok(found)
}

/// Ids of the customers that have a trait of a category.
pub async fn holders(
    db: &impl ConnectionTrait,
    project: ProjectId,
    category: &str,
) -> Result<Vec<CustomerId>, CustomerError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .distinct()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Category.eq(category))
        .order_by_asc(Column::CustomerId)
        .into_tuple()
        .all(db)
        .await?;
    ids.iter().map(|text| id("customer id", text)).collect()
}

/// How many different traits a category has, and whether one of them is this one; counted are
/// those written as traits.
pub async fn variety(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    category: &str,
    value: &str,
) -> Result<(u64, bool), CustomerError> {
    let limited = || {
        Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Category.eq(category))
            .filter(Column::Limited.eq(true))
    };
    let different = limited()
        .select_only()
        .column(Column::Value)
        .distinct()
        .into_tuple::<String>()
        .all(tx)
        .await?;
    let known = limited().filter(Column::Value.eq(value)).count(tx).await? > 0;
    Ok((different.len() as u64, known))
}

/// Replaces the traits of a customer.
pub async fn replace(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    before: &[Trait],
    after: &[Trait],
) -> Result<(), CustomerError> {
    let gone: Vec<&str> = before
        .iter()
        .filter(|old| after.iter().all(|new| new.name != old.name))
        .map(|old| old.name.as_str())
        .collect();
    for chunk in gone.chunks(CHUNK) {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.eq(customer.to_string()))
            .filter(Column::Name.is_in(chunk.iter().copied()))
            .exec(tx)
            .await?;
    }
    let changed: Vec<&Trait> = after.iter().filter(|new| !before.contains(new)).collect();
    for chunk in changed.chunks(CHUNK) {
        let rows = chunk.iter().map(|one| to_row(project, customer, one));
        Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([Column::ProjectId, Column::CustomerId, Column::Name])
                    .update_columns([
                        Column::Value,
                        Column::Limited,
                        Column::Written,
                        Column::UpdateTime,
                    ])
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

fn to_row(project: ProjectId, customer: CustomerId, one: &Trait) -> ActiveModel {
    ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        name: Set(one.name.clone()),
        category: Set(one.category()),
        value: Set(one.value.clone()),
        limited: Set(one.limited),
        added: Set(one.added),
        written: Set(one.written),
        create_time: Set(micros(one.create_time)),
        update_time: Set(micros(one.update_time)),
    }
}

fn from_row(row: Model) -> Trait {
    Trait {
        name: row.name,
        value: row.value,
        limited: row.limited,
        added: row.added,
        written: row.written,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
    }
}

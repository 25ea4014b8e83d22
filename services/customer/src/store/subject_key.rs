//! Which live customer holds which subject key.

use std::collections::BTreeMap;

use chassis::db::is_unique_violation;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{ActiveValue::Set, entity::prelude::*};

use super::{CHUNK, entity, id};
use crate::error::CustomerError;
use entity::customer_subject_key::{ActiveModel, Column, Entity};

/// Most subject keys that a refusal names.
const NAMED_MAX: usize = 10;

/// Who holds a subject key.
pub async fn holder(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Option<CustomerId>, CustomerError> {
    let row = Entity::find_by_id((project.to_string(), key.to_owned()))
        .one(db)
        .await?;
    row.map(|row| id("customer id", &row.customer_id))
        .transpose()
}

/// Who holds each of some subject keys, by subject key.
pub async fn holders(
    db: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
) -> Result<BTreeMap<String, String>, CustomerError> {
    let mut found = BTreeMap::new();
    for chunk in keys.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::SubjectKey.is_in(chunk))
            .all(db)
            .await?;
        found.extend(
            rows.into_iter()
                .map(|row| (row.subject_key, row.customer_id)),
        );
    }
    Ok(found)
}

/// Refuses subject keys that somebody holds.
pub async fn require_free(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
) -> Result<(), CustomerError> {
    let taken = holders(tx, project, keys).await?;
    if taken.is_empty() {
        return Ok(());
    }
    Err(CustomerError::SubjectKeysTaken {
        keys: taken.into_keys().take(NAMED_MAX).collect(),
    })
}

/// Gives free subject keys to a customer.
pub async fn claim(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
    customer: CustomerId,
) -> Result<(), CustomerError> {
    for chunk in keys.chunks(CHUNK) {
        let rows = chunk.iter().map(|key| ActiveModel {
            project_id: Set(project.to_string()),
            subject_key: Set(key.clone()),
            subject_key_lower: Set(key.to_lowercase()),
            customer_id: Set(customer.to_string()),
        });
        match Entity::insert_many(rows).exec_without_returning(tx).await {
            Ok(_) => {}
            Err(error) if is_unique_violation(&error) => {
                return Err(CustomerError::SubjectKeysTaken {
                    keys: chunk.iter().take(NAMED_MAX).cloned().collect(),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes subject keys from a customer.
pub async fn release(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
    customer: CustomerId,
) -> Result<(), CustomerError> {
    for chunk in keys.chunks(CHUNK) {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.eq(customer.to_string()))
            .filter(Column::SubjectKey.is_in(chunk))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Takes all subject keys from a customer.
pub async fn release_all(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<(), CustomerError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

//! API keys. A presented key is looked up before any project is known: it says which one.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{KeyId, ProjectId},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*};

use super::{corrupt, entity, from_json, id, to_json};
use crate::{
    domain::api_key::{ApiKey, KeyKind},
    error::CustomerError,
};
use entity::api_key::{ActiveModel, Column, Entity, Model};

/// A key and its hash.
pub struct Hashed {
    /// The key.
    pub key: ApiKey,
    /// Keyed hash of its text.
    pub hash: String,
}

/// The key with a public beginning.
pub async fn by_public_prefix(
    db: &impl ConnectionTrait,
    prefix: &str,
) -> Result<Option<Hashed>, CustomerError> {
    let row = Entity::find()
        .filter(Column::PublicPrefix.eq(prefix))
        .one(db)
        .await?;
    row.map(from_row).transpose()
}

/// The key with one of these hashes.
pub async fn by_hash(
    db: &impl ConnectionTrait,
    hashes: &[String],
) -> Result<Option<Hashed>, CustomerError> {
    let row = Entity::find()
        .filter(Column::KeyHash.is_in(hashes))
        .one(db)
        .await?;
    row.map(from_row).transpose()
}

/// Whether a bootstrap key exists.
pub async fn has_bootstrap(db: &impl ConnectionTrait) -> Result<bool, CustomerError> {
    let found = Entity::find()
        .filter(Column::Kind.eq(KeyKind::Bootstrap.word()))
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Keys of a project behind an id in ascending order, one more than the limit when there are
/// more.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<ApiKey>, CustomerError> {
    let mut select = Entity::find().filter(Column::ProjectId.eq(project.to_string()));
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    select
        .order_by_asc(Column::Id)
        .limit(limit + 1)
        .all(db)
        .await?
        .into_iter()
        .map(|row| from_row(row).map(|found| found.key))
        .collect()
}

/// The key with an id.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<ApiKey, CustomerError> {
    let row = Entity::find_by_id((project.to_string(), key.to_owned()))
        .one(db)
        .await?;
    let row = row.ok_or_else(|| CustomerError::KeyNotFound { id: key.to_owned() })?;
    from_row(row).map(|found| found.key)
}

/// Stores a new key.
pub async fn insert(
    tx: &impl ConnectionTrait,
    key: &ApiKey,
    hash: String,
) -> Result<(), CustomerError> {
    let row = ActiveModel {
        project_id: Set(key.project.to_string()),
        id: Set(key.id.to_string()),
        display_name: Set(key.display_name.clone()),
        kind: Set(key.kind.word().to_owned()),
        public_prefix: Set(key.public_prefix.clone()),
        key_hash: Set(hash),
        permissions: Set(to_json(&key.permissions)),
        expire_time: Set(key.expire_time.map(micros)),
        last_use_time: Set(key.last_use_time.map(micros)),
        revoke_time: Set(key.revoke_time.map(micros)),
        create_time: Set(micros(key.create_time)),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Marks a key as revoked, unless it is already.
pub async fn revoke(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    key: KeyId,
    system_now: Timestamp,
) -> Result<(), CustomerError> {
    Entity::update_many()
        .col_expr(Column::RevokeTime, Expr::value(micros(system_now)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(key.to_string()))
        .filter(Column::RevokeTime.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes when a key was last used.
pub async fn touch(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    key: KeyId,
    system_now: Timestamp,
) -> Result<(), CustomerError> {
    Entity::update_many()
        .col_expr(Column::LastUseTime, Expr::value(micros(system_now)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(key.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

fn from_row(row: Model) -> Result<Hashed, CustomerError> {
    Ok(Hashed {
        key: ApiKey {
            project: id("project id", &row.project_id)?,
            id: id("key id", &row.id)?,
            display_name: row.display_name,
            kind: KeyKind::from_word(&row.kind).ok_or_else(|| corrupt("key kind", &row.kind))?,
            public_prefix: row.public_prefix,
            permissions: from_json("permissions", &row.permissions)?,
            expire_time: row.expire_time.map(instant),
            last_use_time: row.last_use_time.map(instant),
            revoke_time: row.revoke_time.map(instant),
            create_time: instant(row.create_time),
        },
        hash: row.key_hash,
    })
}

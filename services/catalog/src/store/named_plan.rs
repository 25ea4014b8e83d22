//! Plans by name.

use chassis::{
    db::is_unique_violation,
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{NamedPlanId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use super::{entity::named_plan as row, identity::Stamp};
use crate::error::{CatalogError, Thing};

/// A stored plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlan {
    /// Identifies it.
    pub id: NamedPlanId,
    /// What subscriptions name it by.
    pub key: String,
    /// Name for people.
    pub display_name: String,
    /// Whether a published plan has the key.
    pub is_versioned: bool,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores a plan. `Taken` when the key is.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    (key, display_name, is_versioned): (&str, &str, bool),
    now: Timestamp,
) -> Result<NamedPlan, CatalogError> {
    let taken = || CatalogError::Taken {
        what: Thing::NamedPlan,
        field: "key",
        value: key.to_owned(),
    };
    if by_key(db, project, key).await?.is_some() {
        return Err(taken());
    }
    let plan = NamedPlan {
        id: chassis::id::next(),
        key: key.to_owned(),
        display_name: display_name.to_owned(),
        is_versioned,
        stamp: Stamp::new(now),
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(plan.id.to_string()),
        key: Set(plan.key.clone()),
        create_time: Set(plan.stamp.created()),
        ..columns(&plan)
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                taken()
            } else {
                error.into()
            }
        })?;
    Ok(plan)
}

fn columns(plan: &NamedPlan) -> row::ActiveModel {
    row::ActiveModel {
        display_name: Set(plan.display_name.clone()),
        is_versioned: Set(plan.is_versioned),
        revision: Set(plan.stamp.revision),
        update_time: Set(plan.stamp.updated()),
        ..Default::default()
    }
}

/// The plan with this key.
pub async fn by_key(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Option<NamedPlan>, CatalogError> {
    let found = of(project).filter(row::Column::Key.eq(key)).one(db).await?;
    found.map(from_row).transpose()
}

/// The plan with this key, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<NamedPlan, CatalogError> {
    let found = by_key(db, project, key).await?;
    found.ok_or_else(|| CatalogError::NotFound {
        what: Thing::NamedPlan,
        handle: key.to_owned(),
        field: "key",
    })
}

/// The plans with these keys, oldest first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    keys: &[String],
) -> Result<Vec<NamedPlan>, CatalogError> {
    let rows = of(project)
        .filter(row::Column::Key.is_in(keys))
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// One page of plans, oldest first.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    slice: &Slice,
) -> Result<Rows<NamedPlan>, CatalogError> {
    let by_id = SortColumn {
        column: row::Column::Id,
        numeric: false,
    };
    let page = keyset::read(db, of(project), &[by_id], slice).await?;
    let rows = page.rows.into_iter().map(from_row);
    Ok(Rows {
        rows: rows.collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// Writes a plan that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    plan: NamedPlan,
    now: Timestamp,
) -> Result<NamedPlan, CatalogError> {
    let plan = NamedPlan {
        stamp: plan.stamp.next(now),
        ..plan
    };
    let done = row::Entity::update_many()
        .set(columns(&plan))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(plan.id.to_string()))
        .filter(row::Column::Revision.eq(plan.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("named plan"));
    }
    Ok(plan)
}

fn from_row(row: row::Model) -> Result<NamedPlan, CatalogError> {
    Ok(NamedPlan {
        id: row.id.parse().map_err(|_| CatalogError::Corrupt {
            what: "named plan",
            id: row.id.clone(),
            cause: serde::de::Error::custom("id"),
        })?,
        key: row.key,
        display_name: row.display_name,
        is_versioned: row.is_versioned,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

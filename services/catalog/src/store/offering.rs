//! Offerings.

use chassis::{
    db::is_unique_violation,
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{OfferingId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use super::{
    entity::offering as row,
    identity::{Stamp, named, short_id},
};
use crate::{
    domain::access::Label,
    error::{CatalogError, Thing},
};

/// A stored offering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offering {
    /// Identifies it.
    pub id: OfferingId,
    /// Its id in dialects that show short ones.
    pub short_id: String,
    /// Lookup key and name.
    pub label: Label,
    /// Whether it is the one shown by default.
    pub is_current: bool,
    /// One JSON object as text, or nothing.
    pub metadata: String,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores an offering; the first of its project is the current one. `Taken` when the lookup key is.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    label: Label,
    metadata: String,
    now: Timestamp,
) -> Result<Offering, CatalogError> {
    let taken = || CatalogError::Taken {
        what: Thing::Offering,
        field: "lookup_key",
        value: label.lookup_key.clone(),
    };
    let same = of(project).filter(row::Column::LookupKey.eq(&label.lookup_key));
    if same.count(db).await? > 0 {
        return Err(taken());
    }
    let id: OfferingId = chassis::id::next();
    let name = (project, "ofrng", &*id.to_string());
    let offering = Offering {
        id,
        short_id: short_id(db, &of(project), row::Column::ShortId, name).await?,
        label: label.clone(),
        is_current: of(project).one(db).await?.is_none(),
        metadata,
        stamp: Stamp::new(now),
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        short_id: Set(offering.short_id.clone()),
        lookup_key: Set(offering.label.lookup_key.clone()),
        create_time: Set(offering.stamp.created()),
        ..columns(&offering)
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
    Ok(offering)
}

fn columns(offering: &Offering) -> row::ActiveModel {
    row::ActiveModel {
        display_name: Set(offering.label.display_name.clone()),
        is_current: Set(offering.is_current),
        metadata: Set(offering.metadata.clone()),
        revision: Set(offering.stamp.revision),
        update_time: Set(offering.stamp.updated()),
        ..Default::default()
    }
}

/// The offering that a ULID or short id names, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Offering, CatalogError> {
    let found = of(project)
        .filter(named(row::Column::Id, row::Column::ShortId, text))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(CatalogError::not_found(Thing::Offering, text)),
        from_row,
    )
}

/// The offerings that ULIDs and short ids name, oldest first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
) -> Result<Vec<Offering>, CatalogError> {
    let wanted = Condition::any()
        .add(row::Column::Id.is_in(ids))
        .add(row::Column::ShortId.is_in(ids));
    let rows = of(project)
        .filter(wanted)
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// The one shown by default, if there is one.
pub async fn current(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<Offering>, CatalogError> {
    let found = of(project)
        .filter(row::Column::IsCurrent.eq(true))
        .one(db)
        .await?;
    found.map(from_row).transpose()
}

/// One page of offerings, oldest first.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    slice: &Slice,
) -> Result<Rows<Offering>, CatalogError> {
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

/// Writes an offering that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: Offering,
    now: Timestamp,
) -> Result<Offering, CatalogError> {
    let offering = Offering {
        stamp: offering.stamp.next(now),
        ..offering
    };
    let done = row::Entity::update_many()
        .set(columns(&offering))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(offering.id.to_string()))
        .filter(row::Column::Revision.eq(offering.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("offering"));
    }
    Ok(offering)
}

/// Removes an offering that was read at this revision.
pub async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: &Offering,
) -> Result<(), CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(offering.id.to_string()))
        .filter(row::Column::Revision.eq(offering.stamp.revision))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("offering"));
    }
    Ok(())
}

fn from_row(row: row::Model) -> Result<Offering, CatalogError> {
    Ok(Offering {
        id: row.id.parse().map_err(|_| CatalogError::Corrupt {
            what: "offering",
            id: row.id.clone(),
            cause: serde::de::Error::custom("id"),
        })?,
        label: Label {
            lookup_key: row.lookup_key,
            display_name: row.display_name,
        },
        short_id: row.short_id,
        is_current: row.is_current,
        metadata: row.metadata,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

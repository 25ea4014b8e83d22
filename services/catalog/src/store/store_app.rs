//! Store apps.

use chassis::keyset::{self, Rows, Slice, SortColumn};
use jiff::Timestamp;
use kernel::id::{ProjectId, StoreAppId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};

use super::{
    entity::store_app as row,
    identity::{Stamp, named, short_id},
};
use crate::{
    domain::store_app::{AppKind, AppSpec, Details},
    error::{CatalogError, Thing},
};

/// A stored app; its secrets are sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreApp {
    /// Identifies it.
    pub id: StoreAppId,
    /// Its id in dialects that show short ones.
    pub short_id: String,
    /// What the user says about it.
    pub spec: AppSpec,
    /// Whether products of plans live in it.
    pub is_default: bool,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores an app.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    spec: AppSpec,
    is_default: bool,
    now: Timestamp,
) -> Result<StoreApp, CatalogError> {
    let id: StoreAppId = chassis::id::next();
    let name = (project, "app", &*id.to_string());
    let app = StoreApp {
        id,
        short_id: short_id(db, &of(project), row::Column::ShortId, name).await?,
        spec,
        is_default,
        stamp: Stamp::new(now),
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        short_id: Set(app.short_id.clone()),
        kind: Set(app.spec.kind.word().to_owned()),
        is_default: Set(is_default),
        create_time: Set(app.stamp.created()),
        ..columns(&app)?
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await?;
    Ok(app)
}

fn columns(app: &StoreApp) -> Result<row::ActiveModel, CatalogError> {
    let details = serde_json::to_string(&app.spec.details)
        .map_err(|cause| corrupt(&app.id.to_string(), cause))?;
    Ok(row::ActiveModel {
        name: Set(app.spec.name.clone()),
        details: Set(details),
        revision: Set(app.stamp.revision),
        update_time: Set(app.stamp.updated()),
        ..Default::default()
    })
}

/// The app that a ULID or short id names, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<StoreApp, CatalogError> {
    let found = of(project)
        .filter(named(row::Column::Id, row::Column::ShortId, text))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(CatalogError::not_found(Thing::StoreApp, text)),
        from_row,
    )
}

/// The home of the products that come from plans, if there is one yet.
pub async fn default(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<StoreApp>, CatalogError> {
    let found = of(project)
        .filter(row::Column::IsDefault.eq(true))
        .one(db)
        .await?;
    found.map(from_row).transpose()
}

/// The apps that ULIDs and short ids name, oldest first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
) -> Result<Vec<StoreApp>, CatalogError> {
    let rows = of(project)
        .filter(
            Condition::any()
                .add(row::Column::Id.is_in(ids))
                .add(row::Column::ShortId.is_in(ids)),
        )
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// One page of apps, oldest first.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    slice: &Slice,
) -> Result<Rows<StoreApp>, CatalogError> {
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

/// Writes an app that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: StoreApp,
    now: Timestamp,
) -> Result<StoreApp, CatalogError> {
    let app = StoreApp {
        stamp: app.stamp.next(now),
        ..app
    };
    let done = row::Entity::update_many()
        .set(columns(&app)?)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(app.id.to_string()))
        .filter(row::Column::Revision.eq(app.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("store app"));
    }
    Ok(app)
}

/// Removes an app that was read at this revision.
pub async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: &StoreApp,
) -> Result<(), CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(app.id.to_string()))
        .filter(row::Column::Revision.eq(app.stamp.revision))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("store app"));
    }
    Ok(())
}

fn corrupt(id: &str, cause: serde_json::Error) -> CatalogError {
    CatalogError::Corrupt {
        what: "store app",
        id: id.to_owned(),
        cause,
    }
}

fn from_row(row: row::Model) -> Result<StoreApp, CatalogError> {
    let bad = |text: &str| corrupt(&row.id, serde::de::Error::custom(text));
    let details: Details =
        serde_json::from_str(&row.details).map_err(|cause| corrupt(&row.id, cause))?;
    Ok(StoreApp {
        id: row.id.parse().map_err(|_| bad("id"))?,
        spec: AppSpec {
            kind: AppKind::parse(&row.kind).ok_or_else(|| bad("kind"))?,
            name: row.name,
            details,
        },
        short_id: row.short_id,
        is_default: row.is_default,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

//! Products.

use chassis::{
    db::{instant, is_unique_violation, micros},
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{ProductId, ProjectId, StoreAppId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    entity::{entitlement_product, package_product, product as row},
    identity::{Stamp, named, short_id},
};
use crate::{
    domain::product::{Origin, ProductKind, ProductSpec},
    error::{CatalogError, Thing},
};

/// A stored product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Identifies it.
    pub id: ProductId,
    /// Its id in dialects that show short ones.
    pub short_id: String,
    /// The app that sells it.
    pub app: StoreAppId,
    /// Where it comes from.
    pub origin: Origin,
    /// What is sold.
    pub spec: ProductSpec,
    /// How often and when it was written.
    pub stamp: Stamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

fn live(project: ProjectId) -> sea_orm::Select<row::Entity> {
    of(project).filter(row::Column::DeleteTime.is_null())
}

/// Stores a product. `Taken` when the app sells the identifier already.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    (app, origin): (StoreAppId, Origin),
    spec: ProductSpec,
    now: Timestamp,
) -> Result<Product, CatalogError> {
    let taken = || CatalogError::Taken {
        what: Thing::Product,
        field: "store_identifier",
        value: spec.store_identifier.clone(),
    };
    let same = live(project)
        .filter(row::Column::AppId.eq(app.to_string()))
        .filter(row::Column::StoreIdentifier.eq(&spec.store_identifier));
    if same.count(db).await? > 0 {
        return Err(taken());
    }
    let id: ProductId = chassis::id::next();
    let name = (project, "prod", &*id.to_string());
    let product = Product {
        id,
        short_id: short_id(db, &of(project), row::Column::ShortId, name).await?,
        app,
        origin,
        spec: spec.clone(),
        stamp: Stamp::new(now),
        delete_time: None,
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        short_id: Set(product.short_id.clone()),
        app_id: Set(app.to_string()),
        store_identifier: Set(product.spec.store_identifier.clone()),
        product_key: Set(product.spec.product_key.clone()),
        kind: Set(product.spec.kind.word().to_owned()),
        create_time: Set(product.stamp.created()),
        ..columns(&product)?
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
    Ok(product)
}

fn columns(product: &Product) -> Result<row::ActiveModel, CatalogError> {
    let body = serde_json::to_string(&product.spec.body)
        .map_err(|cause| corrupt(&product.id.to_string(), cause))?;
    Ok(row::ActiveModel {
        origin: Set(product.origin.word().to_owned()),
        body: Set(body),
        revision: Set(product.stamp.revision),
        update_time: Set(product.stamp.updated()),
        delete_time: Set(product.delete_time.map(micros)),
        ..Default::default()
    })
}

/// The live product that a ULID or short id names, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Product, CatalogError> {
    let found = live(project)
        .filter(named(row::Column::Id, row::Column::ShortId, text))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(CatalogError::not_found(Thing::Product, text)),
        from_row,
    )
}

/// The products that ULIDs and short ids name, deleted ones too, and the live ones of keys; oldest
/// first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    keys: &[String],
) -> Result<Vec<Product>, CatalogError> {
    let of_key = Condition::all()
        .add(row::Column::ProductKey.is_in(keys))
        .add(row::Column::DeleteTime.is_null());
    let wanted = Condition::any()
        .add(row::Column::Id.is_in(ids))
        .add(row::Column::ShortId.is_in(ids))
        .add(of_key);
    all(db, of(project).filter(wanted)).await
}

/// All live products that the texts name, each once, oldest first; or `NotFound` with the first
/// text that names none.
pub async fn resolve(
    db: &impl ConnectionTrait,
    project: ProjectId,
    texts: &[String],
) -> Result<Vec<Product>, CatalogError> {
    let mut found = batch(db, project, texts, &[]).await?;
    found.retain(|product| product.delete_time.is_none());
    let unknown = texts.iter().find(|text| {
        found
            .iter()
            .all(|product| product.short_id != **text && product.id.to_string() != **text)
    });
    match unknown {
        Some(text) => Err(CatalogError::NotFound {
            what: Thing::Product,
            handle: text.clone(),
            field: "product_ids",
        }),
        None => Ok(found),
    }
}

/// Live products by id, oldest first.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[ProductId],
) -> Result<Vec<Product>, CatalogError> {
    let ids = ids.iter().map(ProductId::to_string);
    all(db, live(project).filter(row::Column::Id.is_in(ids))).await
}

/// The live products of an app that have a key, or one of these identifiers.
pub async fn of_key(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: StoreAppId,
    key: &str,
    identifiers: &[String],
) -> Result<Vec<Product>, CatalogError> {
    let wanted = Condition::any()
        .add(row::Column::ProductKey.eq(key))
        .add(row::Column::StoreIdentifier.is_in(identifiers));
    let rows = live(project)
        .filter(row::Column::AppId.eq(app.to_string()))
        .filter(wanted);
    all(db, rows).await
}

/// The live products of an app, oldest first, at most this many.
pub async fn of_app(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: StoreAppId,
    limit: u64,
) -> Result<Vec<Product>, CatalogError> {
    let rows = live(project).filter(row::Column::AppId.eq(app.to_string()));
    all(db, rows.limit(limit)).await
}

async fn all(
    db: &impl ConnectionTrait,
    rows: sea_orm::Select<row::Entity>,
) -> Result<Vec<Product>, CatalogError> {
    let rows = rows.order_by_asc(row::Column::Id).all(db).await?;
    rows.into_iter().map(from_row).collect()
}

/// Which live products a list shows.
#[derive(Clone, Debug)]
pub enum Scope {
    /// All.
    All,
    /// Those of an app.
    App(StoreAppId),
    /// Those that give an entitlement definition.
    Definition(String),
    /// Those in a package.
    Package(String),
}

/// One page of live products, oldest first.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    scope: &Scope,
    slice: &Slice,
) -> Result<Rows<Product>, CatalogError> {
    let rows = live(project);
    let owner = project.to_string();
    let rows = match scope {
        Scope::All => rows,
        Scope::App(app) => rows.filter(row::Column::AppId.eq(app.to_string())),
        Scope::Definition(id) => {
            use entitlement_product::{Column, Entity};
            let attached = Entity::find()
                .filter(Column::ProjectId.eq(owner))
                .filter(Column::DefinitionId.eq(id))
                .select_only()
                .column(Column::ProductId);
            rows.filter(row::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(attached)))
        }
        Scope::Package(id) => {
            use package_product::{Column, Entity};
            let attached = Entity::find()
                .filter(Column::ProjectId.eq(owner))
                .filter(Column::PackageId.eq(id))
                .select_only()
                .column(Column::ProductId);
            rows.filter(row::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(attached)))
        }
    };
    let by_id = SortColumn {
        column: row::Column::Id,
        numeric: false,
    };
    let page = keyset::read(db, rows, &[by_id], slice).await?;
    let rows = page.rows.into_iter().map(from_row);
    Ok(Rows {
        rows: rows.collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// Writes a product that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    product: Product,
    now: Timestamp,
) -> Result<Product, CatalogError> {
    let product = Product {
        stamp: product.stamp.next(now),
        ..product
    };
    let done = row::Entity::update_many()
        .set(columns(&product)?)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(product.id.to_string()))
        .filter(row::Column::Revision.eq(product.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("product"));
    }
    Ok(product)
}

/// Takes a product that is deleted out of everything it is attached to.
pub async fn detach_everywhere(
    db: &impl ConnectionTrait,
    project: ProjectId,
    product: ProductId,
) -> Result<(), CatalogError> {
    let (project, product) = (project.to_string(), product.to_string());
    entitlement_product::Entity::delete_many()
        .filter(entitlement_product::Column::ProjectId.eq(&project))
        .filter(entitlement_product::Column::ProductId.eq(&product))
        .exec(db)
        .await?;
    package_product::Entity::delete_many()
        .filter(package_product::Column::ProjectId.eq(&project))
        .filter(package_product::Column::ProductId.eq(&product))
        .exec(db)
        .await?;
    Ok(())
}

fn corrupt(id: &str, cause: serde_json::Error) -> CatalogError {
    CatalogError::Corrupt {
        what: "product",
        id: id.to_owned(),
        cause,
    }
}

fn from_row(row: row::Model) -> Result<Product, CatalogError> {
    let bad = |text: &str| corrupt(&row.id, serde::de::Error::custom(text));
    Ok(Product {
        id: row.id.parse().map_err(|_| bad("id"))?,
        app: row.app_id.parse().map_err(|_| bad("app id"))?,
        origin: Origin::parse(&row.origin).ok_or_else(|| bad("origin"))?,
        spec: ProductSpec {
            kind: ProductKind::parse(&row.kind).ok_or_else(|| bad("kind"))?,
            body: serde_json::from_str(&row.body).map_err(|cause| corrupt(&row.id, cause))?,
            store_identifier: row.store_identifier,
            product_key: row.product_key,
        },
        short_id: row.short_id,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

//! Packages of offerings and the products in them.

use std::collections::BTreeMap;

use chassis::{
    db::is_unique_violation,
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{OfferingId, PackageId, ProductId, ProjectId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait as _},
};

use super::{
    entity::{package as row, package_product as content},
    identity::{Stamp, named, short_id},
};
use crate::{
    domain::{access::Label, package::Eligibility},
    error::{CatalogError, Thing},
};

/// A stored package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Identifies it.
    pub id: PackageId,
    /// Its id in dialects that show short ones.
    pub short_id: String,
    /// The offering it is in.
    pub offering: OfferingId,
    /// Lookup key and name.
    pub label: Label,
    /// Its place in the offering, from 1.
    pub position: i32,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// How many packages an offering has.
pub async fn count(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: OfferingId,
) -> Result<i32, CatalogError> {
    let rows = of(project).filter(row::Column::OfferingId.eq(offering.to_string()));
    Ok(i32::try_from(rows.count(db).await?).unwrap_or(i32::MAX))
}

/// Stores a package at a place that was made free for it. `Taken` when its offering has one with
/// the lookup key.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: OfferingId,
    label: Label,
    position: i32,
    now: Timestamp,
) -> Result<Package, CatalogError> {
    let id: PackageId = chassis::id::next();
    let name = (project, "pkg", &*id.to_string());
    let package = Package {
        id,
        short_id: short_id(db, &of(project), row::Column::ShortId, name).await?,
        offering,
        label: label.clone(),
        position,
        stamp: Stamp::new(now),
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        short_id: Set(package.short_id.clone()),
        offering_id: Set(offering.to_string()),
        lookup_key: Set(package.label.lookup_key.clone()),
        create_time: Set(package.stamp.created()),
        ..columns(&package)
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                taken(&label)
            } else {
                error.into()
            }
        })?;
    Ok(package)
}

/// `Taken` when the offering has a package with the lookup key.
pub async fn require_free(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: OfferingId,
    label: &Label,
) -> Result<(), CatalogError> {
    let same = of(project)
        .filter(row::Column::OfferingId.eq(offering.to_string()))
        .filter(row::Column::LookupKey.eq(&label.lookup_key));
    if same.count(db).await? > 0 {
        return Err(taken(label));
    }
    Ok(())
}

fn taken(label: &Label) -> CatalogError {
    CatalogError::Taken {
        what: Thing::Package,
        field: "lookup_key",
        value: label.lookup_key.clone(),
    }
}

fn columns(package: &Package) -> row::ActiveModel {
    row::ActiveModel {
        display_name: Set(package.label.display_name.clone()),
        position: Set(package.position),
        revision: Set(package.stamp.revision),
        update_time: Set(package.stamp.updated()),
        ..Default::default()
    }
}

/// The package that a ULID or short id names, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Package, CatalogError> {
    let found = of(project)
        .filter(named(row::Column::Id, row::Column::ShortId, text))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(CatalogError::not_found(Thing::Package, text)),
        from_row,
    )
}

/// The packages that ULIDs and short ids name, oldest first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
) -> Result<Vec<Package>, CatalogError> {
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

/// One page of the packages of an offering, by position.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: OfferingId,
    slice: &Slice,
) -> Result<Rows<Package>, CatalogError> {
    let rows = of(project).filter(row::Column::OfferingId.eq(offering.to_string()));
    let by_position = SortColumn {
        column: row::Column::Position,
        numeric: true,
    };
    let page = keyset::read(db, rows, &[by_position], slice).await?;
    let rows = page.rows.into_iter().map(from_row);
    Ok(Rows {
        rows: rows.collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// The packages of each of many offerings up to this position, by position.
pub async fn first_of(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offerings: &[OfferingId],
    position_max: i32,
) -> Result<Vec<Package>, CatalogError> {
    let rows = of(project)
        .filter(row::Column::OfferingId.is_in(offerings.iter().map(OfferingId::to_string)))
        .filter(row::Column::Position.lte(position_max))
        .order_by_asc(row::Column::OfferingId)
        .order_by_asc(row::Column::Position)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Moves the packages from one place up to before another by so many places.
pub async fn shift(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offering: OfferingId,
    places: std::ops::Range<i32>,
    by: i32,
) -> Result<(), CatalogError> {
    row::Entity::update_many()
        .col_expr(
            row::Column::Position,
            Expr::col(row::Column::Position).add(by),
        )
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::OfferingId.eq(offering.to_string()))
        .filter(row::Column::Position.gte(places.start))
        .filter(row::Column::Position.lt(places.end))
        .exec(db)
        .await?;
    Ok(())
}

/// Writes a package that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    package: Package,
    now: Timestamp,
) -> Result<Package, CatalogError> {
    let package = Package {
        stamp: package.stamp.next(now),
        ..package
    };
    let done = row::Entity::update_many()
        .set(columns(&package))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(package.id.to_string()))
        .filter(row::Column::Revision.eq(package.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("package"));
    }
    Ok(package)
}

/// Removes a package that was read at this revision, with what is in it.
pub async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    package: &Package,
) -> Result<(), CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(package.id.to_string()))
        .filter(row::Column::Revision.eq(package.stamp.revision))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("package"));
    }
    content::Entity::delete_many()
        .filter(content::Column::ProjectId.eq(project.to_string()))
        .filter(content::Column::PackageId.eq(package.id.to_string()))
        .exec(db)
        .await?;
    Ok(())
}

/// What is in some packages, and for which clients.
pub async fn contents(
    db: &impl ConnectionTrait,
    project: ProjectId,
    packages: &[PackageId],
) -> Result<BTreeMap<PackageId, BTreeMap<ProductId, Eligibility>>, CatalogError> {
    let rows = content::Entity::find()
        .filter(content::Column::ProjectId.eq(project.to_string()))
        .filter(content::Column::PackageId.is_in(packages.iter().map(PackageId::to_string)))
        .all(db)
        .await?;
    let mut all: BTreeMap<PackageId, BTreeMap<ProductId, Eligibility>> = BTreeMap::new();
    for row in rows {
        let bad = || corrupt(&row.package_id, "product");
        let package = row.package_id.parse().map_err(|_| bad())?;
        let product = row.product_id.parse().map_err(|_| bad())?;
        let criteria = Eligibility::parse(&row.eligibility).ok_or_else(bad)?;
        all.entry(package).or_default().insert(product, criteria);
    }
    Ok(all)
}

/// Puts products into a package, or gives those in it other criteria.
pub async fn attach(
    db: &impl ConnectionTrait,
    project: ProjectId,
    package: PackageId,
    products: &BTreeMap<ProductId, Eligibility>,
) -> Result<(), CatalogError> {
    let ids: Vec<ProductId> = products.keys().copied().collect();
    detach(db, project, package, &ids).await?;
    let rows = products
        .iter()
        .map(|(product, criteria)| content::ActiveModel {
            project_id: Set(project.to_string()),
            package_id: Set(package.to_string()),
            product_id: Set(product.to_string()),
            eligibility: Set(criteria.word().to_owned()),
        });
    content::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Takes products out of a package.
pub async fn detach(
    db: &impl ConnectionTrait,
    project: ProjectId,
    package: PackageId,
    products: &[ProductId],
) -> Result<(), CatalogError> {
    content::Entity::delete_many()
        .filter(content::Column::ProjectId.eq(project.to_string()))
        .filter(content::Column::PackageId.eq(package.to_string()))
        .filter(content::Column::ProductId.is_in(products.iter().map(ProductId::to_string)))
        .exec(db)
        .await?;
    Ok(())
}

fn corrupt(id: &str, text: &str) -> CatalogError {
    CatalogError::Corrupt {
        what: "package",
        id: id.to_owned(),
        cause: serde::de::Error::custom(text),
    }
}

fn from_row(row: row::Model) -> Result<Package, CatalogError> {
    Ok(Package {
        id: row.id.parse().map_err(|_| corrupt(&row.id, "id"))?,
        offering: row
            .offering_id
            .parse()
            .map_err(|_| corrupt(&row.id, "offering id"))?,
        label: Label {
            lookup_key: row.lookup_key,
            display_name: row.display_name,
        },
        short_id: row.short_id,
        position: row.position,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

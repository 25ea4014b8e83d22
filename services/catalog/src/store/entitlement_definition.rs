//! Entitlement definitions and the products that give them.

use std::collections::BTreeMap;

use chassis::{
    db::is_unique_violation,
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{EntitlementDefinitionId, ProductId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use super::{
    entity::{entitlement_definition as row, entitlement_product as attached},
    identity::{Stamp, named, short_id},
};
use crate::{
    domain::access::Label,
    error::{CatalogError, Thing},
};

/// A stored definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Identifies it.
    pub id: EntitlementDefinitionId,
    /// Its id in dialects that show short ones.
    pub short_id: String,
    /// Lookup key and name.
    pub label: Label,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores a definition. `Taken` when the lookup key is.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    label: Label,
    now: Timestamp,
) -> Result<Definition, CatalogError> {
    let taken = || CatalogError::Taken {
        what: Thing::EntitlementDefinition,
        field: "lookup_key",
        value: label.lookup_key.clone(),
    };
    let same = of(project).filter(row::Column::LookupKey.eq(&label.lookup_key));
    if same.count(db).await? > 0 {
        return Err(taken());
    }
    let id: EntitlementDefinitionId = chassis::id::next();
    let name = (project, "entl", &*id.to_string());
    let definition = Definition {
        id,
        short_id: short_id(db, &of(project), row::Column::ShortId, name).await?,
        label: label.clone(),
        stamp: Stamp::new(now),
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(id.to_string()),
        short_id: Set(definition.short_id.clone()),
        lookup_key: Set(definition.label.lookup_key.clone()),
        create_time: Set(definition.stamp.created()),
        ..columns(&definition)
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
    Ok(definition)
}

fn columns(definition: &Definition) -> row::ActiveModel {
    row::ActiveModel {
        display_name: Set(definition.label.display_name.clone()),
        revision: Set(definition.stamp.revision),
        update_time: Set(definition.stamp.updated()),
        ..Default::default()
    }
}

/// The definition that a ULID or short id names, or `NotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    text: &str,
) -> Result<Definition, CatalogError> {
    let found = of(project)
        .filter(named(row::Column::Id, row::Column::ShortId, text))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(CatalogError::not_found(Thing::EntitlementDefinition, text)),
        from_row,
    )
}

/// The definitions that ULIDs, short ids or lookup keys name, oldest first.
pub async fn batch(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    lookup_keys: &[String],
) -> Result<Vec<Definition>, CatalogError> {
    let wanted = Condition::any()
        .add(row::Column::Id.is_in(ids))
        .add(row::Column::ShortId.is_in(ids))
        .add(row::Column::LookupKey.is_in(lookup_keys));
    let rows = of(project)
        .filter(wanted)
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// One page of definitions, oldest first.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    slice: &Slice,
) -> Result<Rows<Definition>, CatalogError> {
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

/// Writes a definition that was read at the revision before; another write in between is `Stale`.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: Definition,
    now: Timestamp,
) -> Result<Definition, CatalogError> {
    let definition = Definition {
        stamp: definition.stamp.next(now),
        ..definition
    };
    let done = row::Entity::update_many()
        .set(columns(&definition))
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(definition.id.to_string()))
        .filter(row::Column::Revision.eq(definition.stamp.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("entitlement definition"));
    }
    Ok(definition)
}

/// Removes a definition that was read at this revision, with its attachments.
pub async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: &Definition,
) -> Result<(), CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(definition.id.to_string()))
        .filter(row::Column::Revision.eq(definition.stamp.revision))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale("entitlement definition"));
    }
    attached::Entity::delete_many()
        .filter(attached::Column::ProjectId.eq(project.to_string()))
        .filter(attached::Column::DefinitionId.eq(definition.id.to_string()))
        .exec(db)
        .await?;
    Ok(())
}

/// The products that give a definition, deleted ones excepted.
pub async fn products_of(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: EntitlementDefinitionId,
) -> Result<Vec<ProductId>, CatalogError> {
    let mut all = products_of_all(db, project, &[definition]).await?;
    Ok(all.remove(&definition).unwrap_or_default())
}

/// The products that give each of some definitions, oldest first; those without are left out.
pub async fn products_of_all(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definitions: &[EntitlementDefinitionId],
) -> Result<BTreeMap<EntitlementDefinitionId, Vec<ProductId>>, CatalogError> {
    let ids = definitions.iter().map(EntitlementDefinitionId::to_string);
    let rows = attached::Entity::find()
        .filter(attached::Column::ProjectId.eq(project.to_string()))
        .filter(attached::Column::DefinitionId.is_in(ids))
        .order_by_asc(attached::Column::ProductId)
        .all(db)
        .await?;
    let mut all: BTreeMap<EntitlementDefinitionId, Vec<ProductId>> = BTreeMap::new();
    for row in &rows {
        let (definition, product) = pair(row)?;
        all.entry(definition).or_default().push(product);
    }
    Ok(all)
}

/// Which of some products gives which definition.
pub async fn attachments(
    db: &impl ConnectionTrait,
    project: ProjectId,
    products: &[ProductId],
) -> Result<Vec<(EntitlementDefinitionId, ProductId)>, CatalogError> {
    let rows = attached::Entity::find()
        .filter(attached::Column::ProjectId.eq(project.to_string()))
        .filter(attached::Column::ProductId.is_in(products.iter().map(ProductId::to_string)))
        .order_by_asc(attached::Column::DefinitionId)
        .order_by_asc(attached::Column::ProductId)
        .all(db)
        .await?;
    rows.iter().map(pair).collect()
}

/// Makes products give a definition that none of them gives yet.
pub async fn attach(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: EntitlementDefinitionId,
    products: &[ProductId],
) -> Result<(), CatalogError> {
    let rows = products.iter().map(|product| attached::ActiveModel {
        project_id: Set(project.to_string()),
        definition_id: Set(definition.to_string()),
        product_id: Set(product.to_string()),
    });
    attached::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Ends that.
pub async fn detach(
    db: &impl ConnectionTrait,
    project: ProjectId,
    definition: EntitlementDefinitionId,
    products: &[ProductId],
) -> Result<(), CatalogError> {
    attached::Entity::delete_many()
        .filter(attached::Column::ProjectId.eq(project.to_string()))
        .filter(attached::Column::DefinitionId.eq(definition.to_string()))
        .filter(attached::Column::ProductId.is_in(products.iter().map(ProductId::to_string)))
        .exec(db)
        .await?;
    Ok(())
}

fn corrupt(id: &str, text: &str) -> CatalogError {
    CatalogError::Corrupt {
        what: "entitlement definition",
        id: id.to_owned(),
        cause: serde::de::Error::custom(text),
    }
}

fn pair(row: &attached::Model) -> Result<(EntitlementDefinitionId, ProductId), CatalogError> {
    let bad = || corrupt(&row.definition_id, "product id");
    Ok((
        row.definition_id.parse().map_err(|_| bad())?,
        row.product_id.parse().map_err(|_| bad())?,
    ))
}

fn from_row(row: row::Model) -> Result<Definition, CatalogError> {
    Ok(Definition {
        id: row.id.parse().map_err(|_| corrupt(&row.id, "id"))?,
        label: Label {
            lookup_key: row.lookup_key,
            display_name: row.display_name,
        },
        short_id: row.short_id,
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

//! Prices of language models.

use std::collections::BTreeSet;

use chassis::keyset::{self, Rows, Slice, SortColumn};
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
};

use super::{entity::model_price as row, identity::Stamp};
use crate::{
    domain::{feature::Prices, model_price::ModelPrice},
    error::{CatalogError, Thing},
};

/// A stored price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The price.
    pub price: ModelPrice,
    /// How often and when it was written.
    pub stamp: Stamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// The price of a model, if it is known.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    provider: &str,
    model: &str,
) -> Result<Option<Stored>, CatalogError> {
    let found = of(project)
        .filter(row::Column::Provider.eq(provider))
        .filter(row::Column::Model.eq(model))
        .one(db)
        .await?;
    found.map(from_row).transpose()
}

/// The prices known of some models.
pub async fn of_models(
    db: &impl ConnectionTrait,
    project: ProjectId,
    models: &BTreeSet<(String, String)>,
) -> Result<Prices, CatalogError> {
    if models.is_empty() {
        return Ok(Prices::new());
    }
    let providers: BTreeSet<&str> = models.iter().map(|(provider, _)| &**provider).collect();
    let names: BTreeSet<&str> = models.iter().map(|(_, model)| &**model).collect();
    let wanted = Condition::all()
        .add(row::Column::Provider.is_in(providers))
        .add(row::Column::Model.is_in(names));
    let rows = of(project).filter(wanted).all(db).await?;
    rows.into_iter()
        .map(|row| {
            let price = from_row(row)?.price;
            Ok(((price.provider, price.model), price.pricing))
        })
        .collect()
}

/// One page of prices, by provider and model.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    slice: &Slice,
) -> Result<Rows<Stored>, CatalogError> {
    let text = |column| SortColumn {
        column,
        numeric: false,
    };
    let sort = [text(row::Column::Provider), text(row::Column::Model)];
    let page = keyset::read(db, of(project), &sort, slice).await?;
    let rows = page.rows.into_iter().map(from_row);
    Ok(Rows {
        rows: rows.collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// Stores the price of a model: a new one, or the next revision of the one read before.
pub async fn put(
    db: &impl ConnectionTrait,
    project: ProjectId,
    before: Option<&Stored>,
    price: ModelPrice,
    now: Timestamp,
) -> Result<Stored, CatalogError> {
    let stamp = before.map_or_else(|| Stamp::new(now), |before| before.stamp.next(now));
    let pricing = serde_json::to_string(&price.pricing)
        .map_err(|cause| corrupt(&price.provider, &price.model, cause))?;
    let changed = row::ActiveModel {
        pricing: Set(pricing),
        revision: Set(stamp.revision),
        update_time: Set(stamp.updated()),
        ..Default::default()
    };
    if before.is_some() {
        let done = row::Entity::update_many()
            .set(changed)
            .filter(row::Column::ProjectId.eq(project.to_string()))
            .filter(row::Column::Provider.eq(&price.provider))
            .filter(row::Column::Model.eq(&price.model))
            .filter(row::Column::Revision.eq(stamp.revision - 1))
            .exec(db)
            .await?;
        if done.rows_affected == 0 {
            return Err(CatalogError::Stale("model price"));
        }
    } else {
        let model = row::ActiveModel {
            project_id: Set(project.to_string()),
            provider: Set(price.provider.clone()),
            model: Set(price.model.clone()),
            create_time: Set(stamp.created()),
            ..changed
        };
        row::Entity::insert(model)
            .exec_without_returning(db)
            .await
            .map_err(|error| {
                if chassis::db::is_unique_violation(&error) {
                    CatalogError::Stale("model price")
                } else {
                    error.into()
                }
            })?;
    }
    Ok(Stored { price, stamp })
}

/// Forgets the price of a model, or `NotFound`.
pub async fn delete(
    db: &impl ConnectionTrait,
    project: ProjectId,
    provider: &str,
    model: &str,
) -> Result<(), CatalogError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Provider.eq(provider))
        .filter(row::Column::Model.eq(model))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::not_found(
            Thing::ModelPrice,
            &format!("{provider} {model}"),
        ));
    }
    Ok(())
}

fn corrupt(provider: &str, model: &str, cause: serde_json::Error) -> CatalogError {
    CatalogError::Corrupt {
        what: "model price",
        id: format!("{provider} {model}"),
        cause,
    }
}

fn from_row(row: row::Model) -> Result<Stored, CatalogError> {
    let pricing = serde_json::from_str(&row.pricing)
        .map_err(|cause| corrupt(&row.provider, &row.model, cause))?;
    Ok(Stored {
        price: ModelPrice {
            provider: row.provider,
            model: row.model,
            pricing,
        },
        stamp: Stamp::from_row(row.revision, row.create_time, row.update_time),
    })
}

//! The exchange-rate table.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{
    Exact,
    db::{instant, micros},
};
use kernel::{Timestamp, currency::Currency, id::ProjectId};
use sea_orm::{
    ActiveValue::Set, Condition, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{currency, entity};
use crate::{domain::exchange_rate::Rate, error::CustomerError};
use entity::exchange_rate::{ActiveModel, Column, Entity, Model};

/// Rates that one statement stores.
const ROWS: usize = 200;
/// Values of one `IN` list.
const CHUNK: usize = 300;

/// A rate and when it was last set.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The rate.
    pub rate: Rate,
    /// When it was last set, in project time.
    pub update_time: Timestamp,
}

/// What a rate replaces another by: its pair, and the microseconds of its instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    from: String,
    to: String,
    time: i64,
}

impl Key {
    /// The key of a rate.
    pub fn of(rate: &Rate) -> Self {
        Self {
            from: rate.from.code().to_owned(),
            to: rate.to.code().to_owned(),
            time: micros(rate.time),
        }
    }
}

/// Where a page of rates goes on: the last pair and instant of the page before.
pub struct After {
    /// First currency.
    pub from: String,
    /// Second currency.
    pub to: String,
    /// Microseconds of the instant.
    pub time: i64,
}

/// Stores a rate; the same pair and instant replaces the one before.
pub async fn set(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    rate: &Rate,
    now: Timestamp,
) -> Result<(), CustomerError> {
    set_all(tx, project, &[rate], now).await
}

/// Stores rates, no two of the same pair and instant; each replaces the one before.
pub async fn set_all(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    rates: &[&Rate],
    now: Timestamp,
) -> Result<(), CustomerError> {
    let key = [
        Column::ProjectId,
        Column::FromCurrency,
        Column::ToCurrency,
        Column::EffectiveTime,
    ];
    for chunk in rates.chunks(ROWS) {
        let rows = chunk.iter().map(|rate| ActiveModel {
            project_id: Set(project.to_string()),
            from_currency: Set(rate.from.code().to_owned()),
            to_currency: Set(rate.to.code().to_owned()),
            effective_time: Set(micros(rate.time)),
            rate: Set(Exact(rate.rate)),
            update_time: Set(micros(now)),
        });
        Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns(key)
                    .update_columns([Column::Rate, Column::UpdateTime])
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// What is stored of the pairs and instants of some rates, and perhaps of others.
pub async fn known(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rates: &[Rate],
) -> Result<BTreeMap<Key, Stored>, CustomerError> {
    let mut found = BTreeMap::new();
    for chunk in rates.chunks(CHUNK) {
        let set = |code: fn(&Rate) -> &str| -> BTreeSet<String> {
            chunk.iter().map(|rate| code(rate).to_owned()).collect()
        };
        let times: BTreeSet<i64> = chunk.iter().map(|rate| micros(rate.time)).collect();
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::FromCurrency.is_in(set(|rate| rate.from.code())))
            .filter(Column::ToCurrency.is_in(set(|rate| rate.to.code())))
            .filter(Column::EffectiveTime.is_in(times))
            .all(db)
            .await?;
        for row in rows {
            let stored = from_row(row)?;
            found.insert(Key::of(&stored.rate), stored);
        }
    }
    Ok(found)
}

/// What a lookup between currencies needs of the table: of each ordered pair among them the
/// newest rate at or before the instant, else the earliest.
pub async fn relevant(
    db: &impl ConnectionTrait,
    project: ProjectId,
    currencies: &[Currency],
    at: Timestamp,
) -> Result<Vec<Rate>, CustomerError> {
    let mut found = Vec::new();
    for from in currencies {
        for to in currencies.iter().filter(|to| *to != from) {
            let pair = || {
                Entity::find()
                    .filter(Column::ProjectId.eq(project.to_string()))
                    .filter(Column::FromCurrency.eq(from.code()))
                    .filter(Column::ToCurrency.eq(to.code()))
            };
            let newest = pair()
                .filter(Column::EffectiveTime.lte(micros(at)))
                .order_by_desc(Column::EffectiveTime)
                .one(db)
                .await?;
            let row = match newest {
                Some(row) => Some(row),
                None => pair().order_by_asc(Column::EffectiveTime).one(db).await?,
            };
            if let Some(row) = row {
                found.push(from_row(row)?.rate);
            }
        }
    }
    Ok(found)
}

/// Rates by pair, newest first, one more than the limit when there are more.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    from: Option<Currency>,
    to: Option<Currency>,
    after: Option<&After>,
    limit: u64,
) -> Result<Vec<Stored>, CustomerError> {
    let mut select = Entity::find().filter(Column::ProjectId.eq(project.to_string()));
    if let Some(from) = from {
        select = select.filter(Column::FromCurrency.eq(from.code()));
    }
    if let Some(to) = to {
        select = select.filter(Column::ToCurrency.eq(to.code()));
    }
    if let Some(after) = after {
        let same_pair = Condition::all()
            .add(Column::FromCurrency.eq(&after.from))
            .add(Column::ToCurrency.eq(&after.to))
            .add(Column::EffectiveTime.lt(after.time));
        let same_first = Condition::all()
            .add(Column::FromCurrency.eq(&after.from))
            .add(Column::ToCurrency.gt(&after.to));
        select = select.filter(
            Condition::any()
                .add(Column::FromCurrency.gt(&after.from))
                .add(same_first)
                .add(same_pair),
        );
    }
    select
        .order_by_asc(Column::FromCurrency)
        .order_by_asc(Column::ToCurrency)
        .order_by_desc(Column::EffectiveTime)
        .limit(limit + 1)
        .all(db)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

fn from_row(row: Model) -> Result<Stored, CustomerError> {
    Ok(Stored {
        rate: Rate {
            from: currency(&row.from_currency)?,
            to: currency(&row.to_currency)?,
            rate: row.rate.0,
            time: instant(row.effective_time),
        },
        update_time: instant(row.update_time),
    })
}

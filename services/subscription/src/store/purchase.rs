//! Things bought once.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use chassis::keyset::{self, Rows, Slice, SortColumn};
use chassis::short_id::{Digits, candidate};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, Select,
};

use super::entity::purchase::{ActiveModel, Column, Entity, Model};
use super::term::parsed;
use crate::domain::store_transaction::purchase::Purchase;
use crate::domain::term::Environment;
use crate::error::SubscriptionError;

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;
/// Form of a short id behind its prefix.
const SHORT: (Digits, usize) = (Digits::Hex, 10);
/// Hashes tried before giving up.
const ATTEMPTS_MAX: u32 = 1_000;

/// A stored purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: SubscriptionId,
    /// Its short id.
    pub short_id: String,
    /// The transactions it was made of.
    pub line: String,
    /// Counts writes.
    pub revision: i64,
    /// When it was made.
    pub created: Timestamp,
    /// What is known of it.
    pub facts: Purchase,
}

impl Stored {
    /// Whether it was reported rather than told by a store.
    pub fn is_reported(&self) -> bool {
        self.line.starts_with("reported:")
    }
}

/// Stores what a line comes to; answers it as it was and as it is.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    line: &str,
    facts: &Purchase,
    now: Timestamp,
) -> Result<(Option<Stored>, Stored), SubscriptionError> {
    let old = of_project(project)
        .filter(Column::Line.eq(line))
        .one(tx)
        .await?;
    let id = match &old {
        Some(old) => parsed(&old.id)?,
        None => chassis::id::next::<SubscriptionId>(),
    };
    let mut row = Model {
        project_id: project.to_string(),
        id: id.to_string(),
        short_id: String::new(),
        line: line.to_owned(),
        customer_id: facts.customer.to_string(),
        identifier: facts.identifier.clone(),
        environment: facts.environment.as_str().to_owned(),
        purchase_time: micros(facts.at),
        revision: 1,
        create_time: micros(now),
        document: serde_json::to_string(facts).map_err(SubscriptionError::Corrupt)?,
    };
    let before = old.clone().map(from_row).transpose()?;
    match old {
        Some(old) => {
            row.short_id.clone_from(&old.short_id);
            row.create_time = old.create_time;
            row.revision = old.revision;
            if row != old {
                row.revision += 1;
                let changed = ActiveModel::from(row.clone()).reset_all();
                Entity::update(changed).exec(tx).await?;
            }
        }
        None => {
            row.short_id = short_id(tx, project, id).await?;
            Entity::insert(ActiveModel::from(row.clone()))
                .exec_without_returning(tx)
                .await?;
        }
    }
    Ok((before, from_row(row)?))
}

/// What lines that begin so came to.
pub async fn of_lines(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    prefix: &str,
) -> Result<Vec<Stored>, SubscriptionError> {
    of_project(project)
        .filter(Column::Line.starts_with(prefix))
        .all(connection)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

/// Removes one.
pub async fn remove(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<(), SubscriptionError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// The one with a ULID or short id.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: &str,
) -> Result<Option<Stored>, SubscriptionError> {
    let found = batch(connection, project, &[id.to_owned()], &[]).await?;
    Ok(found.into_iter().next())
}

/// What a line came to.
pub async fn of_line(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    line: &str,
) -> Result<Option<Stored>, SubscriptionError> {
    let row = of_project(project)
        .filter(Column::Line.eq(line))
        .one(connection)
        .await?;
    row.map(from_row).transpose()
}

/// Those with one of these ULIDs, short ids or identifiers, oldest first.
pub async fn batch(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    identifiers: &[String],
) -> Result<Vec<Stored>, SubscriptionError> {
    let (long, short): (Vec<_>, Vec<_>) = ids
        .iter()
        .cloned()
        .partition(|id| kernel::id::parse_ulid(id).is_ok());
    let long: Vec<String> = long.iter().map(|id| id.to_ascii_uppercase()).collect();
    let mut found: BTreeMap<String, Stored> = BTreeMap::new();
    for (column, values) in [
        (Column::Id, long.as_slice()),
        (Column::ShortId, &short),
        (Column::Identifier, identifiers),
    ] {
        for chunk in values.chunks(IN_CHUNK) {
            let rows = of_project(project)
                .filter(column.is_in(chunk.iter().map(String::as_str)))
                .all(connection)
                .await?;
            for row in rows {
                found.insert(row.id.clone(), from_row(row)?);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// A page of a customer's purchases, oldest first.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    environment: Option<Environment>,
    slice: &Slice,
) -> Result<Rows<Model>, SubscriptionError> {
    let mut select = of_project(project).filter(Column::CustomerId.eq(customer.to_string()));
    if let Some(environment) = environment {
        select = select.filter(Column::Environment.eq(environment.as_str()));
    }
    let columns = [
        SortColumn {
            column: Column::PurchaseTime,
            numeric: true,
        },
        SortColumn {
            column: Column::Id,
            numeric: false,
        },
    ];
    Ok(keyset::read(connection, select, &columns, slice).await?)
}

/// All purchases of a customer, oldest first.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Stored>, SubscriptionError> {
    of_project(project)
        .filter(Column::CustomerId.eq(customer.to_string()))
        .order_by_asc(Column::PurchaseTime)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

/// The purchase of a row.
pub fn from_row(row: Model) -> Result<Stored, SubscriptionError> {
    Ok(Stored {
        id: parsed(&row.id)?,
        short_id: row.short_id,
        line: row.line,
        revision: row.revision,
        created: instant(row.create_time),
        facts: serde_json::from_str(&row.document).map_err(SubscriptionError::Corrupt)?,
    })
}

fn of_project(project: ProjectId) -> Select<Entity> {
    Entity::find().filter(Column::ProjectId.eq(project.to_string()))
}

async fn short_id(
    tx: &DatabaseTransaction,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<String, SubscriptionError> {
    for attempt in 0..ATTEMPTS_MAX {
        let short = candidate(project, "purch", SHORT, id, attempt);
        let taken = of_project(project)
            .filter(Column::ShortId.eq(&short))
            .count(tx)
            .await?;
        if taken == 0 {
            return Ok(short);
        }
    }
    Err(SubscriptionError::Raced)
}

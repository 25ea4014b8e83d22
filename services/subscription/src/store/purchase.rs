//! Things bought once.

use chassis::db::{instant, micros};
use chassis::keyset::{Rows, Slice};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    QueryFilter,
};

use super::entity::purchase::{ActiveModel, Column, Entity, Model};
use super::owned::{self, Owned};
use super::term::parsed;
use crate::domain::store_transaction::purchase::Purchase;
use crate::domain::term::Environment;
use crate::error::SubscriptionError;

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
    let old = Entity::there(project)
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
            row.short_id = owned::short_id::<Entity>(tx, project, id).await?;
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
    Entity::there(project)
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
    let row = Entity::there(project)
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
    let rows = owned::batch::<Entity>(connection, project, ids, identifiers).await?;
    rows.into_iter().map(from_row).collect()
}

/// A page of a customer's purchases, oldest first.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    environment: Option<Environment>,
    slice: &Slice,
) -> Result<Rows<Model>, SubscriptionError> {
    owned::list::<Entity>(connection, project, customer, environment, slice).await
}

/// All purchases of a customer, oldest first.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Stored>, SubscriptionError> {
    let rows = owned::of_customer::<Entity>(connection, project, customer).await?;
    rows.into_iter().map(from_row).collect()
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

impl Owned for Entity {
    const PREFIX: &'static str = "purch";
    const PROJECT: Column = Column::ProjectId;
    const ID: Column = Column::Id;
    const SHORT_ID: Column = Column::ShortId;
    const IDENTIFIER: Column = Column::Identifier;
    const CUSTOMER: Column = Column::CustomerId;
    const ENVIRONMENT: Column = Column::Environment;
    const TIME: Column = Column::PurchaseTime;

    fn id_of(row: &Model) -> &str {
        &row.id
    }
}

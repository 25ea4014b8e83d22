//! Reported subscriptions, in the same table as those from plans, and all of a project as one list.

use chassis::db::micros;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};

use super::entity::subscription::{ActiveModel, Column, Entity, Model};
use super::revenue::NewEntry;
use super::store_line::STORE;
use super::{name, subscription};
use crate::domain::refusal::Refusal;
use crate::domain::reported::{Origin, Reported};
use crate::domain::store_transaction::line::StoreLine;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// The kind of a row that is a reported subscription.
pub const REPORTED: &str = "reported";
/// Most reported subscriptions of one customer that are read at once.
const CUSTOMER_MAX: u64 = 10_000;

/// A subscription of any origin.
#[derive(Clone, Debug)]
pub enum Stored {
    /// From a plan, run here.
    Plan(Box<Listed>),
    /// Run elsewhere.
    Reported(Box<Reported>),
    /// Run by a store.
    Store(Box<StoreLine>),
}

/// A plan-based subscription with what lists of all origins show of it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The subscription.
    pub subscription: Subscription,
    /// Its number in the project.
    pub sequence: i64,
    /// Its short id.
    pub short_id: String,
}

impl Stored {
    /// Its number in the project.
    pub fn sequence(&self) -> i64 {
        match self {
            Self::Plan(listed) => listed.sequence,
            Self::Reported(reported) => reported.sequence,
            Self::Store(line) => line.sequence,
        }
    }
}

/// One of any origin that was not deleted.
pub async fn find_any(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<Option<Stored>, SubscriptionError> {
    let row = Entity::find_by_id((project.to_string(), id.to_string()))
        .filter(Column::DeleteTime.is_null())
        .one(connection)
        .await?;
    row.as_ref().map(from_row).transpose().map(Option::flatten)
}

/// One reported subscription.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<Option<Reported>, SubscriptionError> {
    Ok(match find_any(connection, project, id).await? {
        Some(Stored::Reported(reported)) => Some(*reported),
        Some(Stored::Plan(_) | Stored::Store(_)) | None => None,
    })
}

/// All reported subscriptions of some customers.
pub async fn of_customers(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &std::collections::BTreeSet<String>,
) -> Result<Vec<Reported>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.is_in(customers.iter().map(String::as_str)))
        .filter(Column::Kind.eq(REPORTED))
        .filter(Column::DeleteTime.is_null())
        .all(connection)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(Stored::Reported(reported)) = from_row(row)? {
            found.push(*reported);
        }
    }
    Ok(found)
}

/// All reported subscriptions of a customer by creation.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Reported>, SubscriptionError> {
    let all = list(connection, project, Some(customer), 0, CUSTOMER_MAX).await?;
    let reported = all.into_iter().filter_map(|stored| match stored {
        Stored::Reported(reported) => Some(*reported),
        Stored::Plan(_) | Stored::Store(_) => None,
    });
    Ok(reported.collect())
}

/// Subscriptions of every origin by number, behind a number. Leans on `subscription_by_sequence`, for one customer on
/// `subscription_by_customer`.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: Option<CustomerId>,
    after: i64,
    limit: u64,
) -> Result<Vec<Stored>, SubscriptionError> {
    let mut query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Sequence.gt(after))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Sequence)
        .limit(limit);
    if let Some(customer) = customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    let rows = query.all(connection).await?;
    rows.iter()
        .filter_map(|row| from_row(row).transpose())
        .collect()
}

/// Stores a subscription of which nothing was stored before, numbers and names it.
pub async fn insert(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &mut Reported,
) -> Result<(), SubscriptionError> {
    let id = reported.id;
    (reported.sequence, reported.short_id) = name::number(tx, project, id).await?;
    if reported.key.is_empty() {
        if reported.origin == Origin::Patches {
            reported.key = name::key(tx, project, id).await?;
        }
    } else {
        take_key(tx, project, reported).await?;
    }
    name_parts(tx, project, reported).await?;
    Entity::insert(to_row(project, reported)?)
        .exec_without_returning(tx)
        .await?;
    write_revenue(tx, project, reported).await
}

/// Stores the next revision of a subscription; refuses when it is not the next.
pub async fn update(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &mut Reported,
) -> Result<(), SubscriptionError> {
    name_parts(tx, project, reported).await?;
    let done = Entity::update_many()
        .set(to_row(project, reported)?)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(reported.id.to_string()))
        .filter(Column::Revision.eq(reported.revision - 1))
        .exec(tx)
        .await?;
    if done.rows_affected != 1 {
        return Err(SubscriptionError::Raced);
    }
    write_revenue(tx, project, reported).await
}

/// Removes a subscription with all its names and payments, from the ledger too.
pub async fn delete(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &Reported,
) -> Result<(), SubscriptionError> {
    let id = reported.id;
    name::release(tx, project, id).await?;
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "DELETE FROM reported_payment WHERE project_id = $1 AND subscription_id = $2",
        [project.to_string().into(), id.to_string().into()],
    ))
    .await?;
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    super::revenue::replace_entries(tx, project, id, reported.customer_id, &[]).await
}

/// The subscription that holds a payment.
pub async fn holder_of_payment(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Option<SubscriptionId>, SubscriptionError> {
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT subscription_id FROM reported_payment WHERE project_id = $1 AND payment_key = $2",
            [project.to_string().into(), key.into()],
        ))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id: String = row.try_get("", "subscription_id")?;
    Ok(id.parse().ok())
}

/// Notes which subscription holds a payment; refuses when another one does.
pub async fn hold_payment(
    tx: &DatabaseTransaction,
    project: ProjectId,
    key: &str,
    id: SubscriptionId,
) -> Result<(), SubscriptionError> {
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO reported_payment (project_id, payment_key, subscription_id) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id, payment_key) DO NOTHING",
        [
            project.to_string().into(),
            key.into(),
            id.to_string().into(),
        ],
    ))
    .await?;
    if holder_of_payment(tx, project, key).await? == Some(id) {
        Ok(())
    } else {
        Err(SubscriptionError::Raced)
    }
}

/// Takes the reporter's key. A name that only an item of another subscription has gives way to a key reported by fields, whose
/// reporter need not know of items; that item keeps its short id.
async fn take_key(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &Reported,
) -> Result<(), SubscriptionError> {
    let key = &reported.key;
    let taken = || SubscriptionError::KeyTaken(key.clone());
    if let Ok(id) = key.parse::<SubscriptionId>() {
        // Every id names its subscription already.
        let row = Entity::find_by_id((project.to_string(), id.to_string()));
        if row.one(tx).await?.is_some() {
            return Err(taken());
        }
    }
    if reported.origin == Origin::Patches {
        name::release_item(tx, project, key).await?;
    }
    if name::take(tx, project, key, reported.id, None).await? {
        Ok(())
    } else {
        Err(taken())
    }
}

/// Names the time lines of single products, where there are several.
async fn name_parts(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &mut Reported,
) -> Result<(), SubscriptionError> {
    for line in reported.lines().map_err(Refusal::from)? {
        let Some(product) = line.product_key else {
            continue;
        };
        if reported.parts.contains_key(&product) {
            continue;
        }
        let short_id = name::short(tx, project, reported.id, Some(&product)).await?;
        let long = format!("{}:{product}", reported.shown_key());
        // One that somebody has as a key stays with him.
        name::take(tx, project, &long, reported.id, Some(&product)).await?;
        reported.parts.insert(product, short_id);
    }
    Ok(())
}

async fn write_revenue(
    tx: &DatabaseTransaction,
    project: ProjectId,
    reported: &Reported,
) -> Result<(), SubscriptionError> {
    let entries: Vec<NewEntry> = reported
        .worth()
        .map_err(Refusal::from)?
        .into_iter()
        .map(|worth| NewEntry {
            at: worth.at,
            part: worth.part,
            product_key: worth.product_key,
            currency: worth.currency.code().to_owned(),
            monthly_value: worth.monthly_value,
            class: worth.class,
        })
        .collect();
    super::revenue::replace_entries(tx, project, reported.id, reported.customer_id, &entries).await
}

/// A kind that this version does not know is of a later one; it is left out.
pub(super) fn from_row(row: &Model) -> Result<Option<Stored>, SubscriptionError> {
    let read = |error| SubscriptionError::Corrupt(error);
    Ok(match row.kind.as_str() {
        subscription::PLAN => Some(Stored::Plan(Box::new(Listed {
            subscription: serde_json::from_str(&row.document).map_err(read)?,
            sequence: row.sequence,
            short_id: row.short_id.clone(),
        }))),
        REPORTED => {
            let reported = serde_json::from_str(&row.document).map_err(read)?;
            Some(Stored::Reported(Box::new(reported)))
        }
        STORE => {
            let line = serde_json::from_str(&row.document).map_err(read)?;
            Some(Stored::Store(Box::new(line)))
        }
        _ => None,
    })
}

fn to_row(project: ProjectId, reported: &Reported) -> Result<ActiveModel, SubscriptionError> {
    let life = reported.life().map_err(Refusal::from)?;
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(reported.id.to_string()),
        customer_id: Set(reported.customer_id.to_string()),
        plan_key: Set(None),
        active_from: Set(micros(life.start)),
        active_to: Set(life.end.map_or(subscription::OPEN, micros)),
        revision: Set(reported.revision),
        delete_time: Set(None),
        document: Set(serde_json::to_string(reported).map_err(SubscriptionError::Corrupt)?),
        kind: Set(REPORTED.to_owned()),
        sequence: Set(reported.sequence),
        short_id: Set(reported.short_id.clone()),
        renews: Set(false),
    })
}

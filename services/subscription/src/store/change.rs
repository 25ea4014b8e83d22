//! The ledger of terms: what each write changed of what a customer pays and may use.

use chassis::Write;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use kernel::period::OpenPeriod;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait as _,
};
use serde::{Deserialize, Serialize};

use super::entity::subscription_change::{ActiveModel, Column, Entity, Model};
use crate::domain::ledger::{Cause, Entry, Sold, entries};
use crate::domain::refusal::Refusal;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// Rows that one statement writes: its parameters are limited.
const ROWS_PER_INSERT: usize = 500;

/// A stored entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// The subscription.
    pub subscription_id: String,
    /// Its customer.
    pub customer_id: String,
    /// Its revision.
    pub revision: i64,
    /// What was done; `None`: something that this version does not know.
    pub cause: Option<Cause>,
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What it changed.
    pub entry: Entry,
}

/// What was sold and what is.
#[derive(Serialize, Deserialize)]
struct Document {
    before: Option<Sold>,
    after: Option<Sold>,
}

/// Records what a write changes, with its commit. `None` before: the subscription is new.
pub fn record(
    write: &Write,
    cause: Cause,
    before: Option<&Subscription>,
    after: &Subscription,
) -> Result<(), SubscriptionError> {
    let context = write.context();
    let mut rows = Vec::new();
    for entry in entries(before, after).map_err(Refusal::from)? {
        let document = Document {
            before: entry.before,
            after: entry.after,
        };
        rows.push(ActiveModel {
            project_id: Set(context.project.to_string()),
            id: Set(chassis::id::next::<SubscriptionId>().to_string()),
            subscription_id: Set(after.id.to_string()),
            customer_id: Set(after.customer_id.to_string()),
            revision: Set(after.revision),
            cause: Set(cause.as_str().to_owned()),
            actor: Set(context.actor.clone()),
            record_time: Set(micros(context.now)),
            effective_time: Set(micros(entry.span.start)),
            end_time: Set(entry.span.end.map(micros)),
            item_key: Set(entry.item),
            document: Set(serde_json::to_string(&document).map_err(SubscriptionError::Corrupt)?),
        });
    }
    for rows in rows.chunks(ROWS_PER_INSERT) {
        let insert = Entity::insert_many(rows.to_vec());
        write.later(insert.build(write.tx().get_database_backend()));
    }
    Ok(())
}

/// A page in the order of recording.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: Option<CustomerId>,
    subscription: Option<SubscriptionId>,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Recorded>, SubscriptionError> {
    let mut query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .order_by_asc(Column::Id)
        .limit(limit);
    if let Some(customer) = customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    if let Some(subscription) = subscription {
        query = query.filter(Column::SubscriptionId.eq(subscription.to_string()));
    }
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query
        .all(connection)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

fn from_row(row: Model) -> Result<Recorded, SubscriptionError> {
    let document: Document =
        serde_json::from_str(&row.document).map_err(SubscriptionError::Corrupt)?;
    Ok(Recorded {
        id: row.id,
        subscription_id: row.subscription_id,
        customer_id: row.customer_id,
        revision: row.revision,
        cause: Cause::parse(&row.cause),
        actor: row.actor,
        at: instant(row.record_time),
        entry: Entry {
            item: row.item_key,
            span: OpenPeriod {
                start: instant(row.effective_time),
                end: row.end_time.map(instant),
            },
            before: document.before,
            after: document.after,
        },
    })
}

//! The change ledger.

use chassis::Exact;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};

use super::entity::revenue_change::{ActiveModel, Column, Entity, Model};
use crate::domain::revenue::change::{Change, Class, changes, product_key};
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// Rows that one read takes.
const PAGE: u64 = 5_000;
/// Rows that one statement writes: its parameters are limited.
const ROWS_PER_INSERT: usize = 500;

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The subscription.
    pub subscription_id: String,
    /// Its customer.
    pub customer_id: String,
    /// What is sold.
    pub product_key: String,
    /// Code of the value's currency.
    pub currency: String,
    /// From when on.
    pub at: Timestamp,
    /// Worth of a month.
    pub monthly_value: Decimal,
    /// What it counts as.
    pub class: Class,
}

/// Writes the ledger of a subscription anew.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    subscription: &Subscription,
) -> Result<(), SubscriptionError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SubscriptionId.eq(subscription.id.to_string()))
        .exec(tx)
        .await?;
    let rows: Vec<ActiveModel> = changes(subscription)?
        .iter()
        .map(|change| to_row(project, subscription, change))
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// All entries of a project before an instant, by time. Leans on `revenue_change_by_time`.
pub async fn before(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    until: Timestamp,
) -> Result<Vec<LedgerEntry>, SubscriptionError> {
    let mut found: Vec<LedgerEntry> = Vec::new();
    loop {
        let after = found
            .last()
            .map(|last| (micros(last.at), last.subscription_id.clone()));
        let rows = select(project, after)
            .filter(Column::EffectiveTime.lt(micros(until)))
            .limit(PAGE)
            .all(connection)
            .await?;
        let full = u64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        found.extend(rows.into_iter().filter_map(from_row));
        if !full {
            return Ok(found);
        }
    }
}

/// A page of entries by time and subscription.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: Option<CustomerId>,
    subscription: Option<SubscriptionId>,
    after: Option<(i64, String)>,
    limit: u64,
) -> Result<Vec<LedgerEntry>, SubscriptionError> {
    let mut query = select(project, after);
    if let Some(customer) = customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    if let Some(subscription) = subscription {
        query = query.filter(Column::SubscriptionId.eq(subscription.to_string()));
    }
    Ok(query
        .limit(limit)
        .all(connection)
        .await?
        .into_iter()
        .filter_map(from_row)
        .collect())
}

fn select(project: ProjectId, after: Option<(i64, String)>) -> Select<Entity> {
    let query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .order_by_asc(Column::EffectiveTime)
        .order_by_asc(Column::SubscriptionId);
    match after {
        None => query,
        Some((time, id)) => {
            let column = Expr::col((Entity, Column::EffectiveTime));
            let same = column
                .clone()
                .eq(time)
                .and(Expr::col((Entity, Column::SubscriptionId)).gt(id));
            query.filter(column.gt(time).or(same))
        }
    }
}

fn to_row(project: ProjectId, subscription: &Subscription, change: &Change) -> ActiveModel {
    ActiveModel {
        project_id: Set(project.to_string()),
        subscription_id: Set(subscription.id.to_string()),
        effective_time: Set(micros(change.at)),
        customer_id: Set(subscription.customer_id.to_string()),
        product_key: Set(product_key(subscription)),
        currency: Set(subscription.currency.code().to_owned()),
        monthly_value: Set(Exact(change.monthly_value)),
        class: Set(change.class.as_str().to_owned()),
    }
}

/// A class that this version does not know is of a later one; it is left out.
fn from_row(row: Model) -> Option<LedgerEntry> {
    Some(LedgerEntry {
        class: Class::parse(&row.class)?,
        subscription_id: row.subscription_id,
        customer_id: row.customer_id,
        product_key: row.product_key,
        currency: row.currency,
        at: instant(row.effective_time),
        monthly_value: row.monthly_value.0,
    })
}

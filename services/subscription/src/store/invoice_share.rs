//! What invoices say of subscriptions made from plans: taken from billing's feed.

use std::collections::BTreeMap;

use chassis::Exact;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::entity::invoice_share::{ActiveModel, Column, Entity};
use super::payment::Moved;
use crate::error::SubscriptionError;

/// Values of one `IN` list.
const IN_CHUNK: usize = 500;

/// What one invoice says of one subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The invoice.
    pub invoice: String,
    /// The subscription.
    pub subscription: String,
    /// Who pays.
    pub customer: CustomerId,
    /// Whether it was issued and is not paid.
    pub open: bool,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Sum of its lines for the subscription.
    pub amount: Decimal,
    /// Code of the currency.
    pub currency: String,
}

/// What one invoice says of all subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The invoice.
    pub invoice: String,
    /// Its revision.
    pub revision: i64,
    /// Its shares.
    pub shares: Vec<Share>,
}

/// Writes what an invoice says anew, unless more is known already.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    told: Told,
) -> Result<bool, SubscriptionError> {
    Ok(replace_all(tx, project, vec![told]).await? > 0)
}

/// The same for some invoices, of which the newest state counts; answers how many were written.
pub async fn replace_all(
    tx: &DatabaseTransaction,
    project: ProjectId,
    told: Vec<Told>,
) -> Result<usize, SubscriptionError> {
    let mut newest: BTreeMap<String, Told> = BTreeMap::new();
    for told in told {
        let known = newest.get(&told.invoice);
        if known.is_none_or(|known| known.revision < told.revision) {
            newest.insert(told.invoice.clone(), told);
        }
    }
    let invoices: Vec<&str> = newest.keys().map(String::as_str).collect();
    let known = revisions(tx, project, &invoices).await?;
    newest.retain(|invoice, told| {
        let known = known.get(invoice);
        known.is_none_or(|known| *known < told.revision)
    });
    let replaced: Vec<&String> = known
        .keys()
        .filter(|invoice| newest.contains_key(*invoice))
        .collect();
    for chunk in replaced.chunks(IN_CHUNK) {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::InvoiceId.is_in(chunk.iter().map(|invoice| invoice.as_str())))
            .exec(tx)
            .await?;
    }
    let row = |revision: i64, share: &Share| ActiveModel {
        project_id: Set(project.to_string()),
        invoice_id: Set(share.invoice.clone()),
        subscription_id: Set(share.subscription.clone()),
        customer_id: Set(share.customer.to_string()),
        revision: Set(revision),
        is_open: Set(share.open),
        time: Set(share.paid_at.map(micros)),
        amount: Set(Exact(share.amount)),
        currency: Set(share.currency.clone()),
    };
    let rows: Vec<ActiveModel> = newest
        .values()
        .flat_map(|told| told.shares.iter().map(|share| row(told.revision, share)))
        .collect();
    for rows in rows.chunks(IN_CHUNK) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(newest.len())
}

/// What invoices say of some subscriptions, by payment.
pub async fn of_subscriptions(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    subscriptions: &[String],
) -> Result<Vec<Share>, SubscriptionError> {
    let mut found = Vec::new();
    for chunk in subscriptions.chunks(IN_CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::SubscriptionId.is_in(chunk.iter().map(String::as_str)))
            .order_by_asc(Column::Time)
            .order_by_asc(Column::InvoiceId)
            .all(connection)
            .await?;
        for row in rows {
            found.push(Share {
                customer: super::term::parsed(&row.customer_id)?,
                invoice: row.invoice_id,
                subscription: row.subscription_id,
                open: row.is_open,
                paid_at: row.time.map(instant),
                amount: row.amount.0,
                currency: row.currency,
            });
        }
    }
    Ok(found)
}

/// What was paid after an instant, up to and with another.
pub async fn paid_between(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<Moved>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Time.gt(micros(after)))
        .filter(Column::Time.lte(micros(until)))
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| Moved {
            customer: row.customer_id,
            owner: row.subscription_id,
            at: row.time.map_or(after, instant),
            amount: row.amount.0,
            currency: row.currency,
        })
        .collect())
}

/// The revisions of those of some invoices that say anything.
async fn revisions(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[&str],
) -> Result<BTreeMap<String, i64>, SubscriptionError> {
    let mut found = BTreeMap::new();
    for chunk in invoices.chunks(IN_CHUNK) {
        let rows: Vec<(String, Option<i64>)> = Entity::find()
            .select_only()
            .column(Column::InvoiceId)
            .column_as(Column::Revision.max(), "newest")
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::InvoiceId.is_in(chunk.iter().copied()))
            .group_by(Column::InvoiceId)
            .into_tuple()
            .all(connection)
            .await?;
        for (invoice, revision) in rows {
            found.insert(invoice, revision.unwrap_or_default());
        }
    }
    Ok(found)
}

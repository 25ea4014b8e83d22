//! What invoices say of subscriptions made from plans: taken from billing's feed.

use chassis::Exact;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder,
};

use super::entity::invoice_share::{ActiveModel, Column, Entity, Model};
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

/// Writes what an invoice says anew, unless more is known already.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    (invoice, revision): (&str, i64),
    shares: &[Share],
) -> Result<bool, SubscriptionError> {
    let known = of_invoice(tx, project, invoice).await?;
    if known.iter().any(|row| row.revision >= revision) {
        return Ok(false);
    }
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::InvoiceId.eq(invoice))
        .exec(tx)
        .await?;
    let rows = shares.iter().map(|share| ActiveModel {
        project_id: Set(project.to_string()),
        invoice_id: Set(invoice.to_owned()),
        subscription_id: Set(share.subscription.clone()),
        customer_id: Set(share.customer.to_string()),
        revision: Set(revision),
        is_open: Set(share.open),
        time: Set(share.paid_at.map(micros)),
        amount: Set(Exact(share.amount)),
        currency: Set(share.currency.clone()),
    });
    let rows: Vec<ActiveModel> = rows.collect();
    for rows in rows.chunks(IN_CHUNK) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(true)
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

async fn of_invoice(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    invoice: &str,
) -> Result<Vec<Model>, SubscriptionError> {
    Ok(Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::InvoiceId.eq(invoice))
        .all(connection)
        .await?)
}

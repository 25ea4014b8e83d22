//! Payments of customers, whatever they are for.

use std::collections::BTreeSet;

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::entity::{invoice_share, payment};
use crate::error::SubscriptionError;
use crate::revenue::spend::Spent;

/// What these customers paid before an instant: for terms and purchases, and by invoices.
pub async fn payments(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customers: &BTreeSet<String>,
    until: Timestamp,
) -> Result<Vec<Spent>, SubscriptionError> {
    let ids = || customers.iter().map(String::as_str);
    let direct = payment::Entity::find()
        .filter(payment::Column::ProjectId.eq(project.to_string()))
        .filter(payment::Column::CustomerId.is_in(ids()))
        .filter(payment::Column::Time.lt(micros(until)))
        .all(connection)
        .await?;
    let invoiced = invoice_share::Entity::find()
        .filter(invoice_share::Column::ProjectId.eq(project.to_string()))
        .filter(invoice_share::Column::CustomerId.is_in(ids()))
        .filter(invoice_share::Column::Time.lt(micros(until)))
        .all(connection)
        .await?;
    let direct = direct.into_iter().map(|row| Spent {
        customer_id: row.customer_id,
        at: instant(row.time),
        amount: row.amount.0,
        currency: row.currency,
    });
    let invoiced = invoiced.into_iter().filter_map(|row| {
        Some(Spent {
            customer_id: row.customer_id,
            at: instant(row.time?),
            amount: row.amount.0,
            currency: row.currency,
        })
    });
    Ok(direct.chain(invoiced).collect())
}

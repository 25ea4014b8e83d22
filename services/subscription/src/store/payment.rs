//! Money of terms and purchases that counts in figures, by time.

use chassis::Exact;
use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::entity::payment::{ActiveModel, Column, Entity};
use crate::domain::term::Payment;
use crate::error::SubscriptionError;

/// Rows that one statement writes.
const ROWS_PER_INSERT: usize = 500;
/// Rows that one read takes.
const PAGE: u64 = 5_000;

/// A payment of anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Who has what it was for.
    pub customer: String,
    /// What it was for.
    pub owner: String,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Decimal,
    /// Code of the currency.
    pub currency: String,
}

/// Writes the payments of a term or purchase anew.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    (owner, customer): (SubscriptionId, CustomerId),
    payments: &[Payment],
) -> Result<(), SubscriptionError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::OwnerId.eq(owner.to_string()))
        .exec(tx)
        .await?;
    let rows: Vec<ActiveModel> = payments
        .iter()
        .map(|payment| ActiveModel {
            project_id: Set(project.to_string()),
            owner_id: Set(owner.to_string()),
            id: Set(payment.id.clone()),
            customer_id: Set(customer.to_string()),
            time: Set(micros(payment.at)),
            amount: Set(Exact(payment.amount.value)),
            currency: Set(payment.amount.currency.clone()),
        })
        .collect();
    for rows in rows.chunks(ROWS_PER_INSERT) {
        Entity::insert_many(rows.to_vec())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// All payments after an instant, up to and with another.
pub async fn between(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    after: Timestamp,
    until: Timestamp,
) -> Result<Vec<Moved>, SubscriptionError> {
    let mut found: Vec<Moved> = Vec::new();
    let mut last: Option<(i64, String, String)> = None;
    loop {
        let mut select = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Time.gt(micros(after)))
            .filter(Column::Time.lte(micros(until)));
        if let Some((time, owner, id)) = last {
            let columns = [Column::Time, Column::OwnerId, Column::Id];
            let row = Expr::tuple(columns.map(|column| Expr::col((Entity, column))));
            let values = Expr::tuple([Expr::value(time), Expr::value(owner), Expr::value(id)]);
            select = select.filter(row.gt(values));
        }
        let rows = select
            .order_by_asc(Column::Time)
            .order_by_asc(Column::OwnerId)
            .order_by_asc(Column::Id)
            .limit(PAGE)
            .all(connection)
            .await?;
        let full = u64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        last = rows
            .last()
            .map(|row| (row.time, row.owner_id.clone(), row.id.clone()));
        found.extend(rows.into_iter().map(|row| Moved {
            customer: row.customer_id,
            owner: row.owner_id,
            at: instant(row.time),
            amount: row.amount.0,
            currency: row.currency,
        }));
        if !full {
            return Ok(found);
        }
    }
}

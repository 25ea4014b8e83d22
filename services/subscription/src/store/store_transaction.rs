//! What stores told, kept as it was told.

use chassis::db::{instant, micros};
use chassis::keyset::{self, Rows, Slice, SortColumn};
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
};

use super::entity::store_transaction::{ActiveModel, Column, Entity, Model};
use crate::domain::store_transaction::Transaction;
use crate::error::SubscriptionError;

/// The name under which all transactions of one line are kept.
pub fn line_key(transaction: &Transaction) -> String {
    format!(
        "store:{}:{}:{}",
        transaction.store.as_str(),
        transaction.environment.as_str(),
        transaction.line()
    )
}

/// A transaction that was recorded before, and when.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    like: &Transaction,
) -> Result<Option<(Transaction, Timestamp)>, SubscriptionError> {
    let key = (
        project.to_string(),
        like.store.as_str().to_owned(),
        like.environment.as_str().to_owned(),
        like.id.clone(),
    );
    let row = Entity::find_by_id(key).one(connection).await?;
    row.map(from_row).transpose()
}

/// Keeps a new one.
pub async fn insert(
    tx: &DatabaseTransaction,
    project: ProjectId,
    transaction: &Transaction,
    now: Timestamp,
) -> Result<(), SubscriptionError> {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        store: Set(transaction.store.as_str().to_owned()),
        environment: Set(transaction.environment.as_str().to_owned()),
        id: Set(transaction.id.clone()),
        line: Set(line_key(transaction)),
        happen_time: Set(micros(transaction.at)),
        record_time: Set(micros(now)),
        document: Set(serde_json::to_string(transaction).map_err(SubscriptionError::Corrupt)?),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// All transactions of a line.
pub async fn of_line(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    line: &str,
) -> Result<Vec<Transaction>, SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Line.eq(line))
        .all(connection)
        .await?;
    rows.into_iter().map(|row| Ok(from_row(row)?.0)).collect()
}

/// A page of the transactions of some lines, by the time at which they happened.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    lines: &[String],
    slice: &Slice,
) -> Result<Rows<Model>, SubscriptionError> {
    let select = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Line.is_in(lines.iter().map(String::as_str)));
    let columns = [
        SortColumn {
            column: Column::HappenTime,
            numeric: true,
        },
        SortColumn {
            column: Column::Line,
            numeric: false,
        },
        SortColumn {
            column: Column::Id,
            numeric: false,
        },
    ];
    Ok(keyset::read(connection, select, &columns, slice).await?)
}

/// The transaction of a row, and when it was recorded.
pub fn from_row(row: Model) -> Result<(Transaction, Timestamp), SubscriptionError> {
    let transaction = serde_json::from_str(&row.document).map_err(SubscriptionError::Corrupt)?;
    Ok((transaction, instant(row.record_time)))
}

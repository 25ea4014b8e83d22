//! Customers whose hold may have to change: noted in the write that is the reason, forgotten
//! when the customer service was told.

use std::collections::{BTreeMap, BTreeSet};

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, Ulid},
};
use sea_orm::{
    ActiveValue::Set,
    DbBackend, QueryOrder, QuerySelect, QueryTrait as _, Statement,
    entity::prelude::*,
    sea_query::{ExprTrait as _, OnConflict, SelectStatement},
};

use super::{CHUNK, entity, id};
use crate::error::BillingError;
use entity::stale_hold::{ActiveModel, Column, Entity};

/// Most customers that a timer looks at in one go.
const BATCH: u64 = 50;

/// Notes customers whose hold may have to change, to be looked at from then on. Part of the
/// write that is the reason.
pub async fn note(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
    due: Timestamp,
) -> Result<(), BillingError> {
    let customers: Vec<String> = customers.iter().map(ToString::to_string).collect();
    for chunk in customers.chunks(CHUNK) {
        let token = chassis::id::next::<Ulid>().to_string();
        let rows: Vec<ActiveModel> = chunk
            .iter()
            .map(|customer| ActiveModel {
                project_id: Set(project.to_string()),
                customer_id: Set(customer.clone()),
                due_time: Set(micros(due)),
                token: Set(token.clone()),
            })
            .collect();
        Entity::insert_many(rows)
            .on_conflict(replaced())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// The statement that notes one customer, and the token of the note.
pub fn noting(
    backend: DbBackend,
    project: ProjectId,
    customer: CustomerId,
    due: Timestamp,
) -> (Statement, String) {
    let token = chassis::id::next::<Ulid>().to_string();
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(customer.to_string()),
        due_time: Set(micros(due)),
        token: Set(token.clone()),
    };
    let insert = Entity::insert(row).on_conflict(replaced());
    (insert.build(backend), token)
}

/// A note takes the place of an earlier one.
fn replaced() -> OnConflict {
    OnConflict::columns([Column::ProjectId, Column::CustomerId])
        .update_columns([Column::DueTime, Column::Token])
        .to_owned()
}

/// The tokens of the notes about some customers; those without a note are left out.
pub async fn noted(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, String)>, BillingError> {
    let customers: Vec<String> = customers.iter().map(ToString::to_string).collect();
    let mut found = Vec::new();
    for chunk in customers.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk.iter().cloned()))
            .all(db)
            .await?;
        for row in rows {
            let customer = id("stale_hold.customer_id", &row.customer_id)?;
            found.push((customer, row.token));
        }
    }
    Ok(found)
}

/// Forgets notes, those by these tokens: a note that somebody made anew meanwhile stays. Where it is said whether the
/// customers have an open invoice, only notes about those with whom it is so. Answers whose notes were forgotten.
pub async fn forget(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    notes: &[(CustomerId, &str)],
    open: Option<bool>,
) -> Result<BTreeSet<CustomerId>, BillingError> {
    let mut by_token: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (customer, token) in notes {
        let customers = by_token.entry(token).or_default();
        customers.push(customer.to_string());
    }
    let mut forgotten = BTreeSet::new();
    for (token, customers) in by_token {
        for chunk in customers.chunks(CHUNK) {
            let mut delete = Entity::delete_many()
                .filter(Column::ProjectId.eq(project.to_string()))
                .filter(Column::CustomerId.is_in(chunk.iter().cloned()))
                .filter(Column::Token.eq(token));
            if let Some(open) = open {
                let exists = Expr::exists(an_open_invoice(project));
                delete = delete.filter(if open { exists } else { exists.not() });
            }
            let delete = delete
                .into_query()
                .returning_col(Column::CustomerId)
                .to_owned();
            let statement = tx.get_database_backend().build(&delete);
            for row in tx.query_all_raw(statement).await? {
                let customer: String = row.try_get("", "customer_id")?;
                forgotten.insert(id("stale_hold.customer_id", &customer)?);
            }
        }
    }
    Ok(forgotten)
}

/// An invoice that holds the customer of a note.
fn an_open_invoice(project: ProjectId) -> SelectStatement {
    use entity::invoice;
    let own = Expr::col((invoice::Entity, invoice::Column::CustomerId));
    invoice::Entity::find()
        .select_only()
        .column(invoice::Column::Id)
        .filter(invoice::Column::ProjectId.eq(project.to_string()))
        .filter(own.equals((Entity, Column::CustomerId)))
        .filter(super::invoice::open())
        .into_query()
}

/// Noted customers that are due.
pub async fn due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    now: Timestamp,
) -> Result<Vec<(CustomerId, String)>, BillingError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DueTime.lte(micros(now)))
        .order_by_asc(Column::DueTime)
        .limit(BATCH)
        .all(db)
        .await?;
    rows.iter()
        .map(|row| {
            let customer = id("stale_hold.customer_id", &row.customer_id)?;
            Ok((customer, row.token.clone()))
        })
        .collect()
}

/// Per project the earliest instant at which a timer has to look.
pub async fn next_due(
    db: &impl ConnectionTrait,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    let rows: Vec<(String, Option<i64>)> = Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .column_as(Column::DueTime.min(), "earliest")
        .group_by(Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .filter_map(|(project, earliest)| earliest.map(|earliest| (project, earliest)))
        .map(|(project, earliest)| Ok((id("stale_hold.project_id", &project)?, instant(earliest))))
        .collect()
}

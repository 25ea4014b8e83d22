//! Lines of invoices. A line keeps its row when it moves to another invoice.

use std::collections::BTreeMap;

use chassis::Write;
use kernel::id::{InvoiceId, LineId, ProjectId, SubscriptionId, Ulid};
use sea_orm::{
    ActiveValue::Set, InsertMany, JoinType, QueryOrder, QuerySelect, QueryTrait as _,
    entity::prelude::*, sea_query::OnConflict,
};

use super::{CHUNK, entity, from_json, id, micros, to_json};
use crate::{
    domain::{
        invoice::Line,
        state::State,
        sync::{Existing, Standing},
    },
    error::BillingError,
};
use entity::{
    invoice,
    invoice_line::{ActiveModel, Column, Entity},
};

/// Most lines stored with one statement.
const ROWS: usize = 500;

/// The lines of these invoices.
pub async fn of_invoices(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[String],
) -> Result<BTreeMap<String, Vec<Line>>, BillingError> {
    let mut found: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for chunk in invoices.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::InvoiceId.is_in(chunk.iter().cloned()))
            .order_by_asc(Column::Id)
            .all(db)
            .await?;
        for row in rows {
            found
                .entry(row.invoice_id)
                .or_default()
                .push(from_json(&row.body)?);
        }
    }
    Ok(found)
}

/// Stores lines of an invoice, new, changed or moved to it.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoice: InvoiceId,
    lines: &[Line],
) -> Result<(), BillingError> {
    let rows = rows(project, lines.iter().map(|line| (invoice, line)))?;
    put(tx, rows).await
}

/// Lines as rows, with the invoices they are on.
pub(super) fn rows<'a>(
    project: ProjectId,
    lines: impl Iterator<Item = (InvoiceId, &'a Line)>,
) -> Result<Vec<ActiveModel>, BillingError> {
    lines
        .map(|(invoice, line)| row(project, invoice, line))
        .collect()
}

/// Stores rows.
pub(super) async fn put(
    tx: &impl ConnectionTrait,
    mut rows: Vec<ActiveModel>,
) -> Result<(), BillingError> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        insert(rows).exec_without_returning(tx).await?;
        rows = rest;
    }
    Ok(())
}

/// Stores rows with the commit.
pub(super) fn put_later(write: &Write, mut rows: Vec<ActiveModel>) {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        write.later(insert(rows).build(write.tx().get_database_backend()));
        rows = rest;
    }
}

fn insert(rows: Vec<ActiveModel>) -> InsertMany<ActiveModel> {
    Entity::insert_many(rows).on_conflict(
        OnConflict::columns([Column::ProjectId, Column::Id])
            .update_columns([
                Column::InvoiceId,
                Column::SubscriptionId,
                Column::SplitId,
                Column::DeleteTime,
                Column::Body,
            ])
            .to_owned(),
    )
}

fn row(project: ProjectId, invoice: InvoiceId, line: &Line) -> Result<ActiveModel, BillingError> {
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(line.id.to_string()),
        invoice_id: Set(invoice.to_string()),
        subscription_id: Set(line
            .subscription
            .as_ref()
            .map(|from| from.subscription.to_string())),
        split_id: Set(line.split.map(|split| split.id.to_string())),
        delete_time: Set(micros(line.delete_time)),
        body: Set(to_json(line)?),
    })
}

/// Removes lines without a trace.
pub async fn remove(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    lines: &[LineId],
) -> Result<(), BillingError> {
    for chunk in lines.chunks(CHUNK) {
        Entity::delete_many()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Id.is_in(chunk.iter().map(ToString::to_string)))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Every line of a subscription, with the invoice it is on and what may be done with it.
pub async fn of_subscription(
    db: &impl ConnectionTrait,
    project: ProjectId,
    subscription: SubscriptionId,
) -> Result<Vec<(InvoiceId, Existing)>, BillingError> {
    of_subscriptions(db, project, &[subscription]).await
}

/// The same for some subscriptions, at most as many as one list of values takes.
pub async fn of_subscriptions(
    db: &impl ConnectionTrait,
    project: ProjectId,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<(InvoiceId, Existing)>, BillingError> {
    let rows: Vec<(String, String, String, Option<i64>)> = joined(project)
        .filter(Column::SubscriptionId.is_in(subscriptions.iter().map(ToString::to_string)))
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .map(|(invoice, body, state, deleted)| {
            let state =
                State::from_text(&state).ok_or(BillingError::CorruptColumn("invoice.state"))?;
            let standing = standing(state, deleted.is_some());
            Ok((
                id("invoice_line.invoice_id", &invoice)?,
                Existing {
                    line: from_json(&body)?,
                    standing,
                },
            ))
        })
        .collect()
}

/// States in which an invoice that is not deleted has billed nothing.
const UNBILLED: [State; 2] = [State::Gathering, State::Voided];

/// Other parts of split usage periods that are on live standard invoices, each with its
/// invoice. What was on a void invoice was never charged, or is charged again.
pub async fn billed_parts(
    db: &impl ConnectionTrait,
    project: ProjectId,
    groups: &[Ulid],
) -> Result<Vec<(InvoiceId, Line)>, BillingError> {
    let mut parts = Vec::new();
    for chunk in groups.chunks(CHUNK) {
        let rows: Vec<(String, String, String, Option<i64>)> = joined(project)
            .filter(Column::SplitId.is_in(chunk.iter().map(ToString::to_string)))
            .filter(Column::DeleteTime.is_null())
            .filter(invoice::Column::DeleteTime.is_null())
            .filter(invoice::Column::State.is_not_in(UNBILLED.map(State::text)))
            .into_tuple()
            .all(db)
            .await?;
        for (invoice, body, _, _) in rows {
            let invoice = id("invoice_line.invoice_id", &invoice)?;
            parts.push((invoice, from_json(&body)?));
        }
    }
    Ok(parts)
}

/// The same for the usage periods that some lines are parts of, without the invoices.
pub async fn billed_parts_of(
    db: &impl ConnectionTrait,
    project: ProjectId,
    lines: &[&Line],
) -> Result<Vec<Line>, BillingError> {
    let mut groups: Vec<Ulid> = lines
        .iter()
        .filter_map(|line| line.split)
        .map(|split| split.id)
        .collect();
    groups.sort();
    groups.dedup();
    let parts = billed_parts(db, project, &groups).await?;
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// Lines joined with their invoices: invoice id, line body, invoice state and deletion.
fn joined(project: ProjectId) -> sea_orm::Select<Entity> {
    let to_invoice = Entity::belongs_to(invoice::Entity)
        .from((Column::ProjectId, Column::InvoiceId))
        .to((invoice::Column::ProjectId, invoice::Column::Id))
        .into();
    Entity::find()
        .select_only()
        .column(Column::InvoiceId)
        .column(Column::Body)
        .column(invoice::Column::State)
        .column_as(invoice::Column::DeleteTime, "invoice_delete_time")
        .join(JoinType::InnerJoin, to_invoice)
        .filter(Column::ProjectId.eq(project.to_string()))
        .order_by_asc(Column::Id)
}

/// What may be done with the lines of an invoice in this state.
fn standing(state: State, deleted: bool) -> Standing {
    match state {
        State::Gathering => Standing::Gathering,
        State::Deleted
        | State::DeleteInProgress
        | State::DeleteSyncing
        | State::DeleteFailed
        | State::Voided => Standing::Settled,
        State::DraftCreated
        | State::DraftWaitingForCollection
        | State::DraftCollecting
        | State::DraftUpdating
        | State::DraftValidating
        | State::DraftInvalid
        | State::DraftSyncing
        | State::DraftSyncFailed
        | State::DraftManualApprovalNeeded
        | State::DraftWaitingAutoApproval
        | State::DraftReadyToIssue
        | State::IssuingSyncing
        | State::IssuingFailed
        | State::Issued
        | State::PaymentPending
        | State::PaymentFailed
        | State::PaymentActionRequired
        | State::Overdue
        | State::Paid
        | State::Uncollectible => {
            if deleted {
                Standing::Settled
            } else if state.is_mutable() {
                Standing::Mutable
            } else {
                Standing::Immutable
            }
        }
    }
}

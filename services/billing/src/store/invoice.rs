//! Invoices: the header in one row, each line in its own.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Write;
use kernel::{
    Timestamp,
    currency::Currency,
    id::{AppId, CustomerId, InvoiceId, LineId, ProjectId, Ulid},
};
use sea_orm::{
    ActiveValue::Set,
    Condition, InsertMany, JoinType, QueryOrder, QuerySelect, QueryTrait as _,
    entity::prelude::*,
    sea_query::{OnConflict, SelectStatement},
};

use super::{
    CHUNK,
    due::{self, Source},
    entity, from_json, id, instant, line, micros, to_json,
};
use crate::{
    domain::{
        header,
        invoice::{Invoice, Line},
        state::State,
    },
    error::BillingError,
};
use entity::invoice::{ActiveModel, Column, Entity, Model};

/// Most invoices that a timer handles in one go: some parts of a run.
const BATCH: u64 = 400;
/// Most invoices stored with one statement.
const ROWS: usize = 100;

/// The invoice with its lines, deleted ones included.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoice: InvoiceId,
) -> Result<Invoice, BillingError> {
    let row = Entity::find_by_id((project.to_string(), invoice.to_string()))
        .one(db)
        .await?
        .ok_or_else(|| BillingError::InvoiceNotFound(invoice.to_string()))?;
    Ok(with_lines(db, project, vec![row]).await?.remove(0))
}

/// The gathering invoice of a customer in a currency, also when it ran empty.
pub async fn gathering(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    currency: Currency,
) -> Result<Option<Invoice>, BillingError> {
    let of_currency = Condition::all().add(Column::Currency.eq(currency.code()));
    let mut found = gathering_where(db, project, customer, of_currency).await?;
    Ok(found.pop())
}

/// The live gathering invoices of a customer, by currency.
pub async fn gathering_of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Invoice>, BillingError> {
    let live = Condition::all().add(Column::DeleteTime.is_null());
    gathering_where(db, project, customer, live).await
}

/// The same with those that ran empty.
pub async fn all_gathering_of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Invoice>, BillingError> {
    gathering_where(db, project, customer, Condition::all()).await
}

/// The gathering invoices of a customer, also those that ran empty.
pub(super) fn a_gathering_invoice(project: ProjectId, customer: CustomerId) -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(Column::State.eq(State::Gathering.text()))
        .into_query()
}

async fn gathering_where(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    condition: Condition,
) -> Result<Vec<Invoice>, BillingError> {
    let to_lines = Entity::belongs_to(entity::invoice_line::Entity)
        .from((Column::ProjectId, Column::Id))
        .to((
            entity::invoice_line::Column::ProjectId,
            entity::invoice_line::Column::InvoiceId,
        ))
        .into();
    let rows = Entity::find()
        .join(JoinType::LeftJoin, to_lines)
        .select_also(entity::invoice_line::Entity)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(Column::State.eq(State::Gathering.text()))
        .filter(condition)
        .order_by_asc(Column::Currency)
        .order_by_asc(Column::Id)
        .order_by_asc(entity::invoice_line::Column::Id)
        .all(db)
        .await?;
    let mut found: Vec<(Model, Vec<Line>)> = Vec::new();
    for (row, line) in rows {
        if found.last().is_none_or(|(last, _)| last.id != row.id) {
            found.push((row, Vec::new()));
        }
        if let (Some((_, lines)), Some(line)) = (found.last_mut(), line) {
            lines.push(from_json(&line.body)?);
        }
    }
    found
        .into_iter()
        .map(|(row, lines)| from_row(row, lines))
        .collect()
}

/// Invoices by id with their lines, in any order; those that do not exist are left out.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[InvoiceId],
) -> Result<Vec<Invoice>, BillingError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Id.is_in(chunk.iter().cloned()))
            .all(db)
            .await?;
        found.extend(with_lines(db, project, rows).await?);
    }
    Ok(found)
}

/// Ids of live invoices, gathering ones too, behind an id.
pub async fn ids_behind(
    db: &impl ConnectionTrait,
    project: ProjectId,
    after: &str,
    limit: u64,
) -> Result<Vec<InvoiceId>, BillingError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.gt(after))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    ids.iter().map(|text| id("invoice.id", text)).collect()
}

/// The live gathering invoices of some customers, by currency.
pub async fn gathering_of_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<Vec<Invoice>, BillingError> {
    let customers: Vec<String> = customers.iter().map(ToString::to_string).collect();
    let mut found = Vec::new();
    for chunk in customers.chunks(CHUNK) {
        let rows = Entity::find()
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk.iter().cloned()))
            .filter(Column::State.eq(State::Gathering.text()))
            .filter(Column::DeleteTime.is_null())
            .order_by_asc(Column::Currency)
            .all(db)
            .await?;
        found.extend(with_lines(db, project, rows).await?);
    }
    Ok(found)
}

/// The first invoice of each of these customers that is gathering or not final; those without
/// one are left out.
pub async fn open_of_customers(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, String>, BillingError> {
    let mut found = BTreeMap::new();
    for chunk in customers.chunks(CHUNK) {
        let rows: Vec<(String, Option<String>)> = Entity::find()
            .select_only()
            .column(Column::CustomerId)
            .column_as(Column::Id.min(), "first")
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::CustomerId.is_in(chunk.iter().map(ToString::to_string)))
            .filter(open())
            .group_by(Column::CustomerId)
            .into_tuple()
            .all(db)
            .await?;
        for (customer, first) in rows {
            if let Some(first) = first {
                found.insert(id("invoice.customer_id", &customer)?, first);
            }
        }
    }
    Ok(found)
}

/// That an invoice holds its customer: it is gathering or not final.
pub(super) fn open() -> Condition {
    let finals = State::ALL.into_iter().filter(|state| state.is_final());
    Condition::all()
        .add(Column::DeleteTime.is_null())
        .add(Column::State.is_not_in(finals.map(State::text)))
}

/// Whether an open invoice is carried out by an app.
pub async fn uses_app(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
) -> Result<bool, BillingError> {
    use State as S;
    let open = [
        S::Gathering,
        S::IssuingSyncing,
        S::IssuingFailed,
        S::Issued,
        S::PaymentPending,
        S::PaymentFailed,
        S::PaymentActionRequired,
        S::Overdue,
    ];
    Ok(Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::AppId.eq(app.to_string()))
        .filter(Column::DeleteTime.is_null())
        .filter(Column::State.is_in(open.map(State::text)))
        .count(db)
        .await?
        > 0)
}

/// Stores an invoice and its lines, new or changed.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoice: &Invoice,
) -> Result<(), BillingError> {
    save_all(tx, project, std::slice::from_ref(invoice)).await
}

/// Stores invoices and their lines, new or changed, with few statements.
pub async fn save_all(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[Invoice],
) -> Result<(), BillingError> {
    save_headers(tx, project, invoices).await?;
    let lines = invoices
        .iter()
        .flat_map(|invoice| invoice.lines.iter().map(|line| (invoice.id, line)));
    let lines = line::rows(project, lines)?;
    line::put(tx, lines).await
}

/// Stores invoices and those of their lines that changed.
pub async fn save_changed(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[Invoice],
    changed: &BTreeSet<LineId>,
) -> Result<(), BillingError> {
    save_headers(tx, project, invoices).await?;
    let lines = invoices
        .iter()
        .flat_map(|invoice| invoice.lines.iter().map(|line| (invoice.id, line)))
        .filter(|(_, line)| changed.contains(&line.id));
    let lines = line::rows(project, lines)?;
    line::put(tx, lines).await
}

/// Stores invoices whose lines are stored as they are.
pub async fn save_headers(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[Invoice],
) -> Result<(), BillingError> {
    let mut rows = invoices
        .iter()
        .map(|invoice| row(project, invoice))
        .collect::<Result<Vec<_>, BillingError>>()?;
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS));
        insert(rows).exec_without_returning(tx).await?;
        rows = rest;
    }
    Ok(())
}

/// Stores an invoice and its lines with the commit.
pub fn save_later(write: &Write, invoice: &Invoice) -> Result<(), BillingError> {
    let project = write.context().project;
    let header = insert(vec![row(project, invoice)?]);
    write.later(header.build(write.tx().get_database_backend()));
    let lines = invoice.lines.iter().map(|line| (invoice.id, line));
    line::put_later(write, line::rows(project, lines)?);
    Ok(())
}

fn insert(rows: Vec<ActiveModel>) -> InsertMany<ActiveModel> {
    let changed = [
        Column::CustomerName,
        Column::State,
        Column::Number,
        Column::AppId,
        Column::Body,
        Column::Revision,
        Column::IssueTime,
        Column::PeriodStartTime,
        Column::UpdateTime,
        Column::DeleteTime,
        Column::DueTime,
        Column::ExternalId,
    ];
    Entity::insert_many(rows).on_conflict(
        OnConflict::columns([Column::ProjectId, Column::Id])
            .update_columns(changed)
            .to_owned(),
    )
}

fn row(project: ProjectId, invoice: &Invoice) -> Result<ActiveModel, BillingError> {
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(invoice.id.to_string()),
        customer_id: Set(invoice.customer().to_string()),
        customer_name: Set(invoice.header.buyer.name.clone()),
        currency: Set(invoice.currency.code().to_owned()),
        state: Set(invoice.state.text().to_owned()),
        number: Set(invoice.number.clone()),
        app_id: Set(invoice.header.app.to_string()),
        body: Set(to_json(&invoice.header)?),
        revision: Set(invoice.revision),
        issue_time: Set(micros(invoice.header.issue_time)),
        period_start_time: Set(micros(invoice.header.period.map(|period| period.start))),
        create_time: Set(chassis::db::micros(invoice.create_time)),
        update_time: Set(chassis::db::micros(invoice.update_time)),
        delete_time: Set(micros(invoice.delete_time)),
        due_time: Set(micros(header::next_due(invoice))),
        external_id: Set(invoice.header.external_invoicing.clone()),
    })
}

/// The invoice that an invoicing app knows by this id.
pub async fn by_external(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
    external: &str,
) -> Result<Option<InvoiceId>, BillingError> {
    let found: Option<String> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::ExternalId.eq(external))
        .filter(Column::AppId.eq(app.to_string()))
        .order_by_asc(Column::Id)
        .into_tuple()
        .one(db)
        .await?;
    found.map(|text| id("invoice.id", &text)).transpose()
}

/// Other parts of an invoice's split usage periods, on live standard invoices.
pub async fn billed_parts(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoice: &Invoice,
) -> Result<Vec<Line>, BillingError> {
    let parts = parts_of(db, project, std::slice::from_ref(invoice)).await?;
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

/// The same for some invoices, each part with its invoice.
pub async fn parts_of(
    db: &impl ConnectionTrait,
    project: ProjectId,
    invoices: &[Invoice],
) -> Result<Vec<(InvoiceId, Line)>, BillingError> {
    let mut groups: Vec<Ulid> = invoices
        .iter()
        .flat_map(Invoice::live_lines)
        .filter_map(|line| line.split)
        .map(|split| split.id)
        .collect();
    groups.sort();
    groups.dedup();
    line::billed_parts(db, project, &groups).await
}

/// Lets a timer look at an invoice only later.
pub async fn postpone(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    invoice: InvoiceId,
    until: Timestamp,
) -> Result<(), BillingError> {
    Entity::update_many()
        .col_expr(Column::DueTime, Expr::value(chassis::db::micros(until)))
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(invoice.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

/// An invoice that a timer has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub invoice: InvoiceId,
    /// Whose.
    pub customer: CustomerId,
    /// Since when, but not before it got its present form.
    pub since: Timestamp,
}

/// Gathering or standard invoices with a due time.
fn source(gathering: bool) -> Source {
    Source {
        table: "invoice",
        column: "due_time",
        condition: if gathering {
            "state = 'gathering' AND due_time IS NOT NULL"
        } else {
            "state <> 'gathering' AND due_time IS NOT NULL"
        },
    }
}

/// Gathering or standard invoices that a timer has to look at by `now`, the longest due first.
pub async fn due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    gathering: bool,
    now: Timestamp,
) -> Result<Vec<Due>, BillingError> {
    let columns = "id, customer_id, due_time, update_time";
    let rows = due::due(db, &source(gathering), columns, (project, now, BATCH)).await?;
    rows.iter()
        .map(|row| {
            let text = |name: &str| row.try_get::<String>("", name);
            let number = |name: &str| row.try_get::<i64>("", name);
            let since = number("due_time")?.max(number("update_time")?);
            Ok(Due {
                invoice: id("invoice.id", &text("id")?)?,
                customer: id("invoice.customer_id", &text("customer_id")?)?,
                since: chassis::db::instant(since).min(now),
            })
        })
        .collect()
}

/// Those of some invoices, gathering or standard ones, that a timer has to look at by `now`.
pub async fn still_due(
    db: &impl ConnectionTrait,
    project: ProjectId,
    gathering: bool,
    invoices: &[InvoiceId],
    now: Timestamp,
) -> Result<BTreeSet<InvoiceId>, BillingError> {
    let mut found = BTreeSet::new();
    for chunk in invoices.chunks(CHUNK) {
        let rows: Vec<(String, String)> = Entity::find()
            .select_only()
            .column(Column::Id)
            .column(Column::State)
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Id.is_in(chunk.iter().map(ToString::to_string)))
            .filter(Column::DueTime.lte(chassis::db::micros(now)))
            .into_tuple()
            .all(db)
            .await?;
        for (text, state) in rows {
            if (state == State::Gathering.text()) == gathering {
                found.insert(id("invoice.id", &text)?);
            }
        }
    }
    Ok(found)
}

/// Per project the earliest instant at which a timer has to look at an invoice.
pub async fn next_due(
    db: &impl ConnectionTrait,
    gathering: bool,
) -> Result<Vec<(ProjectId, Timestamp)>, BillingError> {
    due::earliest(db, &source(gathering)).await
}

/// Invoices from their rows.
pub(super) async fn with_lines(
    db: &impl ConnectionTrait,
    project: ProjectId,
    rows: Vec<Model>,
) -> Result<Vec<Invoice>, BillingError> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut lines = line::of_invoices(db, project, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = lines.remove(&row.id).unwrap_or_default();
            from_row(row, own)
        })
        .collect()
}

/// An invoice from its row.
pub(super) fn from_row(row: Model, lines: Vec<Line>) -> Result<Invoice, BillingError> {
    Ok(Invoice {
        id: id("invoice.id", &row.id)?,
        currency: Currency::parse(&row.currency)
            .map_err(|_| BillingError::CorruptColumn("invoice.currency"))?,
        state: State::from_text(&row.state).ok_or(BillingError::CorruptColumn("invoice.state"))?,
        number: row.number,
        header: from_json(&row.body)?,
        lines,
        revision: row.revision,
        create_time: chassis::db::instant(row.create_time),
        update_time: chassis::db::instant(row.update_time),
        delete_time: instant(row.delete_time),
    })
}

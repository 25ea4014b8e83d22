//! Holds on customers.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId},
    period::OpenPeriod,
};
use sea_orm::{
    ActiveValue::Set, Condition, DatabaseBackend, InsertMany, QueryOrder, QuerySelect,
    QueryTrait as _, Statement, Value, entity::prelude::*, sea_query::ExprTrait as _,
    sea_query::OnConflict,
};

use super::{CHUNK, corrupt, entity, id};
use crate::{
    domain::hold::{Hold, HoldReason},
    error::CustomerError,
};
use entity::customer_hold::{ActiveModel, Column, Entity, Model};

/// Most holds that a read answers.
const HOLDS_MAX: u64 = 1000;

/// The holds of a customer by reason and holder, also those that do not count now.
pub async fn all(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Hold>, CustomerError> {
    read(db, project, customer, Condition::all()).await
}

/// The holds of a customer that count at an instant.
pub async fn live(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Vec<Hold>, CustomerError> {
    let inside = Condition::all()
        .add(Column::StartTime.lte(micros(now)))
        .add(
            Column::EndTime
                .is_null()
                .or(Column::EndTime.gt(micros(now))),
        );
    read(db, project, customer, inside).await
}

async fn read(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    which: Condition,
) -> Result<Vec<Hold>, CustomerError> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(which)
        .order_by_asc(Column::Reason)
        .order_by_asc(Column::HolderId)
        .limit(HOLDS_MAX)
        .all(db)
        .await?
        .into_iter()
        .map(from_row)
        .collect()
}

/// Places holds on a customer, which is refused unless it lives; the same reason and holder replaces text and span. Answers when
/// the first of them was first placed.
pub async fn place(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    holds: &[Hold],
) -> Result<Option<Timestamp>, CustomerError> {
    let mut first = None;
    for holds in holds.chunks(CHUNK) {
        let mut rows = tx
            .query_all_raw(placing(tx, project, customer, holds))
            .await?;
        if rows.is_empty() {
            // Says why.
            super::customer::lock_live(tx, project, customer).await?;
            rows = tx
                .query_all_raw(placing(tx, project, customer, holds))
                .await?;
        }
        if let (None, Some(row)) = (first, rows.first()) {
            first = Some(instant(row.try_get("", "create_time")?));
        }
    }
    Ok(first)
}

/// The statement that places holds if the customer lives. The lock orders it after a deletion that has begun, and before a
/// later one.
fn placing(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    holds: &[Hold],
) -> Statement {
    let backend = tx.get_database_backend();
    let lock = if backend == DatabaseBackend::Postgres {
        " FOR UPDATE"
    } else {
        ""
    };
    let mut values: Vec<Value> = vec![project.to_string().into(), customer.to_string().into()];
    let mut tuples = Vec::with_capacity(holds.len());
    for hold in holds {
        let own: [Value; 6] = [
            hold.reason.word().into(),
            hold.holder.as_str().into(),
            hold.display_text.as_str().into(),
            micros(hold.period.start).into(),
            hold.period.end.map(micros).into(),
            micros(hold.create_time).into(),
        ];
        let names: Vec<String> = own
            .into_iter()
            .map(|value| {
                values.push(value);
                format!("${}", values.len())
            })
            .collect();
        tuples.push(format!("({})", names.join(", ")));
    }
    Statement::from_sql_and_values(
        backend,
        format!(
            "INSERT INTO customer_hold (project_id, customer_id, reason, holder_id, display_text, \
             start_time, end_time, create_time) \
             SELECT c.project_id, c.id, wanted.* FROM (SELECT project_id, id FROM customer \
             WHERE project_id = $1 AND id = $2 AND delete_time IS NULL{lock}) AS c, \
             (VALUES {}) AS wanted WHERE true \
             ON CONFLICT (project_id, customer_id, reason, holder_id) DO UPDATE SET \
             display_text = excluded.display_text, start_time = excluded.start_time, \
             end_time = excluded.end_time RETURNING create_time",
            tuples.join(", ")
        ),
        values,
    )
}

fn insert<'a>(
    project: ProjectId,
    holds: impl IntoIterator<Item = &'a Hold>,
) -> InsertMany<ActiveModel> {
    let rows = holds.into_iter().map(|hold| ActiveModel {
        project_id: Set(project.to_string()),
        customer_id: Set(hold.customer.to_string()),
        reason: Set(hold.reason.word().to_owned()),
        holder_id: Set(hold.holder.clone()),
        display_text: Set(hold.display_text.clone()),
        start_time: Set(micros(hold.period.start)),
        end_time: Set(hold.period.end.map(micros)),
        create_time: Set(micros(hold.create_time)),
    });
    let key = [
        Column::ProjectId,
        Column::CustomerId,
        Column::Reason,
        Column::HolderId,
    ];
    let replaced = [Column::DisplayText, Column::StartTime, Column::EndTime];
    Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).update_columns(replaced).to_owned())
}

/// Makes `holds` the only ones of a customer for a reason, with the commit.
pub fn replace_later(
    write: &chassis::Write,
    project: ProjectId,
    customer: CustomerId,
    reason: HoldReason,
    holds: &[Hold],
) {
    let backend = write.tx().get_database_backend();
    let mut others = Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(Column::Reason.eq(reason.word()));
    if !holds.is_empty() {
        let kept = holds.iter().map(|hold| hold.holder.as_str());
        others = others.filter(Column::HolderId.is_not_in(kept));
    }
    write.later(others.build(backend));
    for holds in holds.chunks(CHUNK) {
        write.later(insert(project, holds).build(backend));
    }
}

/// Takes a hold back, if it is there.
pub async fn release(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    reason: HoldReason,
    holder: &str,
) -> Result<(), CustomerError> {
    Entity::delete_many()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::CustomerId.eq(customer.to_string()))
        .filter(Column::Reason.eq(reason.word()))
        .filter(Column::HolderId.eq(holder))
        .exec(tx)
        .await?;
    Ok(())
}

fn from_row(row: Model) -> Result<Hold, CustomerError> {
    Ok(Hold {
        customer: id("customer id", &row.customer_id)?,
        reason: HoldReason::from_word(&row.reason)
            .ok_or_else(|| corrupt("hold reason", &row.reason))?,
        holder: row.holder_id,
        display_text: row.display_text,
        period: OpenPeriod {
            start: instant(row.start_time),
            end: row.end_time.map(instant),
        },
        create_time: instant(row.create_time),
    })
}

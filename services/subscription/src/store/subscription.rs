//! Subscriptions by id, by customer, and in lists.

use chassis::Write;
use chassis::db::micros;
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait,
    Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait as _, Select,
};

use super::entity::subscription::{ActiveModel, Column, Entity, Model};
use super::name;
use super::reported::Stored;
use crate::domain::status::Status;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;

/// The kind of a row that is a subscription from a plan, run here.
pub const PLAN: &str = "plan";
/// Where an open end is sorted.
pub const OPEN: i64 = i64::MAX;

/// Most subscriptions of one customer that a decision looks at.
pub const CUSTOMER_MAX: u64 = 10_000;

/// Which subscriptions a list wants.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only in one of these states; none: all.
    pub statuses: Vec<Status>,
    /// Only of one of these plans; none: all.
    pub plan_keys: Vec<String>,
    /// Only those with one of these ids; none: all.
    pub ids: Vec<String>,
}

/// How a list is sorted; the id decides between equals.
#[derive(Clone, Copy, Debug)]
pub struct Sorting {
    /// By end rather than by start.
    pub by_end: bool,
    /// Oldest first.
    pub ascending: bool,
}

/// A row of a list.
#[derive(Clone, Debug)]
pub struct Found {
    /// The subscription.
    pub stored: Stored,
    /// Its id.
    pub id: String,
    /// The value by which the list is sorted.
    pub sort_value: i64,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub enum Part {
    /// So many after these sort values.
    After(Option<(i64, String)>, u64),
    /// So many after skipping some.
    Offset(u64, u64),
}

/// One that was not deleted.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, SubscriptionError> {
    Ok(find_any(connection, project, id)
        .await?
        .filter(|found| found.deleted_at.is_none()))
}

/// One, deleted or not.
pub async fn find_any(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, SubscriptionError> {
    let row = Entity::find_by_id((project.to_string(), id.to_string()))
        .one(connection)
        .await?;
    row.as_ref()
        .filter(|row| row.kind == PLAN)
        .map(from_row)
        .transpose()
}

/// All of a customer that were not deleted, by start.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Subscription>, SubscriptionError> {
    let filter = Filter {
        customer: Some(customer),
        ..Filter::default()
    };
    let rows = select(project, &filter, Timestamp::MIN)
        .order_by_asc(Column::ActiveFrom)
        .order_by_asc(Column::Id)
        .limit(CUSTOMER_MAX)
        .all(connection)
        .await?;
    rows.iter().map(from_row).collect()
}

/// A part of a list at an instant, of what is run here and of what is reported.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    sorting: Sorting,
    part: &Part,
    now: Timestamp,
) -> Result<Vec<Found>, SubscriptionError> {
    let column = if sorting.by_end {
        Column::ActiveTo
    } else {
        Column::ActiveFrom
    };
    let order = if sorting.ascending {
        Order::Asc
    } else {
        Order::Desc
    };
    let mut query = of_any_origin(project, filter, now)
        .order_by(column, order.clone())
        .order_by(Column::Id, order);
    query = match part {
        Part::Offset(skip, limit) => query.offset(*skip).limit(*limit),
        Part::After(None, limit) => query.limit(*limit),
        Part::After(Some((value, id)), limit) => {
            let (column, id_column) =
                (Expr::col((Entity, column)), Expr::col((Entity, Column::Id)));
            let equal = column.clone().eq(*value);
            let behind = if sorting.ascending {
                column.gt(*value).or(equal.and(id_column.gt(id.clone())))
            } else {
                column.lt(*value).or(equal.and(id_column.lt(id.clone())))
            };
            query.filter(behind).limit(*limit)
        }
    };
    let rows = query.all(connection).await?;
    let found = |row: &Model| {
        let stored = super::reported::from_row(row).transpose()?;
        Some(stored.map(|stored| Found {
            stored,
            id: row.id.clone(),
            sort_value: if sorting.by_end {
                row.active_to
            } else {
                row.active_from
            },
        }))
    };
    rows.iter().filter_map(found).collect()
}

/// How many a list has in all.
pub async fn count(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    now: Timestamp,
) -> Result<u64, SubscriptionError> {
    Ok(of_any_origin(project, filter, now)
        .count(connection)
        .await?)
}

/// Stores a new subscription that has this number, with the commit.
pub fn insert_later(
    write: &Write,
    project: ProjectId,
    subscription: &Subscription,
    sequence: i64,
) -> Result<(), SubscriptionError> {
    let short_id = name::short_later(write, project, subscription.id);
    let row = ActiveModel {
        kind: Set(PLAN.to_owned()),
        sequence: Set(sequence),
        short_id: Set(short_id),
        ..to_row(project, subscription)?
    };
    write.later(Entity::insert(row).build(write.tx().get_database_backend()));
    Ok(())
}

/// Stores the next revision of a subscription; refuses when it is not the next.
pub async fn update(
    tx: &DatabaseTransaction,
    project: ProjectId,
    subscription: &Subscription,
) -> Result<(), SubscriptionError> {
    let done = Entity::update_many()
        .set(to_row(project, subscription)?)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Id.eq(subscription.id.to_string()))
        .filter(Column::Revision.eq(subscription.revision - 1))
        .exec(tx)
        .await?;
    if done.rows_affected == 1 {
        Ok(())
    } else {
        Err(SubscriptionError::Raced)
    }
}

fn select(project: ProjectId, filter: &Filter, now: Timestamp) -> Select<Entity> {
    of_any_origin(project, filter, now).filter(Column::Kind.eq(PLAN))
}

fn of_any_origin(project: ProjectId, filter: &Filter, now: Timestamp) -> Select<Entity> {
    let mut query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null());
    if let Some(customer) = filter.customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    if !filter.plan_keys.is_empty() {
        query = query.filter(Column::PlanKey.is_in(filter.plan_keys.iter().map(String::as_str)));
    }
    if !filter.ids.is_empty() {
        query = query.filter(Column::Id.is_in(filter.ids.iter().map(String::as_str)));
    }
    if !filter.statuses.is_empty() {
        let any = filter.statuses.iter().fold(Cond::any(), |any, status| {
            any.add(in_status(*status, micros(now)))
        });
        query = query.filter(any);
    }
    query
}

fn in_status(status: Status, now: i64) -> Condition {
    let started = Condition::all().add(Column::ActiveFrom.lte(now));
    match status {
        Status::Scheduled => Condition::all().add(Column::ActiveFrom.gt(now)),
        Status::Active => {
            let renews = Condition::all()
                .add(Column::Renews.eq(true))
                .add(Column::ActiveTo.gt(now));
            started.add(Condition::any().add(Column::ActiveTo.eq(OPEN)).add(renews))
        }
        Status::Canceled => started
            .add(Column::Renews.eq(false))
            .add(Column::ActiveTo.lt(OPEN))
            .add(Column::ActiveTo.gt(now)),
        Status::Inactive => started.add(Column::ActiveTo.lte(now)),
    }
}

fn from_row(row: &Model) -> Result<Subscription, SubscriptionError> {
    read(&row.document)
}

/// Reads a stored document.
pub fn read(document: &str) -> Result<Subscription, SubscriptionError> {
    serde_json::from_str(document).map_err(SubscriptionError::Corrupt)
}

fn to_row(
    project: ProjectId,
    subscription: &Subscription,
) -> Result<ActiveModel, SubscriptionError> {
    Ok(ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(subscription.id.to_string()),
        customer_id: Set(subscription.customer_id.to_string()),
        plan_key: Set(subscription.plan.as_ref().map(|plan| plan.key.clone())),
        active_from: Set(micros(subscription.active_from)),
        active_to: Set(subscription.active_to.map_or(OPEN, micros)),
        revision: Set(subscription.revision),
        delete_time: Set(subscription.deleted_at.map(micros)),
        document: Set(serde_json::to_string(subscription).map_err(SubscriptionError::Corrupt)?),
        ..Default::default()
    })
}

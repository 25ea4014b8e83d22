//! Lists of customers: filters, order, and the two ways of paging.

use chassis::{
    db::{like_escape, micros},
    keyset::{self, SortColumn},
};
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{
    Condition, Order, PaginatorTrait, QueryOrder, QuerySelect, Select,
    entity::prelude::*,
    sea_query::{LikeExpr, Query},
};

use super::{
    customer::{find, from_rows},
    entity, subscription,
};
use crate::{
    domain::{customer::Customer, handle::CustomerName, retain::Intervention},
    error::CustomerError,
};
use entity::{
    customer::{Column, Entity, Model},
    customer_opt_out as opt_out, customer_subject_key as subject_key,
    customer_subscription as reported,
};

/// What the list is sorted by; the id decides between equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// By name.
    Name,
    /// By id.
    Id,
    /// By time of creation.
    CreateTime,
    /// By the time at which anything about them last changed.
    TouchTime,
}

/// Which customers are listed. Empty texts do not filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the key, ignoring case.
    pub key: String,
    /// Part of the name, ignoring case.
    pub name: String,
    /// Part of the e-mail, ignoring case.
    pub email: String,
    /// Part of a live subject key, ignoring case.
    pub subject_key: String,
    /// Key of the plan of an active subscription, exactly.
    pub plan_key: String,
    /// Whether deleted customers are listed.
    pub include_deleted: bool,
    /// The whole e-mail, ignoring case.
    pub email_equal: String,
    /// Earliest time of the last change.
    pub touch_start: Option<Timestamp>,
    /// Time that the last change is before.
    pub touch_end: Option<Timestamp>,
    /// A stored opt-out, with the earliest and the latest time at which it was stored.
    pub opt_out: Option<(Intervention, Option<Timestamp>, Option<Timestamp>)>,
}

/// Which page of the list.
#[derive(Clone, Debug)]
pub enum Paging {
    /// The rows behind the row with these sort values (sort value, id).
    After(Option<(String, String)>),
    /// The rows behind this customer, which is in the list itself.
    Behind(CustomerName),
    /// A page by number, from 1; the total is counted.
    Number(u64),
}

/// A page of customers.
pub struct Page {
    /// The customers.
    pub customers: Vec<Customer>,
    /// Sort values of the last row when there are more rows.
    pub next: Option<(String, String)>,
    /// How many match in all; only with page numbers.
    pub total: Option<u64>,
}

/// One page of a list.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    order: (OrderBy, Order),
    paging: Paging,
    limit: u64,
    now: Timestamp,
) -> Result<Page, CustomerError> {
    let matching = Entity::find().filter(condition(project, filter, now));
    let mut total = None;
    let paging = match paging {
        Paging::Behind(name) => {
            let last = match find(db, project, &name, false, now).await {
                Ok(last) => {
                    let own = Column::Id.eq(last.id.to_string());
                    matching.clone().filter(own).one(db).await?
                }
                Err(CustomerError::CustomerNotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            let last = last.ok_or_else(|| {
                CustomerError::invalid("after_customer", "names nothing in the list")
            })?;
            Paging::After(Some((sort_value(order.0, &last), last.id)))
        }
        Paging::Number(number) => {
            let count = matching.clone().count(db).await?;
            total = Some(count);
            Paging::Number(number.min(count / limit.max(1) + 2))
        }
        Paging::After(last) => Paging::After(last),
    };
    let query = page_query(project, filter, &order, &paging, limit, now);
    let mut rows = query.all(db).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| (sort_value(order.0, row), row.id.clone()));
    Ok(Page {
        customers: from_rows(db, project, rows, now).await?,
        next,
        total,
    })
}

/// The rows of one page, and one more.
pub fn page_query(
    project: ProjectId,
    filter: &Filter,
    order: &(OrderBy, Order),
    paging: &Paging,
    limit: u64,
    now: Timestamp,
) -> Select<Entity> {
    let matching = Entity::find().filter(condition(project, filter, now));
    let part = match paging {
        Paging::After(Some(last)) => matching.filter(behind(order, last.clone())),
        Paging::Number(number) => matching.offset(number.saturating_sub(1).saturating_mul(limit)),
        Paging::After(None) | Paging::Behind(_) => matching,
    };
    sort(part, order).limit(limit + 1)
}

fn condition(project: ProjectId, filter: &Filter, now: Timestamp) -> Condition {
    let mut all = Condition::all().add(Column::ProjectId.eq(project.to_string()));
    if !filter.include_deleted {
        all = all.add(Column::DeleteTime.is_null());
    }
    if !filter.email_equal.is_empty() {
        all = all.add(Column::EmailLower.eq(filter.email_equal.to_lowercase()));
    }
    if let Some(start) = filter.touch_start {
        all = all.add(Column::TouchTime.gte(micros(start)));
    }
    if let Some(end) = filter.touch_end {
        all = all.add(Column::TouchTime.lt(micros(end)));
    }
    if let Some((intervention, start, end)) = filter.opt_out {
        let mut stored = Query::select();
        stored
            .column(opt_out::Column::CustomerId)
            .from(opt_out::Entity)
            .and_where(opt_out::Column::ProjectId.eq(project.to_string()))
            .and_where(opt_out::Column::Intervention.eq(intervention.word()));
        if let Some(start) = start {
            stored.and_where(opt_out::Column::CreateTime.gte(micros(start)));
        }
        if let Some(end) = end {
            stored.and_where(opt_out::Column::CreateTime.lte(micros(end)));
        }
        all = all.add(Column::Id.in_subquery(stored));
    }
    let texts = [
        (Column::KeyLower, &filter.key),
        (Column::NameLower, &filter.name),
        (Column::EmailLower, &filter.email),
    ];
    for (column, part) in texts {
        if !part.is_empty() {
            all = all.add(column.like(containing(part)));
        }
    }
    if !filter.subject_key.is_empty() {
        let holders = Query::select()
            .column(subject_key::Column::CustomerId)
            .from(subject_key::Entity)
            .and_where(subject_key::Column::ProjectId.eq(project.to_string()))
            .and_where(subject_key::Column::SubjectKeyLower.like(containing(&filter.subject_key)))
            .to_owned();
        all = all.add(Column::Id.in_subquery(holders));
    }
    if !filter.plan_key.is_empty() {
        let subscribed = Query::select()
            .column(reported::Column::CustomerId)
            .from(reported::Entity)
            .and_where(reported::Column::ProjectId.eq(project.to_string()))
            .and_where(reported::Column::PlanKey.eq(filter.plan_key.as_str()))
            .cond_where(subscription::active_at(now))
            .to_owned();
        all = all.add(Column::Id.in_subquery(subscribed));
    }
    all
}

/// Columns in lower case are searched, because the databases differ in what `LIKE` ignores.
fn containing(part: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", like_escape(&part.to_lowercase()))).escape('\\')
}

fn column(order: OrderBy) -> Column {
    match order {
        OrderBy::Name => Column::Name,
        OrderBy::Id => Column::Id,
        OrderBy::CreateTime => Column::CreateTime,
        OrderBy::TouchTime => Column::TouchTime,
    }
}

/// The columns that the list is sorted by, unique together.
fn columns(order: OrderBy) -> Vec<SortColumn<Column>> {
    let numeric = matches!(order, OrderBy::CreateTime | OrderBy::TouchTime);
    let first = SortColumn {
        column: column(order),
        numeric,
    };
    let id = SortColumn {
        column: Column::Id,
        numeric: false,
    };
    match order {
        OrderBy::Id => vec![id],
        OrderBy::Name | OrderBy::CreateTime | OrderBy::TouchTime => vec![first, id],
    }
}

fn sort(select: Select<Entity>, (order, direction): &(OrderBy, Order)) -> Select<Entity> {
    columns(*order).iter().fold(select, |select, sort| {
        select.order_by(sort.column, direction.clone())
    })
}

fn sort_value(order: OrderBy, row: &Model) -> String {
    match order {
        OrderBy::Name => row.name.clone(),
        OrderBy::Id => row.id.clone(),
        OrderBy::CreateTime => row.create_time.to_string(),
        OrderBy::TouchTime => row.touch_time.to_string(),
    }
}

/// The rows behind the last one of the page before.
fn behind((order, direction): &(OrderBy, Order), (value, id): (String, String)) -> Condition {
    let last = match order {
        OrderBy::Id => vec![id],
        OrderBy::Name | OrderBy::CreateTime | OrderBy::TouchTime => vec![value, id],
    };
    let descending = matches!(direction, Order::Desc);
    keyset::behind(&columns(*order), &last, descending)
}

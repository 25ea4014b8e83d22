//! Lists of customers: filters, order, and the two ways of paging.

use chassis::db::like_escape;
use kernel::{Timestamp, id::ProjectId};
use sea_orm::{
    Condition, Order, PaginatorTrait, QueryOrder, QuerySelect, Select,
    entity::prelude::*,
    sea_query::{LikeExpr, Query},
};

use super::{customer::from_rows, entity, subscription};
use crate::{domain::customer::Customer, error::CustomerError};
use entity::{
    customer::{Column, Entity, Model},
    customer_subject_key as subject_key, customer_subscription as reported,
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
}

/// Which page of the list.
#[derive(Clone, Debug)]
pub enum Paging {
    /// The rows behind the row with these sort values (sort value, id).
    After(Option<(String, String)>),
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
    let (sorted, total) = match paging {
        Paging::After(None) => (matching, None),
        Paging::After(Some(last)) => (matching.filter(behind(&order, &last)?), None),
        Paging::Number(number) => {
            let total = matching.clone().count(db).await?;
            let offset = number.saturating_sub(1).saturating_mul(limit);
            (matching.offset(offset.min(total)), Some(total))
        }
    };
    let mut rows = sort(sorted, &order).limit(limit + 1).all(db).await?;
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

fn condition(project: ProjectId, filter: &Filter, now: Timestamp) -> Condition {
    let mut all = Condition::all().add(Column::ProjectId.eq(project.to_string()));
    if !filter.include_deleted {
        all = all.add(Column::DeleteTime.is_null());
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
    }
}

fn sort(select: Select<Entity>, (order, direction): &(OrderBy, Order)) -> Select<Entity> {
    select
        .order_by(column(*order), direction.clone())
        .order_by(Column::Id, direction.clone())
}

fn sort_value(order: OrderBy, row: &Model) -> String {
    match order {
        OrderBy::Name => row.name.clone(),
        OrderBy::Id => row.id.clone(),
        OrderBy::CreateTime => row.create_time.to_string(),
    }
}

/// The rows behind the last one of the page before.
fn behind(
    (order, direction): &(OrderBy, Order),
    (value, id): &(String, String),
) -> Result<Condition, CustomerError> {
    let column = column(*order);
    let value: sea_orm::Value = match order {
        OrderBy::Name | OrderBy::Id => value.as_str().into(),
        OrderBy::CreateTime => value
            .parse::<i64>()
            .map_err(|_| CustomerError::invalid("page_token", "is not a token of this query"))?
            .into(),
    };
    let ascending = matches!(direction, Order::Asc);
    let beyond = |column: Column, value: sea_orm::Value| {
        if ascending {
            column.gt(value)
        } else {
            column.lt(value)
        }
    };
    Ok(Condition::any().add(beyond(column, value.clone())).add(
        Condition::all()
            .add(column.eq(value))
            .add(beyond(Column::Id, id.as_str().into())),
    ))
}

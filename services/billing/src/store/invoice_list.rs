//! Lists of invoices: filters, order and pages.

use kernel::{
    Timestamp,
    id::{CustomerId, ProjectId, SubscriptionId},
};
use sea_orm::{
    Condition, Order, QueryOrder, QuerySelect, QueryTrait, Select, entity::prelude::*,
    sea_query::NullOrdering,
};

use super::{entity, invoice};
use crate::{
    domain::{invoice::Invoice, state::State},
    error::BillingError,
};
use entity::{
    invoice::{Column, Entity},
    invoice_line,
};

/// What a list of invoices is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Creation time.
    CreateTime,
    /// Name of the customer.
    CustomerName,
    /// Issue time.
    IssueTime,
    /// Text form of the state.
    Status,
    /// Time of the last change.
    UpdateTime,
    /// Start of the period.
    PeriodStartTime,
}

/// A closed span, open where nothing is said.
pub type Span = (Option<Timestamp>, Option<Timestamp>);

/// Which invoices a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these customers'.
    pub customers: Vec<CustomerId>,
    /// Only in states whose text begins like this.
    pub statuses: Vec<String>,
    /// Only in these states.
    pub states: Vec<State>,
    /// Issued inside.
    pub issued: Span,
    /// Period starts inside.
    pub period_start: Span,
    /// Created inside.
    pub created: Span,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// Only with a line of this subscription.
    pub subscription: Option<SubscriptionId>,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After so many invoices.
    Offset(u64),
    /// Behind the invoice with this sort value (none: it has none) and id.
    Behind(Option<String>, String),
}

impl Sort {
    fn column(self) -> Column {
        match self {
            Self::CreateTime => Column::CreateTime,
            Self::CustomerName => Column::CustomerName,
            Self::IssueTime => Column::IssueTime,
            Self::Status => Column::State,
            Self::UpdateTime => Column::UpdateTime,
            Self::PeriodStartTime => Column::PeriodStartTime,
        }
    }

    /// The sort value of an invoice; none sorts before all others.
    pub fn value(self, invoice: &Invoice) -> Option<String> {
        let header = &invoice.header;
        let instant = |time: Option<Timestamp>| super::micros(time).map(|time| time.to_string());
        match self {
            Self::CreateTime => instant(Some(invoice.create_time)),
            Self::CustomerName => Some(header.buyer.name.clone()),
            Self::IssueTime => instant(header.issue_time),
            Self::Status => Some(invoice.state.text().to_owned()),
            Self::UpdateTime => instant(Some(invoice.update_time)),
            Self::PeriodStartTime => instant(header.period.map(|period| period.start)),
        }
    }

    /// A sort value of a token, as its column holds it.
    fn stored(self, text: &str) -> sea_orm::Value {
        match self {
            Self::CustomerName | Self::Status => text.into(),
            Self::CreateTime | Self::IssueTime | Self::UpdateTime | Self::PeriodStartTime => {
                // Tokens are signed, so the text is a number that we wrote.
                text.parse::<i64>().unwrap_or_default().into()
            }
        }
    }
}

/// Invoices that the filter leaves, from a start on.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    sort: (Sort, bool),
    start: &Start,
    limit: u64,
) -> Result<Vec<Invoice>, BillingError> {
    let (order, nulls) = if sort.1 {
        (Order::Desc, NullOrdering::Last)
    } else {
        (Order::Asc, NullOrdering::First)
    };
    let mut query = filtered(project, filter)
        .order_by_with_nulls(sort.0.column(), order.clone(), nulls)
        .order_by(Column::Id, order);
    query = match start {
        Start::Offset(offset) => query.offset(*offset),
        Start::Behind(value, id) => query.filter(behind(sort, value.as_deref(), id)),
    };
    let rows = query.limit(limit).all(db).await?;
    invoice::with_lines(db, project, rows).await
}

/// Invoices behind a place of the list; those without a sort value are less than all others.
fn behind((sort, descending): (Sort, bool), value: Option<&str>, id: &str) -> Condition {
    let column = sort.column();
    let next = |tied: Condition| {
        tied.add(if descending {
            Column::Id.lt(id)
        } else {
            Column::Id.gt(id)
        })
    };
    match value {
        Some(value) => {
            let value = sort.stored(value);
            let further = if descending {
                Condition::any()
                    .add(column.lt(value.clone()))
                    .add(column.is_null())
            } else {
                Condition::any().add(column.gt(value.clone()))
            };
            further.add(next(Condition::all().add(column.eq(value))))
        }
        None => {
            let tied = next(Condition::all().add(column.is_null()));
            if descending {
                tied
            } else {
                Condition::any().add(tied).add(column.is_not_null())
            }
        }
    }
}

/// How many invoices the filter leaves.
pub async fn count(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
) -> Result<u64, BillingError> {
    Ok(filtered(project, filter).count(db).await?)
}

fn filtered(project: ProjectId, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(Column::ProjectId.eq(project.to_string()));
    if !filter.customers.is_empty() {
        query = query
            .filter(Column::CustomerId.is_in(filter.customers.iter().map(ToString::to_string)));
    }
    if !filter.statuses.is_empty() {
        let states: Vec<&str> = State::ALL
            .into_iter()
            .map(State::text)
            .filter(|text| {
                filter
                    .statuses
                    .iter()
                    .any(|status| text.starts_with(status.as_str()))
            })
            .collect();
        query = query.filter(Column::State.is_in(states));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().map(|state| state.text())));
    }
    for (column, span) in [
        (Column::IssueTime, filter.issued),
        (Column::PeriodStartTime, filter.period_start),
        (Column::CreateTime, filter.created),
    ] {
        let mut inside = Condition::all();
        if let Some(from) = span.0 {
            inside = inside.add(column.gte(chassis::db::micros(from)));
        }
        if let Some(to) = span.1 {
            inside = inside.add(column.lte(chassis::db::micros(to)));
        }
        query = query.filter(inside);
    }
    if !filter.include_deleted {
        query = query.filter(Column::DeleteTime.is_null());
    }
    if let Some(subscription) = filter.subscription {
        let with_line = invoice_line::Entity::find()
            .select_only()
            .column(invoice_line::Column::InvoiceId)
            .filter(invoice_line::Column::ProjectId.eq(project.to_string()))
            .filter(invoice_line::Column::SubscriptionId.eq(subscription.to_string()))
            .into_query();
        query = query.filter(Column::Id.in_subquery(with_line));
    }
    query
}

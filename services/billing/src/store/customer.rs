//! What lists of customers need to know, copied from the customer service.

use chassis::db::{like_escape, micros};
use kernel::id::{ProfileId, ProjectId};
use sea_orm::{
    ActiveValue::Set,
    Condition, Order, QueryOrder, QuerySelect, QueryTrait, Select,
    entity::prelude::*,
    sea_query::{ExprTrait as _, Func, LikeExpr, OnConflict},
};

use super::entity::{customer, customer_override};
use crate::error::BillingError;
pub use customer::Model;
use customer::{ActiveModel, Column, Entity};

/// What a list of customers is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Id.
    Id,
    /// Name.
    Name,
    /// Key.
    Key,
    /// E-mail address.
    Email,
    /// Creation time.
    CreateTime,
}

/// Which customers a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Also those without an override.
    pub include_all: bool,
    /// Only those of these profiles.
    pub profiles: Vec<ProfileId>,
    /// Whether the default profile is among them.
    pub default_profile: bool,
    /// Only those without an override.
    pub without_override: bool,
    /// Only these ids.
    pub ids: Vec<String>,
    /// Only this key.
    pub key: String,
    /// Part of the name.
    pub name: String,
    /// Part of the e-mail address.
    pub email: String,
}

/// Stores what is known of a customer, unless something newer is.
pub async fn save(tx: &impl ConnectionTrait, row: Model) -> Result<(), BillingError> {
    let newer =
        Expr::col(("excluded", Column::UpdateTime)).gte(Expr::col((Entity, Column::UpdateTime)));
    let row = ActiveModel {
        project_id: Set(row.project_id),
        id: Set(row.id),
        key: Set(row.key),
        name: Set(row.name),
        email: Set(row.email),
        create_time: Set(row.create_time),
        update_time: Set(row.update_time),
        delete_time: Set(row.delete_time),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::Id])
                .update_columns([
                    Column::Key,
                    Column::Name,
                    Column::Email,
                    Column::CreateTime,
                    Column::UpdateTime,
                    Column::DeleteTime,
                ])
                .action_and_where(newer)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A row from what the customer service says.
pub fn row(project: ProjectId, customer: &contract::customer::v1::Customer) -> Model {
    let time = |time: &Option<prost_types::Timestamp>| {
        time.as_ref()
            .and_then(|time| contract::convert::from_timestamp(time).ok())
            .map(micros)
    };
    Model {
        project_id: project.to_string(),
        id: customer.id.clone(),
        key: customer.key.clone(),
        name: customer.display_name.clone(),
        email: customer.primary_email.clone(),
        create_time: time(&customer.create_time).unwrap_or_default(),
        update_time: time(&customer.update_time).unwrap_or_default(),
        delete_time: time(&customer.delete_time),
    }
}

/// Customers that the filter leaves.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    sort: (Sort, bool),
    offset: u64,
    limit: u64,
) -> Result<Vec<Model>, BillingError> {
    let order = if sort.1 { Order::Desc } else { Order::Asc };
    let column = match sort.0 {
        Sort::Id => Column::Id,
        Sort::Name => Column::Name,
        Sort::Key => Column::Key,
        Sort::Email => Column::Email,
        Sort::CreateTime => Column::CreateTime,
    };
    Ok(filtered(project, filter)
        .order_by(column, order.clone())
        .order_by(Column::Id, order)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?)
}

/// How many customers the filter leaves.
pub async fn count(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
) -> Result<u64, BillingError> {
    Ok(filtered(project, filter).count(db).await?)
}

fn filtered(project: ProjectId, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null());
    let with_override = || overrides(project, None);
    if filter.without_override {
        query = query.filter(Column::Id.not_in_subquery(with_override()));
    } else if !filter.profiles.is_empty() {
        let mut any = Condition::any()
            .add(Column::Id.in_subquery(overrides(project, Some(&filter.profiles))));
        if filter.include_all && filter.default_profile {
            any = any.add(Column::Id.not_in_subquery(with_override()));
        }
        query = query.filter(any);
    } else if !filter.include_all {
        query = query.filter(Column::Id.in_subquery(with_override()));
    }
    if !filter.ids.is_empty() {
        query = query.filter(Column::Id.is_in(filter.ids.iter().cloned()));
    }
    if !filter.key.is_empty() {
        query = query.filter(Column::Key.eq(filter.key.as_str()));
    }
    for (column, part) in [(Column::Name, &filter.name), (Column::Email, &filter.email)] {
        if !part.is_empty() {
            let pattern =
                LikeExpr::new(format!("%{}%", like_escape(&part.to_lowercase()))).escape('\\');
            query =
                query.filter(Expr::expr(Func::lower(Expr::col((Entity, column)))).like(pattern));
        }
    }
    query
}

fn overrides(
    project: ProjectId,
    profiles: Option<&[ProfileId]>,
) -> sea_orm::sea_query::SelectStatement {
    use customer_override::{Column, Entity};
    let mut query = Entity::find()
        .select_only()
        .column(Column::CustomerId)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null());
    if let Some(profiles) = profiles {
        query = query.filter(Column::ProfileId.is_in(profiles.iter().map(ToString::to_string)));
    }
    query.into_query()
}

//! Subscriptions of customers, as the subscription service reported them.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_subscription")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// The subscription.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: String,
    /// Empty: not on a plan.
    pub plan_key: String,
    /// Set when something is priced.
    pub currency: Option<String>,
    /// First instant, in microseconds.
    pub start_time: i64,
    /// First instant after, in microseconds.
    pub end_time: Option<i64>,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

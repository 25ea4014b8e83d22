//! Subscriptions whose newest revision other services may not know yet.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_apply")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The subscription.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: String,
    /// Its customer.
    pub customer_id: String,
    /// The revision to apply.
    pub revision: i64,
    /// How often it failed.
    pub attempts: i32,
    /// System time of the next attempt.
    pub next_attempt_time: i64,
    /// Project time of the write.
    pub create_time: i64,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

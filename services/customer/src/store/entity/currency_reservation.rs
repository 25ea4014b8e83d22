//! What is promised to subscriptions that are not committed yet.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "currency_reservation")]
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
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// Currency; empty when nothing is priced.
    pub currency: String,
    /// System time.
    pub expire_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

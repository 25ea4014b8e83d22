//! The revenue ledger: one row per subscription, part and effective instant.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revenue_entry")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The subscription.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: String,
    /// From when on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub effective_time: i64,
    /// Which of the things that the subscription sells side by side; 0 for the first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: i32,
    /// Its customer.
    pub customer_id: String,
    /// What is sold, as other dialects name it.
    pub product_key: String,
    /// Currency of the value.
    pub currency: String,
    /// Worth of a month.
    pub monthly_value: Exact,
    /// What it counts as.
    pub class: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! How often a customer's rights have changed, and what the entitlement service has still to be told.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_access")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// Counts the changes.
    pub revision: i64,
    /// How often telling failed.
    pub attempts: i32,
    /// System time from which it may be told; null: it is known.
    pub next_attempt_time: Option<i64>,
    /// When the oldest change that is not told was made, in project time.
    pub create_time: i64,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Customers whose hold has to be brought up to date.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stale_hold")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// When a timer has to look at it.
    pub due_time: i64,
    /// Names the note: a newer one has another.
    pub token: String,
}

impl ActiveModelBehavior for ActiveModel {}

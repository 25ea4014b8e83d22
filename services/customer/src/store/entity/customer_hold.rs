//! What keeps customers from being deleted.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_hold")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// Reason.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    /// Holder id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder_id: String,
    /// Display text.
    pub display_text: String,
    /// First instant, in microseconds.
    pub start_time: i64,
    /// First instant after, in microseconds.
    pub end_time: Option<i64>,
    /// When the row was made, in microseconds.
    pub create_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

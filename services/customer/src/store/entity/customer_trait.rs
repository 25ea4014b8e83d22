//! Traits and segments of live customers.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_trait")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// Name of the segment, in its own case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Category: the name in lower case.
    pub category: String,
    /// Value, in its own case.
    pub value: String,
    /// Whether it was written as a trait and counts against the limit of its category.
    pub limited: bool,
    /// Place among the traits of the customer.
    pub added: i64,
    /// Order of the writes.
    pub written: i64,
    /// When it was added, in microseconds.
    pub create_time: i64,
    /// When the value was last set, in microseconds.
    pub update_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

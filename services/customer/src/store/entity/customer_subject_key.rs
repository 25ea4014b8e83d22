//! Subject keys of live customers. The primary key gives each to one customer.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_subject_key")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Subject key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_key: String,
    /// Subject key lower.
    pub subject_key_lower: String,
    /// The customer.
    pub customer_id: String,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

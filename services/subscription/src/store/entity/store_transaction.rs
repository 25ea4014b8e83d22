//! What stores told.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store_transaction")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The store.
    #[sea_orm(primary_key, auto_increment = false)]
    pub store: String,
    /// Production or sandbox.
    #[sea_orm(primary_key, auto_increment = false)]
    pub environment: String,
    /// The store's id of it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// What it is folded with.
    pub line: String,
    /// When it happened.
    pub happen_time: i64,
    /// When it was recorded.
    pub record_time: i64,
    /// All of it, as JSON.
    pub document: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

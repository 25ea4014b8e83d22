//! The assignment of an add-on version to a plan version.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plan_addon")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub plan_id: String,
    pub addon_id: String,
    pub addon_key: String,
    pub addon_number: i32,
    pub from_phase: String,
    pub max_quantity: Option<i32>,
    /// Free values, as JSON.
    pub metadata: String,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub delete_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

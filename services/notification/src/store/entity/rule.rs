//! A rule.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The word of the event type.
    pub event: String,
    pub name: String,
    /// Thresholds, as JSON.
    pub thresholds: String,
    pub disabled: bool,
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

//! A feature.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feature")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub key: String,
    pub name: String,
    pub meter_id: Option<String>,
    pub meter_slug: Option<String>,
    /// Filters, unit cost and metadata, as JSON.
    pub body: String,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub archive_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Calls that count against documented limits, as long as they count.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_charge")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: String,
    /// The bucket.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    /// When, in microseconds of project time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub time: i64,
    /// ULID: two calls may come at the same instant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Projects.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub struct Model {
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Currency.
    pub currency: String,
    /// Time zone.
    pub time_zone: String,
    /// Revenuecat id.
    pub revenuecat_id: String,
    /// Company id.
    pub company_id: String,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When the row was made, in microseconds.
    pub create_time: i64,
    /// When the row last changed, in microseconds.
    pub update_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Exchange rates.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// From currency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_currency: String,
    /// To currency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_currency: String,
    /// From when on it holds, in microseconds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub effective_time: i64,
    /// Rate.
    pub rate: Exact,
    /// When the row last changed, in microseconds.
    pub update_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

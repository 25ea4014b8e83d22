//! What names a live customer besides its id: key, former keys, aliases, ProfitWell id. The primary key is the
//! name space.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_handle")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Handle.
    #[sea_orm(primary_key, auto_increment = false)]
    pub handle: String,
    /// The customer.
    pub customer_id: String,
    /// `key`, `former_key`, `alias` or `profitwell_id`.
    pub kind: String,
    /// Since when, in microseconds; of aliases only.
    pub create_time: Option<i64>,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

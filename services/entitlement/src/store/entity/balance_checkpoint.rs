//! The state of a balance right after a reset that is old enough to be closed.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "balance_checkpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub entitlement_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub reset_time: i64,
    /// Balances and overage, as JSON.
    pub state: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

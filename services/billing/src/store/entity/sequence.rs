//! Counters of invoice numbers.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sequence")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// What is counted.
    #[sea_orm(primary_key, auto_increment = false)]
    pub scope: String,
    /// The last number given.
    pub last: i64,
}

impl ActiveModelBehavior for ActiveModel {}

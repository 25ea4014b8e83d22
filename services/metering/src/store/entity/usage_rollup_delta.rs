//! A row of `usage_rollup_delta`.

use sea_orm::entity::prelude::*;

/// What one commit adds to the rollup of a meter.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_rollup_delta")]
pub struct Model {
    /// Order of adding.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The project.
    pub project_id: String,
    /// The meter.
    pub meter_id: String,
    /// Generation of the rollup that it is of.
    pub generation: i64,
    /// Its first minute, in microseconds.
    pub first_minute: i64,
    /// Its last minute, in microseconds.
    pub last_minute: i64,
    /// How many partials it has.
    pub partial_count: i64,
    /// The partials, a line each.
    pub partials: String,
}

impl ActiveModelBehavior for ActiveModel {}

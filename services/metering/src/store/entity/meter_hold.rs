//! A row of `meter_hold`.

use sea_orm::entity::prelude::*;

/// A hold as stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meter_hold")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The held meter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub meter_id: String,
    /// Word of the reason.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reason: String,
    /// Who holds it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder_id: String,
    /// JSON list of group-by keys.
    pub group_by_keys: String,
    /// Name of the holder for people.
    pub display_text: String,
    /// In microseconds.
    pub create_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

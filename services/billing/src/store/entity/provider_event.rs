//! Events of providers that were taken.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "provider_event")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: String,
    /// The provider's id of the event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    /// When it was taken.
    pub create_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

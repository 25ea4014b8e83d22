//! A row of `portal_token`. The token itself is not stored: its signature proves it.

use sea_orm::entity::prelude::*;

/// A portal token as stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portal_token")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Whose usage it opens.
    pub subject: String,
    /// JSON list of meter slugs; empty for all.
    pub meter_slugs: String,
    /// When it ends, in microseconds of system time.
    pub expire_time: i64,
    /// When it was made, in microseconds of system time.
    pub create_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

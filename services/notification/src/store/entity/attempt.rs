//! One request to an endpoint.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970, of the system.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// A ULID, so that they sort by time.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The word of the state: success or failed.
    pub state: String,
    pub attempt_time: i64,
    /// Zero: there was no answer.
    pub status_code: i32,
    /// Start of the answer, or what went wrong.
    pub body: String,
    pub duration_ms: i64,
    pub url: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

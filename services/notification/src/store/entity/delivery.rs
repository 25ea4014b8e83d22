//! A delivery of an event to a channel.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970, of the system unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    /// The thing whose events keep their order.
    pub object: String,
    /// Place of the event among those of the project.
    pub sequence: i64,
    /// When the event was made, in project time.
    pub event_time: i64,
    /// The word of the state.
    pub state: String,
    pub reason: String,
    /// Later deliveries of the object wait for this one.
    pub in_lane: bool,
    /// When it is tried next; while it is tried, when it may be taken over. None: it waits for an
    /// earlier one, or is done.
    pub due_time: Option<i64>,
    /// Who tries it now; empty: nobody.
    pub claim: String,
    /// When it was first tried since it was last asked for.
    pub first_time: Option<i64>,
    /// Attempts since then.
    pub round_attempts: i32,
    /// When it was last asked for once more.
    pub resend_time: Option<i64>,
    pub create_time: i64,
    pub update_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! An event.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970; what does not apply is empty.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Place among the events of the project, without gaps.
    pub sequence: i64,
    /// The word of the event type.
    pub kind: String,
    pub rule_id: String,
    /// The thing whose events keep their order.
    pub object: String,
    /// Place among the events of that thing.
    pub object_sequence: i64,
    /// What is sent, to the letter.
    pub body: String,
    /// The crossed threshold, as JSON.
    pub threshold: String,
    /// Names the state that it tells of.
    pub dedupe_hash: String,
    /// What it tells about that state.
    pub told: String,
    pub test: bool,
    pub entitlement_id: String,
    pub customer_id: String,
    pub customer_key: String,
    pub subject_id: String,
    pub subject_key: String,
    pub feature_id: String,
    pub feature_key: String,
    pub invoice_id: String,
    pub invoice_number: String,
    /// In project time.
    pub create_time: i64,
    /// End of the usage period that it tells of, in project time; zero if it tells of none.
    pub keep_until: i64,
    /// The trace in which it was made; empty if nobody follows traces.
    pub traceparent: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

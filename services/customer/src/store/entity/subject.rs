//! Subjects, deleted ones too.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subject")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Key.
    pub key: String,
    /// The key while live, so that a unique index holds among live subjects.
    pub live_key: Option<String>,
    /// Display name.
    pub display_name: Option<String>,
    /// A JSON object.
    pub metadata: String,
    /// Stripe customer id.
    pub stripe_customer_id: Option<String>,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When the row was made, in microseconds.
    pub create_time: i64,
    /// When the row last changed, in microseconds.
    pub update_time: i64,
    /// When it was deleted, in microseconds.
    pub delete_time: Option<i64>,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

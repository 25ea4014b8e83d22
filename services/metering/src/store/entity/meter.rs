//! A row of `meter`.

use sea_orm::entity::prelude::*;

/// A meter as stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meter")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Unique among live meters.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Description; empty for none.
    pub description: String,
    /// Event type.
    pub event_type: String,
    /// First instant that counts, in microseconds.
    pub event_from: Option<i64>,
    /// Word of the aggregation.
    pub aggregation: String,
    /// JSONPath of the value; empty for COUNT.
    pub value_property: String,
    /// JSON object of JSONPaths by key.
    pub group_by: String,
    /// JSON object of texts.
    pub metadata: String,
    /// Revision.
    pub revision: i64,
    /// In microseconds.
    pub create_time: i64,
    /// In microseconds.
    pub update_time: i64,
    /// In microseconds.
    pub delete_time: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

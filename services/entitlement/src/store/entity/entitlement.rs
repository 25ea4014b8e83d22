//! An entitlement.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub customer_id: String,
    pub feature_id: String,
    pub feature_key: String,
    /// `metered`, `static` or `boolean`.
    pub kind: String,
    /// What only this kind has, as JSON.
    pub body: String,
    /// The question for metering; an encoded `UsageQuery`. Metered only.
    pub usage_query: Option<Vec<u8>>,
    pub usage_interval: Option<String>,
    pub usage_anchor: Option<i64>,
    pub active_from: i64,
    pub active_to: Option<i64>,
    pub subscription_id: Option<String>,
    pub item_id: Option<String>,
    pub metadata: String,
    pub annotations: String,
    /// Whether the customer service must still be told.
    pub hold_due: bool,
    /// Whether the feature's meter is held for it.
    pub meter_held: bool,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub delete_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! A grant.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970. Customer and feature are those of the entitlement, which
/// never change; lists filter by them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub entitlement_id: String,
    pub customer_id: String,
    pub feature_id: String,
    pub feature_key: String,
    pub amount: Exact,
    pub priority: i32,
    pub effective_time: i64,
    /// Unit and count, as JSON.
    pub expiration: Option<String>,
    pub expire_time: Option<i64>,
    pub min_rollover: Exact,
    pub max_rollover: Exact,
    pub recurrence_interval: Option<String>,
    pub recurrence_anchor: Option<i64>,
    pub void_time: Option<i64>,
    pub metadata: String,
    pub annotations: String,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub delete_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! The ledger of terms: one row per item and span of time that a write changed. Rows are only ever added.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription_change")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Id, in the order of recording.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The subscription.
    pub subscription_id: String,
    /// Its customer.
    pub customer_id: String,
    /// Its revision.
    pub revision: i64,
    /// What was done.
    pub cause: String,
    /// By whom.
    pub actor: String,
    /// When.
    pub record_time: i64,
    /// From when on it holds.
    pub effective_time: i64,
    /// Until when it holds; null: for good.
    pub end_time: Option<i64>,
    /// Key of the item.
    pub item_key: String,
    /// What was sold and what is, as JSON.
    pub document: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

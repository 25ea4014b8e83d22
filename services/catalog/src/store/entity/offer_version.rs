//! One version of a plan or an add-on.

use sea_orm::entity::prelude::*;

/// A row. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// `plan` or `addon`.
    pub kind: String,
    pub key: String,
    pub number: i32,
    pub currency: String,
    pub effective_from: Option<i64>,
    pub effective_to: Option<i64>,
    /// What the user may change, as JSON.
    pub body: String,
    pub revision: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub delete_time: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! What a subscription that is about to be committed will take.

use sea_orm::entity::prelude::*;

/// A row. The expiry is system time in microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription_reservation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: String,
    pub customer_id: String,
    pub revision: i64,
    /// Feature keys and spans, as JSON.
    pub occupants: String,
    pub expire_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

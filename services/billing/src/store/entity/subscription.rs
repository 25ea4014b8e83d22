//! Copies of subscriptions.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Who pays.
    pub customer_id: String,
    /// The revision that is copied.
    pub revision: i64,
    /// Whether anything in it is billed.
    pub priced: bool,
    /// Its end.
    pub end_time: Option<i64>,
    /// When its lines have to be looked at again.
    pub next_sync_time: Option<i64>,
    /// How far its lines were made for this revision, JSON.
    pub reached: String,
    /// The subscription, JSON.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}

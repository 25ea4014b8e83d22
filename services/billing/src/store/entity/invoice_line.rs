//! Lines of invoices.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_line")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The invoice it is on.
    pub invoice_id: String,
    /// The subscription it comes from.
    pub subscription_id: Option<String>,
    /// The usage period it is a part of.
    pub split_id: Option<String>,
    /// When it was deleted.
    pub delete_time: Option<i64>,
    /// The line, JSON.
    pub body: String,
}

impl ActiveModelBehavior for ActiveModel {}

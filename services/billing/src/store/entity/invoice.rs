//! Invoices without their lines.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The customer.
    pub customer_id: String,
    /// Name of the customer, for sorting.
    pub customer_name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Text form of the state.
    pub state: String,
    /// Number.
    pub number: String,
    /// The app that carries it out.
    pub app_id: String,
    /// The header, JSON.
    pub body: String,
    /// Counts changes.
    pub revision: i64,
    /// When it was issued.
    pub issue_time: Option<i64>,
    /// Start of its period.
    pub period_start_time: Option<i64>,
    /// When it was created.
    pub create_time: i64,
    /// When it was last changed.
    pub update_time: i64,
    /// When it was deleted.
    pub delete_time: Option<i64>,
    /// When a timer has to look at it.
    pub due_time: Option<i64>,
    /// Id in the invoicing app.
    pub external_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

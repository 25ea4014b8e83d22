//! What invoices say of subscriptions made from plans.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice_share")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The invoice.
    #[sea_orm(primary_key, auto_increment = false)]
    pub invoice_id: String,
    /// The subscription.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subscription_id: String,
    /// Who pays.
    pub customer_id: String,
    /// Revision of the invoice.
    pub revision: i64,
    /// Whether it was issued and is not paid.
    pub is_open: bool,
    /// When it was paid.
    pub time: Option<i64>,
    /// Sum of its lines for the subscription.
    pub amount: Exact,
    /// Code of the currency.
    pub currency: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! What apps know about customers.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_app")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// The app.
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: String,
    /// Which system the app joins.
    pub kind: String,
    /// The customer at Stripe.
    pub stripe_customer_id: Option<String>,
    /// Its payment method.
    pub payment_method_id: Option<String>,
    /// Free pairs, JSON.
    pub metadata: String,
    /// When it was created.
    pub create_time: i64,
    /// When it was last changed.
    pub update_time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! Installed apps.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Which system it joins.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Free pairs, JSON.
    pub metadata: String,
    /// Whether the outside system accepts us.
    pub ready: bool,
    /// Drafts wait for confirmation.
    pub draft_sync_hook: bool,
    /// Issuing waits for confirmation.
    pub issuing_sync_hook: bool,
    /// The Stripe account.
    pub account_id: Option<String>,
    /// Whether real money moves.
    pub live_mode: Option<bool>,
    /// What is shown of the key.
    pub masked_key: Option<String>,
    /// The key, sealed.
    pub sealed_key: Option<String>,
    /// The webhook endpoint at Stripe.
    pub webhook_id: Option<String>,
    /// What signs its events, sealed.
    pub sealed_webhook_secret: Option<String>,
    /// Counts changes.
    pub revision: i64,
    /// When it was created.
    pub create_time: i64,
    /// When it was last changed.
    pub update_time: i64,
    /// When it was deleted.
    pub delete_time: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

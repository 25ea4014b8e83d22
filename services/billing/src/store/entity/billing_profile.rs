//! Billing profiles.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "billing_profile")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether it is the default.
    pub is_default: bool,
    /// Its app.
    pub app_id: String,
    /// Description, metadata, supplier and workflow, JSON.
    pub body: String,
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

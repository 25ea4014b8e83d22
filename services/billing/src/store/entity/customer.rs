//! What lists need to know of customers, copied from their feed.

use sea_orm::entity::prelude::*;

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its key; empty without one.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its e-mail address; empty without one.
    pub email: String,
    /// When it was created.
    pub create_time: i64,
    /// When it was last changed.
    pub update_time: i64,
    /// When it was deleted.
    pub delete_time: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

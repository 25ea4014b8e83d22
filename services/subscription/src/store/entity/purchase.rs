//! Things bought once.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purchase")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Short id.
    pub short_id: String,
    /// The transactions it was made of.
    pub line: String,
    /// Who has it.
    pub customer_id: String,
    /// How its store calls it.
    pub identifier: String,
    /// Production or sandbox.
    pub environment: String,
    /// When it was bought.
    pub purchase_time: i64,
    /// Counts writes from 1.
    pub revision: i64,
    /// When it was made.
    pub create_time: i64,
    /// What is known of it, as JSON.
    pub document: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

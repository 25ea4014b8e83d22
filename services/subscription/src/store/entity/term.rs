//! Terms of every origin.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "term")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Short id.
    pub short_id: String,
    /// Where it comes from.
    pub origin: String,
    /// What it is a stretch of.
    pub source_key: String,
    /// What opened it.
    pub opening: String,
    /// The subscription that it is a stretch of, or its own id.
    pub source_id: String,
    /// Who has it.
    pub customer_id: String,
    /// How its store or dialect calls it.
    pub identifier: String,
    /// Production or sandbox.
    pub environment: String,
    /// Its start.
    pub start_time: i64,
    /// Whether it is there: false for one that is gone and may come back.
    pub live: bool,
    /// Counts writes from 1.
    pub revision: i64,
    /// When it was made.
    pub create_time: i64,
    /// What is known of it, as JSON; empty where it is read elsewhere.
    pub document: String,
    /// The entitlement definition that it was given away by, and ends with.
    pub entitlement_definition_id: Option<String>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

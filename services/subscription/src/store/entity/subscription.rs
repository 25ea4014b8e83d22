//! One row per subscription: what lists filter and sort by, and the whole as a document.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Who pays.
    pub customer_id: String,
    /// Key of the plan; none for a plan of its own.
    pub plan_key: Option<String>,
    /// Start.
    pub active_from: i64,
    /// End; an open one has the greatest number, so that it sorts last.
    pub active_to: i64,
    /// Counts writes.
    pub revision: i64,
    /// When it was deleted.
    pub delete_time: Option<i64>,
    /// The subscription as JSON.
    pub document: String,
    /// Who runs it, hence what the document is: `plan`, `reported`, `store`.
    pub kind: String,
    /// Its number in the project, by creation.
    pub sequence: i64,
    /// The short id that dialects show.
    pub short_id: String,
    /// Whether the end is only as far as is known: it goes on if its store says so.
    pub renews: bool,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

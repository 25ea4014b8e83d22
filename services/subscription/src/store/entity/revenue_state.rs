//! What the sums of a project were made with.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revenue_state")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Grows whenever all sums are made anew; sums and customers of an older one do not count.
    pub generation: i64,
    /// Version of the rules behind the sums.
    pub engine: i32,
    /// Currency of the sums.
    pub currency: String,
    /// Zone of their days and months.
    pub time_zone: String,
    /// Grows whenever a rate is set.
    pub rates: i64,
    /// When there is something to restate next.
    pub due_time: Option<i64>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! What of a customer is in the sums.

use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revenue_customer")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: String,
    /// Grows with each restatement.
    pub version: i64,
    /// Generation of the sums that the customer is in.
    pub generation: i64,
    /// By which rates amounts were converted; none where nothing had to be.
    pub rates: Option<i64>,
    /// The first entry that is not in the sums, because it was ahead.
    pub next_time: Option<i64>,
    /// The last entry that is.
    pub last_time: Option<i64>,
    /// The converted entries that the customer's part of the sums follows from.
    pub entries: Vec<u8>,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Money of terms and purchases that counts in figures.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// The row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The term or purchase.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner_id: String,
    /// What makes it one of a kind there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Who has the owner.
    pub customer_id: String,
    /// When.
    pub time: i64,
    /// How much; negative when given back.
    pub amount: Exact,
    /// Code of the currency.
    pub currency: String,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Flows of one month or day, of the whole account or of one product.

use chassis::Exact;
use sea_orm::entity::prelude::*;

/// The row. Its columns are those of the domain's flow.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revenue_sum")]
pub struct Model {
    /// Project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// Generation of the sums.
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    /// `ever`, `month` or `day`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grain: String,
    /// The product; empty for the whole account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_key: String,
    /// YYYYMM, YYYYMMDD, or 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: i32,
    /// Amount.
    pub new: Exact,
    /// Customers behind it.
    pub new_customers: i64,
    /// Amount.
    pub reactivated: Exact,
    /// Customers behind it.
    pub reactivated_customers: i64,
    /// Amount.
    pub canceled: Exact,
    /// Customers behind it.
    pub canceled_customers: i64,
    /// Amount.
    pub delinquent: Exact,
    /// Customers behind it.
    pub delinquent_customers: i64,
    /// Amount.
    pub upgraded: Exact,
    /// Customers behind it.
    pub upgraded_customers: i64,
    /// Amount.
    pub downgraded: Exact,
    /// Customers behind it.
    pub downgraded_customers: i64,
    /// Amount.
    pub plan_changed: Exact,
    /// Customers behind it.
    pub plan_changed_customers: i64,
    /// Amount.
    pub retained: Exact,
    /// Amount.
    pub converted: Exact,
    /// Amount.
    pub ending: Exact,
    /// More customers who pay.
    pub customers: i64,
    /// Trials begun.
    pub trials_started: i64,
    /// Trials that became paid.
    pub trials_converted: i64,
    /// Trials that ended unpaid.
    pub trials_lost: i64,
    /// Seconds from start to conversion of all converted trials.
    pub conversion_seconds: i64,
}

/// None.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Customers, deleted ones too. The texts in lower case serve searches.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Key.
    pub key: Option<String>,
    /// Key lower.
    pub key_lower: Option<String>,
    /// Name for people.
    pub name: String,
    /// Name lower.
    pub name_lower: String,
    /// Description.
    pub description: Option<String>,
    /// Email.
    pub email: Option<String>,
    /// Email lower.
    pub email_lower: Option<String>,
    /// Currency.
    pub currency: Option<String>,
    /// JSON object of the parts that are set.
    pub address: String,
    /// JSON object of texts.
    pub metadata: String,
    /// JSON array of the subject keys at the deletion; `[]` while live.
    pub deleted_subject_keys: String,
    /// Version for optimistic concurrency.
    pub revision: i64,
    /// When the row was made, in microseconds.
    pub create_time: i64,
    /// When the row last changed, in microseconds.
    pub update_time: i64,
    /// When it was deleted, in microseconds.
    pub delete_time: Option<i64>,
    /// Id in the ProfitWell dialect.
    pub profitwell_id: Option<String>,
    /// Whether nobody gave the name.
    pub name_derived: bool,
    /// When its personal data was removed, in microseconds.
    pub anonymize_time: Option<i64>,
    /// When it was excluded from metrics, in microseconds.
    pub exclude_time: Option<i64>,
    /// When it was last seen, in microseconds.
    pub last_seen_time: Option<i64>,
    /// When anything about it last changed, in microseconds.
    pub touch_time: i64,
    /// Version of its aliases, attributes, traits and opt-outs together.
    pub profile_revision: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

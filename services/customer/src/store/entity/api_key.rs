//! API keys: their hashes, never their texts.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// ULID.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Display name.
    pub display_name: Option<String>,
    /// Kind.
    pub kind: String,
    /// `<prefix>_<public part>`; none when the text was given from outside.
    pub public_prefix: Option<String>,
    /// HMAC-SHA-256 of the whole text under the pepper, in hexadecimal digits.
    pub key_hash: String,
    /// JSON array of texts.
    pub permissions: String,
    /// When it ends, in microseconds of system time.
    pub expire_time: Option<i64>,
    /// When it was last used, in microseconds of system time.
    pub last_use_time: Option<i64>,
    /// When it was revoked, in microseconds of system time.
    pub revoke_time: Option<i64>,
    /// When the row was made, in microseconds.
    pub create_time: i64,
}

/// No relations: rows are joined by the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

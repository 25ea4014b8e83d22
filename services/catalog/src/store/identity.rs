//! What all resources of stores have in common: how they are named, stamped and found. Their
//! short ids cannot be computed back, so they are made at birth and kept.

use chassis::{
    db::{instant, micros},
    secret::{hex, sha256},
};
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Select,
    sea_query::SimpleExpr,
};

use crate::error::CatalogError;

/// Hexadecimal digits of a short id behind its prefix.
const DIGITS: usize = 10;
/// Hashes tried before giving up.
const ATTEMPTS_MAX: u64 = 1000;

/// How often and when a resource was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
}

impl Stamp {
    /// Of something that is made now.
    pub fn new(now: Timestamp) -> Self {
        Self {
            revision: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Of the same thing after a change.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        Self {
            revision: self.revision + 1,
            update_time: now,
            ..self
        }
    }

    /// From the columns of a row.
    pub fn from_row(revision: i64, create_time: i64, update_time: i64) -> Self {
        Self {
            revision,
            create_time: instant(create_time),
            update_time: instant(update_time),
        }
    }

    /// When it was made, for a column.
    pub fn created(&self) -> i64 {
        micros(self.create_time)
    }

    /// When it last changed, for a column.
    pub fn updated(&self) -> i64 {
        micros(self.update_time)
    }
}

/// The rows that a ULID or a short id names: what reads as a ULID is one.
pub fn named<C: ColumnTrait>(id: C, short: C, text: &str) -> SimpleExpr {
    if kernel::id::parse_ulid(text).is_ok() {
        id.eq(text.to_ascii_uppercase())
    } else {
        short.eq(text)
    }
}

/// The short id of a new thing: leading digits of a hash over its ULID, the next hash where that
/// is taken. `rows` are those of its kind in its project.
pub async fn short_id<E>(
    db: &impl ConnectionTrait,
    rows: &Select<E>,
    column: E::Column,
    (project, prefix, id): (ProjectId, &str, &str),
) -> Result<String, CatalogError>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    for attempt in 0..ATTEMPTS_MAX {
        let candidate = candidate(project, prefix, id, attempt);
        let taken = rows.clone().filter(column.eq(&candidate)).count(db).await?;
        if taken == 0 {
            return Ok(candidate);
        }
    }
    // So many collisions of 40 bits in a row are nobody's bad luck.
    Err(CatalogError::Stale("short id"))
}

fn candidate(project: ProjectId, prefix: &str, id: &str, attempt: u64) -> String {
    let hash = hex(&sha256(
        format!("{project}{prefix}{id}{attempt}").as_bytes(),
    ));
    format!("{prefix}{}", &hash[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_are_prefix_and_ten_hexadecimal_digits_for_good() {
        let project = ProjectId::from_ulid(ulid::Ulid::nil());
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let first = candidate(project, "prod", id, 0);
        assert_eq!(first, candidate(project, "prod", id, 0));
        assert_ne!(first, candidate(project, "prod", id, 1));
        let digits = first.strip_prefix("prod").unwrap_or_default();
        assert_eq!(digits.len(), DIGITS);
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
}

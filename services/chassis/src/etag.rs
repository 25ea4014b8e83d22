//! Etags: the revision of a resource as opaque text. A stale one is a conflict.

/// The etag was sent and is not the current one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the resource was changed since the etag was read")]
pub struct Stale;

/// The etag of a revision.
pub fn of(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// Refuses an etag that was sent and is not the one of the current revision.
pub fn check(etag: &str, revision: i64) -> Result<(), Stale> {
    if etag.is_empty() || etag == of(revision) {
        Ok(())
    } else {
        Err(Stale)
    }
}

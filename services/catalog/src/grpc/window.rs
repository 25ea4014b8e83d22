//! Pages of lists that go on behind a row: named by a token, or by the row's own id.

use chassis::{keyset::Slice, page::PageRequest};
use tonic::Status;

use crate::error::CatalogError;

/// Rows on a page when the caller does not say.
const SIZE_DEFAULT: u64 = 50;
/// Most rows on a page.
const SIZE_MAX: u64 = 1000;

/// A page that a list was asked for.
pub struct Window {
    /// The part of the list.
    pub slice: Slice,
    request: PageRequest,
}

impl Window {
    /// Reads page size and token. `after` holds the sort values of the row that was named instead
    /// of a token; `query` is whatever else shapes the list.
    pub fn parse(
        size: i32,
        token: &str,
        after: Option<Vec<String>>,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, Status> {
        let limit = limit("page_size", size)?;
        if after.is_some() && !token.is_empty() {
            let both = CatalogError::invalid("after_id", "must not be given with page_token");
            return Err(both.into());
        }
        let request = PageRequest::parse(0, token, key, query)?;
        Ok(Self {
            slice: Slice {
                limit,
                page: None,
                after: after.or_else(|| request.after.clone()),
                descending: false,
            },
            request,
        })
    }

    /// The token of the page behind a row with these sort values; empty when there is none.
    pub fn next_token(&self, more: bool, last: Option<&[&str]>) -> String {
        match last {
            Some(values) if more => self.request.token(values),
            Some(_) | None => String::new(),
        }
    }
}

/// Reads how many rows are wanted.
pub fn limit(field: &str, size: i32) -> Result<u64, CatalogError> {
    match u64::try_from(size) {
        Ok(0) => Ok(SIZE_DEFAULT),
        Ok(size) => Ok(size.min(SIZE_MAX)),
        Err(_) => Err(CatalogError::invalid(field, "must not be negative")),
    }
}

/// The sort value of the row that `after_id` names, once it was looked up; a row that is not there
/// cannot be gone on behind.
pub fn behind<T>(
    found: Result<T, CatalogError>,
    value: impl FnOnce(T) -> String,
) -> Result<Option<Vec<String>>, CatalogError> {
    match found {
        Ok(found) => Ok(Some(vec![value(found)])),
        Err(CatalogError::NotFound { .. }) => Err(not_in_list()),
        Err(other) => Err(other),
    }
}

/// What `after_id` names is not in the list.
pub fn not_in_list() -> CatalogError {
    CatalogError::invalid("after_id", "names nothing in the list")
}

//! Pages of lists that go on behind a row: named by a token, or by the row's own id.

use chassis::keyset::Slice;
use chassis::page::PageRequest;
use tonic::Status;

use crate::error::SubscriptionError;

/// Rows on a page when the caller does not say.
const SIZE_DEFAULT: u64 = 50;
/// Most rows on a page.
const SIZE_MAX: u64 = 1_000;

/// A page that a list was asked for.
pub struct Window {
    /// The part of the list.
    pub slice: Slice,
    request: PageRequest,
}

impl Window {
    /// Reads page size and token. `after` holds the sort values of the row that was named instead of a token; `query` is whatever else
    /// shapes the list.
    pub fn parse(
        size: i32,
        token: &str,
        after: Option<Vec<String>>,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, Status> {
        let limit = match u64::try_from(size) {
            Ok(0) => SIZE_DEFAULT,
            Ok(size) => size.min(SIZE_MAX),
            Err(_) => {
                return Err(SubscriptionError::field("page_size", "must not be negative").into());
            }
        };
        if after.is_some() && !token.is_empty() {
            let wrong = "must not be given with page_token";
            return Err(SubscriptionError::field("after_id", wrong).into());
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
    pub fn next_token(&self, last: Option<&[&str]>) -> String {
        last.map_or_else(String::new, |values| self.request.token(values))
    }
}

/// What `after_id` names is not in the list.
pub fn not_in_list() -> SubscriptionError {
    SubscriptionError::field("after_id", "names nothing in the list")
}

//! Which page of a list is wanted, and the token of the next one.

use chassis::page::PageRequest;
use kernel::Timestamp;
use tonic::Status;

use crate::{
    error::EntitlementError,
    store::slice::{Rows, Slice},
};

/// Most rows of a page by number.
const NUMBERED_PAGE_MAX: i32 = 1_000;

/// A page that was asked for.
pub struct Page {
    request: PageRequest,
    /// The page as the store reads it.
    pub slice: Slice,
}

/// The answer's paging fields.
pub struct Paging {
    /// Token of the next page.
    pub next_page_token: String,
    /// All matches.
    pub total_size: i64,
}

impl Page {
    /// Reads the paging fields of a list. `query` is whatever else shapes the answer.
    pub fn read(
        page_size: i32,
        page_token: &str,
        page: i32,
        key: [u8; 32],
        query: &str,
    ) -> Result<Self, Status> {
        let request = PageRequest::parse(page_size, page_token, key, &[query])?;
        let number = u64::try_from(page)
            .map_err(|_| EntitlementError::invalid("page", "must not be negative"))?;
        if number > 0 && !page_token.is_empty() {
            return Err(
                EntitlementError::invalid("page", "cannot be given with a page token").into(),
            );
        }
        let after = request
            .after
            .as_ref()
            .and_then(|values| match values.as_slice() {
                [time, id] => Some((time.parse().ok()?, id.clone())),
                [..] => None,
            });
        let limit = if number > 0 && page_size > 0 {
            u64::from(page_size.min(NUMBERED_PAGE_MAX).unsigned_abs())
        } else {
            request.limit
        };
        Ok(Self {
            slice: Slice {
                limit,
                page: (number > 0).then_some(number),
                after,
            },
            request,
        })
    }

    /// The paging fields of the answer. `last` gives the sort values of a row.
    pub fn paging<T>(&self, rows: &Rows<T>, last: impl Fn(&T) -> (Timestamp, String)) -> Paging {
        let by_token = self.slice.page.is_none() && rows.more;
        let next_page_token = match rows.rows.last() {
            Some(row) if by_token => {
                let (time, id) = last(row);
                self.request
                    .token(&[&chassis::db::micros(time).to_string(), &id])
            }
            Some(_) | None => String::new(),
        };
        Paging {
            next_page_token,
            total_size: i64::try_from(rows.total).unwrap_or(i64::MAX),
        }
    }
}

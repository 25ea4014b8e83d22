//! Proto ↔ domain. Reading parses values and names the field of what it cannot read.

pub mod channel;
pub mod rule;

use std::fmt::Display;

use jiff::Timestamp;

use crate::{error::NotificationError, store::keyset::Slice};

/// Most entries of one filter.
const FILTER_COUNT_MAX: usize = 250;
/// Most rows of a page that was asked for by number.
const NUMBERED_PAGE_SIZE_MAX: u64 = 1000;

/// Names the field of a value that cannot be read.
fn at<T, E: Display>(field: &str, read: Result<T, E>) -> Result<T, NotificationError> {
    read.map_err(|error| NotificationError::invalid(field, error.to_string()))
}

/// Reads an id that a request must carry.
pub fn parse_id<T: std::str::FromStr<Err: Display>>(
    field: &str,
    text: &str,
) -> Result<T, NotificationError> {
    at(field, text.parse())
}

/// Refuses an etag that was sent and is not the current one.
pub fn check_etag(etag: &str, revision: i64, what: &'static str) -> Result<(), NotificationError> {
    chassis::etag::check(etag, revision).map_err(|_| NotificationError::Stale(what))
}

fn time(instant: Timestamp) -> Option<prost_types::Timestamp> {
    Some(contract::convert::timestamp(instant))
}

fn optional_time(instant: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    instant.map(contract::convert::timestamp)
}

fn bounded(field: &str, count: usize, most: usize) -> Result<(), NotificationError> {
    if count > most {
        return Err(NotificationError::invalid(
            field,
            format!("must have at most {most} entries"),
        ));
    }
    Ok(())
}

/// A page that a list was asked for.
pub struct Page {
    /// The part of the list.
    pub slice: Slice,
    request: chassis::page::PageRequest,
}

impl Page {
    /// Reads page size, token and number. `query` is whatever else shapes the list.
    pub fn from_proto(
        (size, token, number): (i32, &str, i32),
        descending: bool,
        key: [u8; 32],
        query: &[&str],
    ) -> Result<Self, NotificationError> {
        let request = chassis::page::PageRequest::parse(size, token, key, query)?;
        let page = u64::try_from(number)
            .map_err(|_| NotificationError::invalid("page", "must not be negative"))?;
        let page = (page > 0).then_some(page);
        if page.is_some() && request.after.is_some() {
            return Err(NotificationError::invalid(
                "page",
                "must not be given with page_token",
            ));
        }
        let limit = match (page, u64::try_from(size)) {
            (Some(_), Ok(size)) if size > 0 => size.min(NUMBERED_PAGE_SIZE_MAX),
            (Some(_) | None, _) => request.limit,
        };
        Ok(Self {
            slice: Slice {
                limit,
                page,
                after: request.after.clone(),
                descending,
            },
            request,
        })
    }

    /// The token of the page behind a row with these sort values; empty when there is none.
    pub fn next_token(&self, more: bool, last: Option<Vec<String>>) -> String {
        match last {
            Some(values) if more => {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                self.request.token(&values)
            }
            Some(_) | None => String::new(),
        }
    }
}

/// Which fields an update changes.
pub struct Mask {
    paths: Option<Vec<String>>,
}

impl Mask {
    /// Reads an update mask. `known` are the paths that can be changed, `ignored` those that
    /// are output only.
    pub fn from_proto(
        wire: Option<&prost_types::FieldMask>,
        known: &[&str],
        ignored: &[&str],
    ) -> Result<Self, NotificationError> {
        let Some(wire) = wire.filter(|mask| !mask.paths.is_empty()) else {
            return Ok(Self { paths: None });
        };
        if wire.paths.iter().any(|path| path == "*") {
            let all = known.iter().map(|path| (*path).to_owned()).collect();
            return Ok(Self { paths: Some(all) });
        }
        let unknown = wire
            .paths
            .iter()
            .find(|path| !known.contains(&path.as_str()) && !ignored.contains(&path.as_str()));
        if let Some(path) = unknown {
            return Err(NotificationError::invalid(
                "update_mask",
                format!("unknown path {path}"),
            ));
        }
        Ok(Self {
            paths: Some(wire.paths.clone()),
        })
    }

    /// Whether the field is to be changed; without a mask those that are populated are.
    pub fn changes(&self, path: &str, populated: bool) -> bool {
        self.paths
            .as_ref()
            .map_or(populated, |paths| paths.iter().any(|listed| listed == path))
    }
}

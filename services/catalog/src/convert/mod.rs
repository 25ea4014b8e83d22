//! Proto ↔ domain. Reading parses values and names the field of what it cannot read; what a
//! resource may be is decided by the domain.

pub mod addon;
pub mod feature;
pub mod plan;
pub mod plan_addon;
pub mod rate_card;

use std::fmt::Display;

use contract::kernel::v1 as kernel_pb;
use jiff::Timestamp;
use kernel::{Decimal, calendar::IsoDuration, currency::Currency};

use crate::{
    domain::issue::Issue,
    error::{CatalogError, wire_issue},
    store::keyset::Slice,
};

/// Most ids, keys and the like in one filter.
const FILTER_COUNT_MAX: usize = 250;
/// Most things read by one batch call.
const BATCH_COUNT_MAX: usize = 1000;
/// Most rows of a page that was asked for by number.
const NUMBERED_PAGE_SIZE_MAX: u64 = 1000;

/// Names the field of a value that cannot be read.
fn at<T, E: Display>(field: &str, read: Result<T, E>) -> Result<T, CatalogError> {
    read.map_err(|error| CatalogError::invalid(field, error.to_string()))
}

fn required<T>(field: &str, value: Option<T>) -> Result<T, CatalogError> {
    value.ok_or_else(|| CatalogError::invalid(field, "is required"))
}

fn decimal(field: &str, wire: Option<&kernel_pb::Decimal>) -> Result<Decimal, CatalogError> {
    at(field, contract::convert::from_required_decimal(wire))
}

fn optional_decimal(
    field: &str,
    wire: Option<&kernel_pb::Decimal>,
) -> Result<Option<Decimal>, CatalogError> {
    at(field, contract::convert::from_optional_decimal(wire))
}

fn currency(field: &str, code: &str) -> Result<Currency, CatalogError> {
    at(field, Currency::parse(code))
}

fn duration(field: &str, text: &str) -> Result<IsoDuration, CatalogError> {
    at(field, IsoDuration::parse(text))
}

fn optional_duration(field: &str, text: &str) -> Result<Option<IsoDuration>, CatalogError> {
    if text.is_empty() {
        return Ok(None);
    }
    duration(field, text).map(Some)
}

fn optional_text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads an id that a request must carry.
pub fn parse_id<T: std::str::FromStr<Err: Display>>(
    field: &str,
    text: &str,
) -> Result<T, CatalogError> {
    at(field, text.parse())
}

fn time(instant: Timestamp) -> Option<prost_types::Timestamp> {
    Some(contract::convert::timestamp(instant))
}

fn optional_time(instant: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    instant.map(contract::convert::timestamp)
}

/// Issues for the wire.
pub fn issues(found: &[Issue]) -> Vec<kernel_pb::ValidationIssue> {
    found
        .iter()
        .map(|issue| (&wire_issue(issue)).into())
        .collect()
}

/// Reads the ids of a batch.
pub fn batch<T: std::str::FromStr<Err: Display>>(
    field: &str,
    texts: &[String],
) -> Result<Vec<T>, CatalogError> {
    bounded(field, texts.len(), BATCH_COUNT_MAX)?;
    texts.iter().map(|text| parse_id(field, text)).collect()
}

/// Refuses an etag that was sent and is not the current one.
pub fn check_etag(etag: &str, revision: i64, what: &'static str) -> Result<(), CatalogError> {
    chassis::etag::check(etag, revision).map_err(|_| CatalogError::Stale(what))
}

fn bounded(field: &str, count: usize, most: usize) -> Result<(), CatalogError> {
    if count > most {
        return Err(CatalogError::invalid(
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
    ) -> Result<Self, CatalogError> {
        let request = chassis::page::PageRequest::parse(size, token, key, query)?;
        let page = u64::try_from(number)
            .map_err(|_| CatalogError::invalid("page", "must not be negative"))?;
        let page = (page > 0).then_some(page);
        if page.is_some() && request.after.is_some() {
            return Err(CatalogError::invalid(
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
    ) -> Result<Self, CatalogError> {
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
            return Err(CatalogError::invalid(
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn mask(paths: &[&str]) -> prost_types::FieldMask {
        prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }
    }

    #[test]
    fn a_mask_names_what_changes_and_refuses_what_it_does_not_know() {
        let read =
            |paths: &[&str]| Mask::from_proto(Some(&mask(paths)), &["name", "phases"], &["id"]);
        assert!(read(&["name"]).unwrap().changes("name", false));
        assert!(!read(&["name", "id"]).unwrap().changes("phases", true));
        assert!(read(&["*"]).unwrap().changes("phases", false));
        assert!(read(&["key"]).is_err());
        let none = Mask::from_proto(None, &["name"], &[]).unwrap();
        assert!(none.changes("name", true) && !none.changes("name", false));
    }

    #[test]
    fn numbered_pages_may_be_longer_and_take_no_token() {
        let read = |size, number| Page::from_proto((size, "", number), false, [1; 32], &[]);
        assert_eq!(read(1000, 1).unwrap().slice.limit, 1000);
        assert_eq!(read(1000, 0).unwrap().slice.limit, 250);
        assert_eq!(read(0, 2).unwrap().slice.limit, 50);
        assert!(read(10, -1).is_err());
    }
}

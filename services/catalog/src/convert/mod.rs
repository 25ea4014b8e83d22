//! Proto ↔ domain. Reading parses values and names the field of what it cannot read; what a
//! resource may be is decided by the domain.

pub mod access;
pub mod addon;
pub mod feature;
pub mod model_price;
pub mod plan;
pub mod plan_addon;
pub mod product;
pub mod rate_card;
pub mod store_app;

use std::fmt::Display;

use contract::kernel::v1 as kernel_pb;
use jiff::Timestamp;
use kernel::{Decimal, calendar::IsoDuration, currency::Currency};

use crate::{
    domain::issue::Issue,
    error::{CatalogError, wire_issue},
};

/// Most ids, keys and the like in one filter.
const FILTER_COUNT_MAX: usize = 250;
/// Most things read by one batch call.
const BATCH_COUNT_MAX: usize = 1000;

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

/// Reads an ISO 8601 duration; empty text is none.
pub fn optional_duration(field: &str, text: &str) -> Result<Option<IsoDuration>, CatalogError> {
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

/// Refuses a batch of more things than one call reads.
pub fn check_batch(field: &str, texts: &[String]) -> Result<(), CatalogError> {
    bounded(field, texts.len(), BATCH_COUNT_MAX)
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

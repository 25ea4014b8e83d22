//! Proto ↔ domain. Reading parses values and names the field of what it cannot read.

pub mod channel;
pub mod event;
pub mod rule;

use std::fmt::Display;

use jiff::Timestamp;

use crate::error::NotificationError;

/// Most entries of one filter.
const FILTER_COUNT_MAX: usize = 250;

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

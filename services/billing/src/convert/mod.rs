//! Between wire messages and the domain: the only place that knows both.

pub mod app;
pub mod customer;
pub mod explain;
pub mod invoice;
pub mod line;
pub mod price;
pub mod profile;
pub mod subscription;

use std::{collections::BTreeMap, str::FromStr};

use contract::kernel::v1 as kpb;
use kernel::{Decimal, Timestamp, calendar::IsoDuration, currency::Currency, period::Period};

use crate::error::BillingError;

/// Most free pairs of one resource.
const PAIRS_MAX: usize = 100;

/// A required id.
pub fn id<T: FromStr>(field: &str, text: &str) -> Result<T, BillingError> {
    text.parse()
        .map_err(|_| BillingError::invalid(field, "must be a ULID"))
}

/// An id that may be empty.
pub fn optional_id<T: FromStr>(field: &str, text: &str) -> Result<Option<T>, BillingError> {
    if text.is_empty() {
        Ok(None)
    } else {
        id(field, text).map(Some)
    }
}

/// A text that is empty when it is not there.
pub fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A currency code.
pub fn currency(field: &str, code: &str) -> Result<Currency, BillingError> {
    Currency::parse(code).map_err(|_| BillingError::invalid(field, "must be an ISO 4217 code"))
}

/// An optional number.
pub fn decimal(field: &str, wire: Option<&kpb::Decimal>) -> Result<Option<Decimal>, BillingError> {
    contract::convert::from_optional_decimal(wire)
        .map_err(|error| BillingError::invalid(field, error.to_string()))
}

/// A required number.
pub fn required_decimal(field: &str, wire: Option<&kpb::Decimal>) -> Result<Decimal, BillingError> {
    decimal(field, wire)?.ok_or_else(|| BillingError::invalid(field, "is required"))
}

/// An optional instant.
pub fn time(
    field: &str,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, BillingError> {
    wire.map(contract::convert::from_timestamp)
        .transpose()
        .map_err(|error| BillingError::invalid(field, error.to_string()))
}

/// A required instant.
pub fn required_time(
    field: &str,
    wire: Option<&prost_types::Timestamp>,
) -> Result<Timestamp, BillingError> {
    time(field, wire)?.ok_or_else(|| BillingError::invalid(field, "is required"))
}

/// A required period with both ends, the end not before the start.
pub fn required_period(field: &str, wire: Option<&kpb::Period>) -> Result<Period, BillingError> {
    let wire = wire.ok_or_else(|| BillingError::invalid(field, "is required"))?;
    let start = required_time(&format!("{field}.start_time"), wire.start_time.as_ref())?;
    let end = required_time(&format!("{field}.end_time"), wire.end_time.as_ref())?;
    Period::new(start, end)
        .map_err(|_| BillingError::invalid(field, "must not end before it starts"))
}

/// A duration that has a default when it is empty.
pub fn duration(
    field: &str,
    text: &str,
    default: fn() -> IsoDuration,
) -> Result<IsoDuration, BillingError> {
    if text.is_empty() {
        return Ok(default());
    }
    IsoDuration::parse(text).map_err(|error| BillingError::invalid(field, error.to_string()))
}

/// Free pairs, within limits.
pub fn pairs(
    field: &str,
    wire: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, BillingError> {
    if wire.len() > PAIRS_MAX {
        return Err(BillingError::invalid(field, "must have at most 100 pairs"));
    }
    Ok(wire.clone())
}

fn wire_time(time: Option<Timestamp>) -> Option<prost_types::Timestamp> {
    time.map(contract::convert::timestamp)
}

fn wire_decimal(value: Decimal) -> Option<kpb::Decimal> {
    Some(contract::convert::decimal(value))
}

fn wire_period(period: Period) -> Option<kpb::Period> {
    Some(contract::convert::period(period))
}

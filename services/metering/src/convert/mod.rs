//! Wire messages ↔ domain values. Nothing else converts, and every error names the field on the wire.

pub mod event;
pub mod filter;
pub mod meter;
pub mod portal_token;
pub mod query;

use kernel::Timestamp;

use crate::error::MeteringError;

/// A time that may be absent.
pub fn from_time(
    field: &str,
    time: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, MeteringError> {
    contract::convert::from_optional_timestamp(time)
        .map_err(|error| MeteringError::invalid(field, error.to_string()))
}

/// A span of which both ends may be absent; it must not be empty.
pub fn from_span(
    from: Option<&prost_types::Timestamp>,
    to: Option<&prost_types::Timestamp>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), MeteringError> {
    let (from, to) = (from_time("from_time", from)?, from_time("to_time", to)?);
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(MeteringError::invalid("to_time", "must be later than from"));
    }
    Ok((from, to))
}

/// A required message.
pub fn required<'message, T>(
    field: &str,
    message: Option<&'message T>,
) -> Result<&'message T, MeteringError> {
    message.ok_or_else(|| MeteringError::invalid(field, "is required"))
}

/// A text for the database: not too long, and without the one character PostgreSQL cannot keep.
pub fn checked<'text>(
    field: &str,
    text: &'text str,
    max: usize,
) -> Result<&'text str, MeteringError> {
    if text.len() > max || text.contains('\0') {
        return Err(MeteringError::invalid(
            field,
            format!("must be at most {max} bytes without a NUL"),
        ));
    }
    Ok(text)
}

/// A list that is not too long.
pub fn at_most<'list, T>(
    field: &str,
    list: &'list [T],
    max: usize,
) -> Result<&'list [T], MeteringError> {
    if list.len() > max {
        return Err(MeteringError::invalid(
            field,
            format!("must have at most {max} entries"),
        ));
    }
    Ok(list)
}

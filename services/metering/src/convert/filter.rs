//! Conditions on texts and instants.

use chassis::db::micros;
use contract::{
    convert::from_timestamp,
    metering::v1::{
        FilterString, FilterStringList, FilterTime, FilterTimeList, StringList,
        filter_string::Operator as Text, filter_time::Operator as Time,
    },
};

use super::{at_most, checked};
use crate::{
    domain::filter::{DEPTH_MAX, Pattern, TextFilter, TimeFilter},
    error::MeteringError,
};

/// Most conditions in one list.
const LIST_MAX: usize = 100;
/// Most texts in one list.
const TEXTS_MAX: usize = 1_000;
/// Longest text of a condition, in bytes.
const TEXT_MAX: usize = 4_096;

/// A condition on a text; an absent one is none.
pub fn from_text(field: &str, filter: Option<&FilterString>) -> Result<TextFilter, MeteringError> {
    filter.map_or(Ok(TextFilter::Any), |filter| text(field, filter, 0))
}

/// The texts of a list.
pub fn from_list(field: &str, list: &StringList) -> Result<Vec<String>, MeteringError> {
    at_most(field, &list.values, TEXTS_MAX)?
        .iter()
        .map(|text| checked(field, text, TEXT_MAX).map(str::to_owned))
        .collect()
}

fn text(field: &str, filter: &FilterString, depth: usize) -> Result<TextFilter, MeteringError> {
    let Some(operator) = &filter.operator else {
        return Ok(TextFilter::Any);
    };
    let own = |text: &str| checked(field, text, TEXT_MAX).map(str::to_owned);
    let list = |texts: &StringList| from_list(field, texts);
    let pattern = |text: &str, ignore_case: bool| {
        Ok(TextFilter::Like(Pattern::new(
            checked(field, text, TEXT_MAX)?,
            ignore_case,
        )))
    };
    match operator {
        Text::Equals(text) => own(text).map(TextFilter::Equals),
        Text::NotEquals(text) => own(text).map(TextFilter::Equals).map(TextFilter::negated),
        Text::OneOf(texts) => list(texts).map(TextFilter::OneOf),
        Text::NoneOf(texts) => list(texts).map(TextFilter::OneOf).map(TextFilter::negated),
        Text::Like(text) => pattern(text, false),
        Text::NotLike(text) => pattern(text, false).map(TextFilter::negated),
        Text::LikeIgnoreCase(text) => pattern(text, true),
        Text::NotLikeIgnoreCase(text) => pattern(text, true).map(TextFilter::negated),
        Text::GreaterThan(text) => own(text).map(TextFilter::Greater),
        Text::GreaterOrEqual(text) => own(text).map(TextFilter::Less).map(TextFilter::negated),
        Text::LessThan(text) => own(text).map(TextFilter::Less),
        Text::LessOrEqual(text) => own(text).map(TextFilter::Greater).map(TextFilter::negated),
        Text::AllOf(filters) => texts(field, filters, depth).map(TextFilter::All),
        Text::AnyOf(filters) => texts(field, filters, depth).map(TextFilter::Some),
        Text::Contains(text) => own(text).map(TextFilter::Contains),
    }
}

fn texts(
    field: &str,
    filters: &FilterStringList,
    depth: usize,
) -> Result<Vec<TextFilter>, MeteringError> {
    deeper(field, depth)?;
    at_most(field, &filters.filters, LIST_MAX)?
        .iter()
        .map(|filter| text(field, filter, depth + 1))
        .collect()
}

fn deeper(field: &str, depth: usize) -> Result<(), MeteringError> {
    if depth >= DEPTH_MAX {
        return Err(MeteringError::invalid(
            field,
            "filter complexity exceeds maximum allowed depth",
        ));
    }
    Ok(())
}

/// A condition on an instant; an absent one is none.
pub fn from_time(field: &str, filter: Option<&FilterTime>) -> Result<TimeFilter, MeteringError> {
    filter.map_or(Ok(TimeFilter::Any), |filter| time(field, filter, 0))
}

fn time(field: &str, filter: &FilterTime, depth: usize) -> Result<TimeFilter, MeteringError> {
    let instant = |wire: &prost_types::Timestamp| {
        from_timestamp(wire)
            .map(micros)
            .map_err(|error| MeteringError::invalid(field, error.to_string()))
    };
    // Stored instants are whole microseconds, so "after" is "at or after the next one".
    match &filter.operator {
        None => Ok(TimeFilter::Any),
        Some(Time::GreaterThan(wire)) => instant(wire).map(|at| TimeFilter::From(at + 1)),
        Some(Time::GreaterOrEqual(wire)) => instant(wire).map(TimeFilter::From),
        Some(Time::LessThan(wire)) => instant(wire).map(TimeFilter::Before),
        Some(Time::LessOrEqual(wire)) => instant(wire).map(|at| TimeFilter::Before(at + 1)),
        Some(Time::AllOf(filters)) => times(field, filters, depth).map(TimeFilter::All),
        Some(Time::AnyOf(filters)) => times(field, filters, depth).map(TimeFilter::Some),
    }
}

fn times(
    field: &str,
    filters: &FilterTimeList,
    depth: usize,
) -> Result<Vec<TimeFilter>, MeteringError> {
    deeper(field, depth)?;
    at_most(field, &filters.filters, LIST_MAX)?
        .iter()
        .map(|filter| time(field, filter, depth + 1))
        .collect()
}

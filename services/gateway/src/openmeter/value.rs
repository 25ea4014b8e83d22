//! Shared values between the messages of the services and the scalars of the contract. A
//! message of ours that does not hold what its contract promises is a failure of ours.

use axum::http::StatusCode;
use contract::convert;
use contract::kernel::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Problem;
use super::scalars::{Number, Numeric, Time};

/// A span of time, its end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Period {
    /// First instant inside.
    pub from: Time,
    /// First instant after it.
    pub to: Time,
}

impl Period {
    pub(crate) fn from_proto(wire: &pb::Period) -> Result<Self, Problem> {
        Ok(Self {
            from: required_time(wire.start_time.as_ref())?,
            to: required_time(wire.end_time.as_ref())?,
        })
    }

    pub(crate) fn into_proto(self) -> pb::Period {
        pb::Period {
            start_time: Some(self.from.into()),
            end_time: Some(self.to.into()),
        }
    }
}

/// A period that may be absent.
pub(crate) fn period(wire: Option<&pb::Period>) -> Result<Option<Period>, Problem> {
    wire.map(Period::from_proto).transpose()
}

impl From<Time> for prost_types::Timestamp {
    fn from(time: Time) -> Self {
        convert::timestamp(time.0)
    }
}

impl From<Numeric> for pb::Decimal {
    fn from(number: Numeric) -> Self {
        convert::decimal(number.0)
    }
}

impl From<Number> for pb::Decimal {
    fn from(number: Number) -> Self {
        convert::decimal(number.0)
    }
}

/// An instant that may be absent.
pub(crate) fn time(wire: Option<&prost_types::Timestamp>) -> Result<Option<Time>, Problem> {
    wire.map(|wire| convert::from_timestamp(wire).map(Time))
        .transpose()
        .map_err(|error| broken("time", &error))
}

/// An instant that every answer has.
pub(crate) fn required_time(wire: Option<&prost_types::Timestamp>) -> Result<Time, Problem> {
    time(wire)?.ok_or_else(|| broken("time", &"absent"))
}

/// A number of the contract's type `number`.
pub(crate) fn number(wire: Option<&pb::Decimal>) -> Result<Option<Number>, Problem> {
    convert::from_optional_decimal(wire)
        .map(|value| value.map(Number))
        .map_err(|error| broken("decimal", &error))
}

/// A number that every answer has; absent means zero.
pub(crate) fn number_or_zero(wire: Option<&pb::Decimal>) -> Result<Number, Problem> {
    Ok(number(wire)?.unwrap_or(Number(kernel::Decimal::ZERO)))
}

/// A number that the contract writes as text.
pub(crate) fn numeric(wire: Option<&pb::Decimal>) -> Result<Option<Numeric>, Problem> {
    Ok(number(wire)?.map(|number| Numeric(number.0)))
}

/// The same for one that is left out when it is zero.
pub(crate) fn numeric_unless_zero(wire: Option<&pb::Decimal>) -> Result<Option<Numeric>, Problem> {
    Ok(numeric(wire)?.filter(|number| !number.0.is_zero()))
}

/// A number written as text that every answer has; absent means zero.
pub(crate) fn numeric_or_zero(wire: Option<&pb::Decimal>) -> Result<Numeric, Problem> {
    Ok(Numeric(number_or_zero(wire)?.0))
}

/// The value of an enum field.
pub(crate) fn known<E: TryFrom<i32>>(value: i32) -> Result<E, Problem> {
    E::try_from(value).map_err(|_| broken("enum", &value))
}

/// A part that every answer has.
pub(crate) fn present<T>(part: Option<T>) -> Result<T, Problem> {
    part.ok_or_else(|| broken("message", &"absent"))
}

/// An answer of a service that breaks its own contract.
pub(crate) fn broken(what: &'static str, why: &dyn std::fmt::Display) -> Problem {
    tracing::error!(what, %why, "a service answered what its contract does not allow");
    Problem::bare(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Reads all pages of a list that the contract answers whole; `fetch` gets the page token.
pub(crate) async fn all_pages<T, Fetch, Pending>(mut fetch: Fetch) -> Result<Vec<T>, Problem>
where
    Fetch: FnMut(String) -> Pending,
    Pending: Future<Output = Result<(Vec<T>, String), Problem>>,
{
    const MAX_PAGES: usize = 400;
    let mut items = Vec::new();
    let mut token = String::new();
    for _ in 0..MAX_PAGES {
        let (page, next) = fetch(token).await?;
        items.extend(page);
        if next.is_empty() {
            return Ok(items);
        }
        token = next;
    }
    Ok(items)
}

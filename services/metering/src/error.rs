//! Every way this service says no.

use chassis::{Code, Problem, Violation};
use tonic::Status;

use crate::domain::{meter::BadField, query::NoAnswer};

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub enum MeteringError {
    /// Fields of the request are wrong.
    #[error("{}", sentence(.0))]
    Invalid(Vec<Violation>),
    /// No such meter.
    #[error("meter not found: {0}")]
    MeterNotFound(String),
    /// A live meter has the slug.
    #[error("meter with the same slug already exists")]
    SlugTaken(String),
    /// The meter was deleted.
    #[error("meter {0} was deleted")]
    MeterDeleted(String),
    /// Something still measures with the meter.
    #[error("meter {slug} is in use by {holders}")]
    MeterInUse {
        /// The meter.
        slug: String,
        /// Who uses it, for people.
        holders: String,
        /// The ids of those, comma-separated.
        holder_ids: String,
    },
    /// Something still filters on a group-by key that would go.
    #[error("group-by keys {keys} of meter {slug} are in use by {holders}")]
    GroupByInUse {
        /// The meter.
        slug: String,
        /// The keys.
        keys: String,
        /// Who uses them, for people.
        holders: String,
        /// The ids of those, comma-separated.
        holder_ids: String,
    },
    /// The etag is not the current one, or somebody else was faster.
    #[error("the meter was changed since it was read")]
    Stale,
    /// The identity of an event is taken by an event with other content.
    #[error("event {id} of source {source_name} was stored before with other content")]
    EventConflict {
        /// Id of the event.
        id: String,
        /// Its source.
        source_name: String,
    },
    /// No such event is stored.
    #[error("event {id} of source {source_name} is not stored")]
    EventNotFound {
        /// Id of the event.
        id: String,
        /// Its source.
        source_name: String,
    },
    /// The event was voided or replaced before.
    #[error("event {id} of source {source_name} is voided already")]
    EventVoided {
        /// Id of the event.
        id: String,
        /// Its source.
        source_name: String,
    },
    /// Nothing of that name is under way.
    #[error("progress not found: {0}")]
    ProgressNotFound(String),
    /// Customers that were named do not exist.
    #[error("customers not found: {0}")]
    CustomersNotFound(String),
    /// Customers that a filter names do not exist.
    #[error("customers not found: {0}")]
    UnknownCustomers(String),
    /// The query cannot be answered.
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
    /// The portal token opens nothing.
    #[error("the portal token is not valid")]
    PortalTokenInvalid,
    /// The ingest log cannot be reached, or does not answer.
    #[error("the ingest log cannot be reached; try again")]
    LogUnavailable,
    /// The ingest log has no room.
    #[error("the ingest log is full; try again later")]
    LogFull,
    /// The process is stopping.
    #[error("the service is stopping")]
    Stopping,
    /// The database failed.
    #[error("database")]
    Database(#[from] sea_orm::DbErr),
    /// What is stored cannot be read.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// What it is.
        what: &'static str,
    },
    /// Another service refused.
    #[error("{}", .0.message())]
    Remote(Box<Status>),
}

fn sentence(violations: &[Violation]) -> String {
    let parts: Vec<String> = violations
        .iter()
        .map(|violation| format!("{} {}", violation.field, violation.description))
        .collect();
    parts.join("\n")
}

impl MeteringError {
    /// One field is wrong.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }

    /// Fields below a path are wrong.
    pub fn invalid_below(path: &str, wrong: Vec<BadField>) -> Self {
        Self::Invalid(
            wrong
                .into_iter()
                .map(|bad| Violation::new(format!("{path}.{}", bad.field), bad.description))
                .collect(),
        )
    }
}

impl From<Status> for MeteringError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<MeteringError> for Status {
    fn from(error: MeteringError) -> Self {
        chassis::error::to_status(error)
    }
}

impl Problem for MeteringError {
    const SERVICE: &'static str = "metering";

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::UnknownCustomers(_) => Code::InvalidArgument,
            Self::MeterNotFound(_)
            | Self::CustomersNotFound(_)
            | Self::EventNotFound { .. }
            | Self::ProgressNotFound(_) => Code::NotFound,
            Self::SlugTaken(_) | Self::EventConflict { .. } => Code::AlreadyExists,
            Self::MeterDeleted(_)
            | Self::MeterInUse { .. }
            | Self::GroupByInUse { .. }
            | Self::EventVoided { .. }
            | Self::NoAnswer(_) => Code::FailedPrecondition,
            Self::Stale => Code::Aborted,
            Self::PortalTokenInvalid => Code::Unauthenticated,
            Self::LogUnavailable | Self::Stopping => Code::Unavailable,
            Self::LogFull => Code::ResourceExhausted,
            Self::Database(_) | Self::Corrupt { .. } | Self::Remote(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_ARGUMENT",
            Self::MeterNotFound(_) => "METER_NOT_FOUND",
            Self::SlugTaken(_) => "METER_SLUG_TAKEN",
            Self::MeterDeleted(_) => "METER_DELETED",
            Self::MeterInUse { .. } => "METER_IN_USE",
            Self::GroupByInUse { .. } => "METER_GROUP_BY_IN_USE",
            Self::Stale => "ETAG_STALE",
            Self::EventConflict { .. } => "EVENT_CONFLICT",
            Self::EventNotFound { .. } => "EVENT_NOT_FOUND",
            Self::EventVoided { .. } => "EVENT_VOIDED",
            Self::ProgressNotFound(_) => "PROGRESS_NOT_FOUND",
            Self::CustomersNotFound(_) | Self::UnknownCustomers(_) => "CUSTOMER_NOT_FOUND",
            Self::NoAnswer(NoAnswer::TooManyRows | NoAnswer::TooManyValues) => "QUERY_TOO_LARGE",
            Self::NoAnswer(NoAnswer::TooLarge | NoAnswer::NoWindow) => "VALUE_OUT_OF_RANGE",
            Self::PortalTokenInvalid => "PORTAL_TOKEN_INVALID",
            Self::LogUnavailable => "INGEST_LOG_UNAVAILABLE",
            Self::LogFull => "INGEST_LOG_FULL",
            Self::Stopping => "STOPPING",
            Self::Database(_) => "DATABASE",
            Self::Corrupt { .. } => "CORRUPT",
            Self::Remote(_) => "REMOTE",
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::UnknownCustomers(_) => vec![Violation::new("customer_ids", self.to_string())],
            Self::SlugTaken(_) => vec![Violation::new("meter.slug", "is taken")],
            Self::MeterNotFound(_)
            | Self::MeterDeleted(_)
            | Self::MeterInUse { .. }
            | Self::GroupByInUse { .. }
            | Self::Stale
            | Self::EventConflict { .. }
            | Self::EventNotFound { .. }
            | Self::EventVoided { .. }
            | Self::ProgressNotFound(_)
            | Self::CustomersNotFound(_)
            | Self::NoAnswer(_)
            | Self::PortalTokenInvalid
            | Self::LogUnavailable
            | Self::LogFull
            | Self::Stopping
            | Self::Database(_)
            | Self::Corrupt { .. }
            | Self::Remote(_) => Vec::new(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::MeterNotFound(meter) | Self::MeterDeleted(meter) => {
                vec![("meter", meter.clone())]
            }
            Self::SlugTaken(slug) => vec![("slug", slug.clone())],
            Self::MeterInUse {
                slug, holder_ids, ..
            } => {
                vec![("slug", slug.clone()), ("holder_ids", holder_ids.clone())]
            }
            Self::GroupByInUse {
                slug,
                keys,
                holder_ids,
                ..
            } => {
                vec![
                    ("slug", slug.clone()),
                    ("group_by_keys", keys.clone()),
                    ("holder_ids", holder_ids.clone()),
                ]
            }
            Self::EventConflict { id, source_name }
            | Self::EventNotFound { id, source_name }
            | Self::EventVoided { id, source_name } => {
                vec![("id", id.clone()), ("source", source_name.clone())]
            }
            Self::CustomersNotFound(ids) | Self::UnknownCustomers(ids) => {
                vec![("customer_ids", ids.clone())]
            }
            Self::Invalid(_)
            | Self::Stale
            | Self::NoAnswer(_)
            | Self::ProgressNotFound(_)
            | Self::PortalTokenInvalid
            | Self::LogUnavailable
            | Self::LogFull
            | Self::Stopping
            | Self::Database(_)
            | Self::Corrupt { .. }
            | Self::Remote(_) => Vec::new(),
        }
    }

    fn remote(&self) -> Option<&Status> {
        match self {
            Self::Remote(status) => Some(status),
            Self::Invalid(_)
            | Self::MeterNotFound(_)
            | Self::SlugTaken(_)
            | Self::MeterDeleted(_)
            | Self::MeterInUse { .. }
            | Self::GroupByInUse { .. }
            | Self::Stale
            | Self::EventConflict { .. }
            | Self::EventNotFound { .. }
            | Self::EventVoided { .. }
            | Self::ProgressNotFound(_)
            | Self::CustomersNotFound(_)
            | Self::UnknownCustomers(_)
            | Self::NoAnswer(_)
            | Self::PortalTokenInvalid
            | Self::LogUnavailable
            | Self::LogFull
            | Self::Stopping
            | Self::Database(_)
            | Self::Corrupt { .. } => None,
        }
    }
}

//! Every way this service says no.

use chassis::{Code, Problem};
use sea_orm::DbErr;
use tonic::Status;

use crate::domain::violation::Violation;

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// Fields of the request are wrong whatever the state; never empty.
    #[error("{}", sentences(.0))]
    Invalid(Vec<Violation>),
    /// No channel has this id.
    #[error("channel not found: {0}")]
    ChannelNotFound(String),
    /// The channel is deleted.
    #[error("channel {0} is deleted")]
    ChannelDeleted(String),
    /// Live rules use the channel; their ids.
    #[error("channel is used by rules: {}", .0.join(", "))]
    ChannelInUse(Vec<String>),
    /// The channel serves as many rules as it may.
    #[error("channel {0} is used by too many rules, at most 10 are allowed")]
    ChannelFull(String),
    /// A rule names channels that do not exist or are deleted.
    #[error("non-existing channels: {}", .0.join(", "))]
    ChannelsUnknown(Vec<String>),
    /// A rule names features that do not exist or are archived.
    #[error("non-existing features: {}", .0.join(", "))]
    FeaturesUnknown(Vec<String>),
    /// No rule has this id.
    #[error("rule not found: {0}")]
    RuleNotFound(String),
    /// The rule is disabled.
    #[error("rule {0} is disabled")]
    RuleDisabled(String),
    /// No event has this id.
    #[error("event not found: {0}")]
    EventNotFound(String),
    /// The event was not for these channels.
    #[error("the event was not for the channels: {}", .0.join(", "))]
    NotForChannels(Vec<String>),
    /// Nothing is sent to these channels.
    #[error("disabled channels: {}", .0.join(", "))]
    ChannelsDisabled(Vec<String>),
    /// The rule is deleted.
    #[error("rule {0} is deleted")]
    RuleDeleted(String),
    /// The thing was changed since the etag was read, or by someone else just now.
    #[error("the {0} was changed meanwhile")]
    Stale(&'static str),
    /// A stored value cannot be read.
    #[error("stored {what} {id} cannot be read: {detail}")]
    Corrupt {
        what: &'static str,
        id: String,
        detail: String,
    },
    /// Requests cannot be sent.
    #[error("no HTTP client can be made: {0}")]
    HttpClient(String),
    /// An event cannot be written.
    #[error("the body of an event cannot be written: {0}")]
    Render(String),
    /// The database failed.
    #[error("database")]
    Database(#[from] DbErr),
    /// Another service, or the chassis, refused.
    #[error("{}", .0.message())]
    Remote(Box<Status>),
}

impl NotificationError {
    /// One wrong field.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation {
            field: field.into(),
            description: description.into(),
        }])
    }
}

impl From<Status> for NotificationError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<NotificationError> for Status {
    fn from(error: NotificationError) -> Self {
        chassis::error::to_status(error)
    }
}

/// Refuses when there are any violations.
pub fn refuse(violations: Vec<Violation>) -> Result<(), NotificationError> {
    if violations.is_empty() {
        Ok(())
    } else {
        Err(NotificationError::Invalid(violations))
    }
}

fn sentences(violations: &[Violation]) -> String {
    let all: Vec<String> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    all.join("; ")
}

impl Problem for NotificationError {
    const SERVICE: &'static str = "notification";

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidArgument,
            Self::ChannelNotFound(_) | Self::RuleNotFound(_) | Self::EventNotFound(_) => {
                Code::NotFound
            }
            Self::ChannelDeleted(_)
            | Self::ChannelInUse(_)
            | Self::ChannelFull(_)
            | Self::ChannelsUnknown(_)
            | Self::FeaturesUnknown(_)
            | Self::RuleDeleted(_)
            | Self::RuleDisabled(_)
            | Self::NotForChannels(_)
            | Self::ChannelsDisabled(_) => Code::FailedPrecondition,
            Self::Stale(_) => Code::Aborted,
            Self::Corrupt { .. }
            | Self::HttpClient(_)
            | Self::Render(_)
            | Self::Database(_)
            | Self::Remote(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_ARGUMENT",
            Self::ChannelNotFound(_) => "CHANNEL_NOT_FOUND",
            Self::ChannelDeleted(_) => "CHANNEL_DELETED",
            Self::ChannelInUse(_) => "CHANNEL_IN_USE",
            Self::ChannelFull(_) => "CHANNEL_FULL",
            Self::ChannelsUnknown(_) => "CHANNELS_UNKNOWN",
            Self::FeaturesUnknown(_) => "FEATURES_UNKNOWN",
            Self::RuleNotFound(_) => "RULE_NOT_FOUND",
            Self::RuleDeleted(_) => "RULE_DELETED",
            Self::RuleDisabled(_) => "RULE_DISABLED",
            Self::EventNotFound(_) => "EVENT_NOT_FOUND",
            Self::NotForChannels(_) => "NOT_FOR_CHANNELS",
            Self::ChannelsDisabled(_) => "CHANNELS_DISABLED",
            Self::Stale(_) => "ETAG_STALE",
            Self::Corrupt { .. } => "CORRUPT",
            Self::HttpClient(_) => "HTTP_CLIENT",
            Self::Render(_) => "RENDER",
            Self::Database(_) => "DATABASE",
            Self::Remote(_) => "REMOTE",
        }
    }

    fn violations(&self) -> Vec<chassis::Violation> {
        if let Self::Invalid(violations) = self {
            violations
                .iter()
                .map(|v| chassis::Violation::new(&v.field, &v.description))
                .collect()
        } else {
            Vec::new()
        }
    }

    fn remote(&self) -> Option<&Status> {
        if let Self::Remote(status) = self {
            Some(status)
        } else {
            None
        }
    }
}

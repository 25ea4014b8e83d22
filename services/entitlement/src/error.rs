//! Every way in which the entitlement service says no. Each variant lies on one code and one reason;
//! the gateway decides by them, nobody reads the sentences.

use chassis::{Code, Issue, Problem, Severity, Violation};
use kernel::{
    Decimal, Timestamp,
    calendar::CalendarError,
    decimal::DecimalError,
    id::{CustomerId, EntitlementId, GrantId, SubscriptionId},
};
use tonic::Status;

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub enum EntitlementError {
    /// Fields of the request are wrong whatever the state.
    #[error("{}", join(.0))]
    Invalid(Vec<Violation>),
    /// A grant of nothing.
    #[error("amount must be positive")]
    GrantAmountNotPositive {
        /// The amount that was sent.
        amount: Decimal,
    },
    /// Grants that together are worth more than an answer can carry.
    #[error("grants of the entitlement would be worth 10^18 or more together at {at}")]
    GrantsTooLarge {
        /// From when.
        at: Timestamp,
    },
    /// A grant cannot start before the current usage period.
    #[error(
        "grant would be effective at {effective}, before the current usage period that starts at {period_start}"
    )]
    GrantBeforeUsagePeriod {
        /// Start of the grant that was asked for.
        effective: Timestamp,
        /// Start of the usage period.
        period_start: Timestamp,
    },
    /// A grant that would start when its entitlement is over.
    #[error("grant would be effective at {effective}, when the entitlement has ended at {end}")]
    GrantAfterEntitlement {
        /// Start of the grant that was asked for.
        effective: Timestamp,
        /// End of the entitlement.
        end: Timestamp,
    },
    /// What has ended takes no grants and no resets.
    #[error("entitlement {entitlement} ended at {end}")]
    EntitlementEnded {
        /// The entitlement.
        entitlement: EntitlementId,
        /// When it ended.
        end: Timestamp,
    },
    /// A void time in the future.
    #[error("grant cannot be voided in the future")]
    VoidInFuture,
    /// A void time before the current usage period.
    #[error("grant cannot be voided before the current usage period that starts at {period_start}")]
    VoidBeforeUsagePeriod {
        /// Start of the usage period.
        period_start: Timestamp,
    },
    /// The grant is void already.
    #[error("grant {0} is voided already")]
    GrantAlreadyVoided(GrantId),
    /// A reset in the future.
    #[error("usage cannot be reset in the future")]
    ResetInFuture,
    /// A reset before the current usage period, and hence before the latest reset.
    #[error("usage cannot be reset before the current usage period that starts at {period_start}")]
    ResetBeforeUsagePeriod {
        /// Start of the usage period.
        period_start: Timestamp,
    },
    /// A history that starts before usage is measured.
    #[error("history cannot start before {measure_from}, from when usage is measured")]
    HistoryBeforeMeasuring {
        /// From when usage is measured.
        measure_from: Timestamp,
    },
    /// A history of too many windows.
    #[error("history has more than {limit} windows")]
    TooManyWindows {
        /// The most that are answered.
        limit: usize,
    },
    /// Only metered entitlements have grants, resets and a history.
    #[error("expected entitlement type metered but got {kind}")]
    NotMetered {
        /// What the entitlement is.
        kind: &'static str,
    },
    /// A metered entitlement needs a meter.
    #[error("feature {feature_key} has no meter")]
    FeatureHasNoMeter {
        /// The feature.
        feature_key: String,
    },
    /// The meter's aggregation does not add up to a balance.
    #[error(
        "the meter of feature {feature_key} must aggregate by sum, count, unique count or latest"
    )]
    AggregationNotSupported {
        /// The feature.
        feature_key: String,
    },
    /// The customer has nothing that usage could be attributed to.
    #[error("customer {0} has neither a key nor a subject key")]
    CustomerWithoutSubjects(CustomerId),
    /// The replacement is for another feature.
    #[error("the replacement must be for feature {expected}, not for {sent}")]
    OverrideOfOtherFeature {
        /// Feature key of the entitlement to replace.
        expected: String,
        /// Feature key of the replacement.
        sent: String,
    },
    /// The replacement is for another customer.
    #[error("the replacement must be for customer {0}")]
    OverrideOfOtherCustomer(CustomerId),
    /// No such customer.
    #[error("customer not found: {0}")]
    CustomerNotFound(String),
    /// The customer exists no more.
    #[error("customer {0} is deleted")]
    CustomerDeleted(String),
    /// No live feature of that id or key.
    #[error("feature not found: {0}")]
    FeatureNotFound(String),
    /// No such entitlement.
    #[error("entitlement not found: {0}")]
    EntitlementNotFound(String),
    /// No such grant.
    #[error("grant not found: {0}")]
    GrantNotFound(String),
    /// No promotional access that could be taken back.
    #[error("customer {customer} has no promotional access to {feature_key}")]
    PromotionNotFound {
        /// The feature.
        feature_key: String,
        /// The customer.
        customer: CustomerId,
    },
    /// Too much promotional access of one customer.
    #[error("a customer may have been given access {limit} times")]
    TooManyPromotions {
        /// The most that are kept.
        limit: usize,
    },
    /// The customer has an entitlement for the feature at that time.
    #[error(
        "entitlement with id {existing} already exists for feature {feature_key} and customer {customer}"
    )]
    EntitlementExists {
        /// The entitlement, or the one that a subscription has reserved.
        existing: EntitlementId,
        /// The feature.
        feature_key: String,
        /// The customer.
        customer: CustomerId,
    },
    /// A subscription that is about to be committed needs the feature at that time.
    #[error(
        "feature {feature_key} of customer {customer} is reserved by subscription {subscription}"
    )]
    ReservedBySubscription {
        /// The subscription.
        subscription: SubscriptionId,
        /// The feature.
        feature_key: String,
        /// The customer.
        customer: CustomerId,
    },
    /// Only its subscription may change the entitlement.
    #[error("entitlement {entitlement} is managed by subscription {subscription}")]
    Managed {
        /// The entitlement.
        entitlement: EntitlementId,
        /// Its subscription.
        subscription: String,
    },
    /// The entitlement has all the grants it may have.
    #[error("entitlement {entitlement} has {limit} grants, no more can be added")]
    TooManyGrants {
        /// The entitlement.
        entitlement: EntitlementId,
        /// The most it may have.
        limit: usize,
    },
    /// The burn-down has more segments than are computed at once.
    #[error("the usage history has more than {limit} segments")]
    TooManySegments {
        /// The most that are computed.
        limit: usize,
    },
    /// Somebody else changed the entitlement first.
    #[error("the entitlement was changed in the meantime")]
    Stale,
    /// A time beyond the calendar.
    #[error("{0}")]
    Calendar(#[from] CalendarError),
    /// Amounts beyond 28 digits.
    #[error("{0}")]
    Arithmetic(#[from] DecimalError),
    /// Metering gave an answer that does not fit the question.
    #[error("usage answer does not fit the question")]
    UsageMismatch,
    /// A stored row cannot be read.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// What cannot be read.
        what: &'static str,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] sea_orm::DbErr),
    /// Another service said no.
    #[error("{}", .0.message())]
    Remote(Box<Status>),
}

impl EntitlementError {
    /// One wrong field.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }

    /// The same refusal of what the request holds in `theirs` instead of `ours`.
    #[must_use]
    pub fn moved(self, ours: &str, theirs: &str) -> Self {
        let Self::Invalid(violations) = self else {
            return self;
        };
        let moved = violations.into_iter().map(|wrong| {
            let rest = wrong.field.strip_prefix(ours);
            match rest.filter(|rest| rest.is_empty() || rest.starts_with('.')) {
                Some(rest) => Violation::new(format!("{theirs}{rest}"), wrong.description),
                None => wrong,
            }
        });
        Self::Invalid(moved.collect())
    }
}

fn join(violations: &[Violation]) -> String {
    let sentences: Vec<String> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    sentences.join("\n")
}

impl Problem for EntitlementError {
    const SERVICE: &'static str = "entitlement";

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_)
            | Self::GrantAmountNotPositive { .. }
            | Self::GrantsTooLarge { .. }
            | Self::GrantBeforeUsagePeriod { .. }
            | Self::GrantAfterEntitlement { .. }
            | Self::VoidInFuture
            | Self::VoidBeforeUsagePeriod { .. }
            | Self::ResetInFuture
            | Self::ResetBeforeUsagePeriod { .. }
            | Self::HistoryBeforeMeasuring { .. }
            | Self::TooManyWindows { .. }
            | Self::NotMetered { .. }
            | Self::FeatureHasNoMeter { .. }
            | Self::AggregationNotSupported { .. }
            | Self::CustomerWithoutSubjects(_)
            | Self::OverrideOfOtherFeature { .. }
            | Self::OverrideOfOtherCustomer(_)
            | Self::Calendar(_) => Code::InvalidArgument,
            Self::CustomerNotFound(_)
            | Self::FeatureNotFound(_)
            | Self::EntitlementNotFound(_)
            | Self::GrantNotFound(_)
            | Self::PromotionNotFound { .. } => Code::NotFound,
            Self::EntitlementExists { .. } | Self::ReservedBySubscription { .. } => {
                Code::AlreadyExists
            }
            Self::CustomerDeleted(_)
            | Self::EntitlementEnded { .. }
            | Self::GrantAlreadyVoided(_)
            | Self::Managed { .. }
            | Self::Arithmetic(_) => Code::FailedPrecondition,
            Self::TooManyGrants { .. }
            | Self::TooManyPromotions { .. }
            | Self::TooManySegments { .. } => Code::ResourceExhausted,
            Self::Stale => Code::Aborted,
            Self::UsageMismatch | Self::Corrupt { .. } | Self::Database(_) | Self::Remote(_) => {
                Code::Internal
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_ARGUMENT",
            Self::GrantAmountNotPositive { .. } => "GRANT_AMOUNT_NOT_POSITIVE",
            Self::GrantsTooLarge { .. } => "GRANTS_TOO_LARGE",
            Self::GrantBeforeUsagePeriod { .. } => "GRANT_BEFORE_USAGE_PERIOD",
            Self::GrantAfterEntitlement { .. } => "GRANT_AFTER_ENTITLEMENT",
            Self::EntitlementEnded { .. } => "ENTITLEMENT_ENDED",
            Self::VoidInFuture => "VOID_IN_FUTURE",
            Self::VoidBeforeUsagePeriod { .. } => "VOID_BEFORE_USAGE_PERIOD",
            Self::GrantAlreadyVoided(_) => "GRANT_ALREADY_VOIDED",
            Self::ResetInFuture => "RESET_IN_FUTURE",
            Self::ResetBeforeUsagePeriod { .. } => "RESET_BEFORE_USAGE_PERIOD",
            Self::HistoryBeforeMeasuring { .. } => "HISTORY_BEFORE_MEASURING",
            Self::TooManyWindows { .. } => "TOO_MANY_WINDOWS",
            Self::NotMetered { .. } => "ENTITLEMENT_NOT_METERED",
            Self::FeatureHasNoMeter { .. } => "FEATURE_HAS_NO_METER",
            Self::AggregationNotSupported { .. } => "AGGREGATION_NOT_SUPPORTED",
            Self::CustomerWithoutSubjects(_) => "CUSTOMER_WITHOUT_SUBJECTS",
            Self::OverrideOfOtherFeature { .. } => "OVERRIDE_OF_OTHER_FEATURE",
            Self::OverrideOfOtherCustomer(_) => "OVERRIDE_OF_OTHER_CUSTOMER",
            Self::CustomerNotFound(_) => "CUSTOMER_NOT_FOUND",
            Self::CustomerDeleted(_) => "CUSTOMER_DELETED",
            Self::FeatureNotFound(_) => "FEATURE_NOT_FOUND",
            Self::EntitlementNotFound(_) => "ENTITLEMENT_NOT_FOUND",
            Self::GrantNotFound(_) => "GRANT_NOT_FOUND",
            Self::PromotionNotFound { .. } => "PROMOTION_NOT_FOUND",
            Self::TooManyPromotions { .. } => "TOO_MANY_PROMOTIONS",
            Self::EntitlementExists { .. } => "ENTITLEMENT_EXISTS",
            Self::ReservedBySubscription { .. } => "FEATURE_RESERVED_BY_SUBSCRIPTION",
            Self::Managed { .. } => "ENTITLEMENT_MANAGED_BY_SUBSCRIPTION",
            Self::TooManyGrants { .. } => "TOO_MANY_GRANTS",
            Self::TooManySegments { .. } => "TOO_MANY_SEGMENTS",
            Self::Stale => "ETAG_STALE",
            Self::Calendar(_) => "TIME_OUT_OF_RANGE",
            Self::Arithmetic(_) => "NUMBER_OUT_OF_RANGE",
            Self::UsageMismatch => "USAGE_MISMATCH",
            Self::Corrupt { .. } => "CORRUPT_ROW",
            Self::Database(_) => "DATABASE",
            Self::Remote(_) => "REMOTE",
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::GrantAmountNotPositive { .. } => {
                vec![Violation::new("grant.amount", "must be positive")]
            }
            Self::GrantsTooLarge { .. } => vec![Violation::new(
                "grant.amount",
                "must stay below 10^18 together with the other grants",
            )],
            Self::GrantBeforeUsagePeriod { .. } => vec![Violation::new(
                "grant.effective_time",
                "must not lie before the current usage period",
            )],
            Self::GrantAfterEntitlement { .. } => {
                vec![Violation::new("grant.effective_time", self.to_string())]
            }
            Self::VoidInFuture | Self::VoidBeforeUsagePeriod { .. } => {
                vec![Violation::new("void_time", self.to_string())]
            }
            Self::ResetInFuture | Self::ResetBeforeUsagePeriod { .. } => {
                vec![Violation::new("effective_time", self.to_string())]
            }
            Self::HistoryBeforeMeasuring { .. } => {
                vec![Violation::new("start_time", self.to_string())]
            }
            Self::TooManyWindows { .. } => vec![Violation::new("window_size", self.to_string())],
            Self::OverrideOfOtherFeature { .. } => {
                vec![Violation::new("replacement.feature_key", self.to_string())]
            }
            Self::OverrideOfOtherCustomer(_) => {
                vec![Violation::new("replacement.customer", self.to_string())]
            }
            Self::NotMetered { .. }
            | Self::FeatureHasNoMeter { .. }
            | Self::AggregationNotSupported { .. }
            | Self::CustomerWithoutSubjects(_)
            | Self::CustomerNotFound(_)
            | Self::CustomerDeleted(_)
            | Self::FeatureNotFound(_)
            | Self::EntitlementNotFound(_)
            | Self::GrantNotFound(_)
            | Self::PromotionNotFound { .. }
            | Self::TooManyPromotions { .. }
            | Self::GrantAlreadyVoided(_)
            | Self::EntitlementEnded { .. }
            | Self::EntitlementExists { .. }
            | Self::ReservedBySubscription { .. }
            | Self::Managed { .. }
            | Self::TooManyGrants { .. }
            | Self::TooManySegments { .. }
            | Self::Stale
            | Self::Calendar(_)
            | Self::Arithmetic(_)
            | Self::UsageMismatch
            | Self::Corrupt { .. }
            | Self::Database(_)
            | Self::Remote(_) => Vec::new(),
        }
    }

    fn issues(&self) -> Vec<Issue> {
        if let Self::GrantAmountNotPositive { amount } = self {
            return vec![Issue {
                code: "grant_amount_must_be_positive".to_owned(),
                message: self.to_string(),
                severity: Severity::Critical,
                field: Some("$.amount".to_owned()),
                component: None,
                attributes: [("amount".to_owned(), kernel::decimal::format(*amount))].into(),
                status: Some(400),
            }];
        }
        Vec::new()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        if let Self::EntitlementExists { existing, .. } = self {
            return vec![("entitlement_id", existing.to_string())];
        }
        if let Self::ReservedBySubscription { subscription, .. } = self {
            return vec![("subscription_id", subscription.to_string())];
        }
        if let Self::Managed {
            entitlement,
            subscription,
        } = self
        {
            return vec![
                ("entitlement_id", entitlement.to_string()),
                ("subscription_id", subscription.clone()),
            ];
        }
        Vec::new()
    }

    fn remote(&self) -> Option<&Status> {
        if let Self::Remote(status) = self {
            return Some(status);
        }
        None
    }
}

impl From<Status> for EntitlementError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<EntitlementError> for Status {
    fn from(error: EntitlementError) -> Self {
        chassis::error::to_status(error)
    }
}

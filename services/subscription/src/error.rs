//! Every way this service says no: the facts of the core, and what only the service knows. One table gives each its code
//! and reason.

use std::collections::BTreeMap;

use chassis::{Code, Issue, Problem, Severity, Violation};
use tonic::Status;

use crate::domain::refusal::{Refusal, Side};
use crate::domain::reported::refusal::ReportRefusal;
use crate::domain::term::refusal::TermRefusal;

/// Why a call of this service fails.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// The core refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something cannot be done with a term, a purchase or a transaction.
    #[error(transparent)]
    Term(#[from] TermRefusal),
    /// A field of the request cannot be read.
    #[error("{field}: {description}")]
    Field {
        /// Path of the field.
        field: String,
        /// What is wrong.
        description: String,
    },
    /// Neither id nor key of a customer was given.
    #[error("customer id or key is required")]
    CustomerRequired,
    /// The customer is deleted.
    #[error("customer {0} is deleted")]
    CustomerDeleted(String),
    /// No such subscription.
    #[error("subscription {0} not found")]
    NotFound(String),
    /// No such plan version, or none active.
    #[error("plan {key} with version {version} not found")]
    PlanNotFound {
        /// Key of the plan.
        key: String,
        /// Number of the version; 0: the active one.
        version: i32,
    },
    /// The version exists and is not offered.
    #[error("plan {key} with version {version} is not active")]
    PlanNotActive {
        /// Key of the plan.
        key: String,
        /// Number of the version.
        version: i32,
    },
    /// The plan made for the subscription has flaws.
    #[error("invalid plan")]
    InvalidPlan(Vec<Issue>),
    /// The rate card of an edit has flaws.
    #[error("invalid rate card")]
    InvalidRateCard(Vec<Issue>),
    /// The add-on is not assigned to the plan version.
    #[error("addon {addon} is not linked to the plan {plan}")]
    AddonNotLinked {
        /// Key and version of the add-on.
        addon: String,
        /// Key and version of the plan.
        plan: String,
    },
    /// An edit without operations.
    #[error("missing customizations")]
    NoOperations,
    /// The etag is not the current one.
    #[error("the subscription was changed since it was read")]
    Stale,
    /// Another write for the customer came first.
    #[error("the customer's subscriptions are being changed by another call")]
    Raced,
    /// Which of several subscriptions would have to go is not said.
    #[error("restoring is not allowed where a customer may have several subscriptions")]
    RestoreAmongSeveral,
    /// A report is refused.
    #[error(transparent)]
    Report(#[from] ReportRefusal),
    /// The subscription follows its plan, not reports.
    #[error("subscription {0} is managed by its plan")]
    ManagedByPlan(String),
    /// The subscription is only reported, nothing can be done to it here.
    #[error("subscription {0} is reported from elsewhere and cannot be changed here")]
    ReadOnly(String),
    /// Another subscription has the name.
    #[error("subscription key {0} is already in use")]
    KeyTaken(String),
    /// No exchange rate leads from a currency to the project's.
    #[error("no exchange rate from {from} to {to}")]
    RateMissing {
        /// The currency of the amount.
        from: String,
        /// The project's.
        to: String,
    },
    /// Another service refused, or could not be reached.
    #[error("call failed: {0}")]
    Remote(Box<Status>),
    /// A stored subscription cannot be read.
    #[error("stored subscription cannot be read")]
    Corrupt(#[source] serde_json::Error),
    /// The database failed.
    #[error("database")]
    Database(#[from] sea_orm::DbErr),
}

impl SubscriptionError {
    /// A field that is wrong.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Field {
            field: field.into(),
            description: description.into(),
        }
    }
}

impl From<Status> for SubscriptionError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<SubscriptionError> for Status {
    fn from(error: SubscriptionError) -> Self {
        chassis::error::to_status(error)
    }
}

impl Problem for SubscriptionError {
    const SERVICE: &'static str = "subscription";

    fn code(&self) -> Code {
        classify(self).0
    }

    fn reason(&self) -> &'static str {
        classify(self).1
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Field { field, description } => vec![Violation::new(field, description)],
            Self::Report(ReportRefusal::Fields(fields)) => fields
                .iter()
                .map(|wrong| Violation::new(&wrong.field, &wrong.description))
                .collect(),
            Self::Refused(_)
            | Self::Term(_)
            | Self::CustomerRequired
            | Self::CustomerDeleted(_)
            | Self::NotFound(_)
            | Self::PlanNotFound { .. }
            | Self::PlanNotActive { .. }
            | Self::AddonNotLinked { .. }
            | Self::InvalidPlan(_)
            | Self::InvalidRateCard(_)
            | Self::NoOperations
            | Self::Stale
            | Self::Raced
            | Self::RestoreAmongSeveral
            | Self::Report(_)
            | Self::ManagedByPlan(_)
            | Self::ReadOnly(_)
            | Self::KeyTaken(_)
            | Self::RateMissing { .. }
            | Self::Remote(_)
            | Self::Corrupt(_)
            | Self::Database(_) => Vec::new(),
        }
    }

    fn issues(&self) -> Vec<Issue> {
        match self {
            Self::InvalidPlan(issues) | Self::InvalidRateCard(issues) => issues.clone(),
            Self::Refused(refusal) => refusal_issues(refusal),
            Self::Field { .. }
            | Self::Term(_)
            | Self::CustomerRequired
            | Self::CustomerDeleted(_)
            | Self::NotFound(_)
            | Self::PlanNotFound { .. }
            | Self::PlanNotActive { .. }
            | Self::AddonNotLinked { .. }
            | Self::NoOperations
            | Self::Stale
            | Self::Raced
            | Self::RestoreAmongSeveral
            | Self::Report(_)
            | Self::ManagedByPlan(_)
            | Self::ReadOnly(_)
            | Self::KeyTaken(_)
            | Self::RateMissing { .. }
            | Self::Remote(_)
            | Self::Corrupt(_)
            | Self::Database(_) => Vec::new(),
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

fn classify(error: &SubscriptionError) -> (Code, &'static str) {
    use SubscriptionError as E;
    match error {
        E::Refused(refusal) => classify_refusal(refusal),
        E::Term(refusal) => classify_term(refusal),
        E::Field { .. } => (Code::InvalidArgument, "INVALID_ARGUMENT"),
        E::CustomerRequired => (Code::InvalidArgument, "CUSTOMER_REQUIRED"),
        E::CustomerDeleted(_) => (Code::FailedPrecondition, "CUSTOMER_DELETED"),
        E::NotFound(_) => (Code::NotFound, "SUBSCRIPTION_NOT_FOUND"),
        E::PlanNotFound { .. } => (Code::NotFound, "PLAN_NOT_FOUND"),
        E::PlanNotActive { .. } => (Code::InvalidArgument, "PLAN_NOT_ACTIVE"),
        E::AddonNotLinked { .. } => (Code::InvalidArgument, "ADDON_NOT_LINKED"),
        E::InvalidPlan(_) => (Code::InvalidArgument, "INVALID_PLAN"),
        E::InvalidRateCard(_) => (Code::InvalidArgument, "INVALID_RATE_CARD"),
        E::NoOperations => (Code::InvalidArgument, "NO_OPERATIONS"),
        E::Stale => (Code::Aborted, "STALE_ETAG"),
        E::Raced => (Code::Aborted, "CONCURRENT_CHANGE"),
        E::RestoreAmongSeveral => (Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED"),
        E::Report(refusal) => classify_report(refusal),
        E::ManagedByPlan(_) => (Code::FailedPrecondition, "MANAGED_BY_PLAN"),
        E::ReadOnly(_) => (Code::FailedPrecondition, "REPORTED_SUBSCRIPTION"),
        E::KeyTaken(_) => (Code::AlreadyExists, "KEY_TAKEN"),
        E::RateMissing { .. } => (Code::FailedPrecondition, "EXCHANGE_RATE_MISSING"),
        E::Remote(_) => (Code::Internal, "REMOTE"),
        E::Corrupt(_) => (Code::Internal, "CORRUPT"),
        E::Database(_) => (Code::Internal, "DATABASE"),
    }
}

fn classify_report(refusal: &ReportRefusal) -> (Code, &'static str) {
    match refusal {
        ReportRefusal::Fields(_) => (Code::InvalidArgument, "INVALID_ARGUMENT"),
        ReportRefusal::BeforeStart => (Code::FailedPrecondition, "BEFORE_START"),
        ReportRefusal::Ended => (Code::FailedPrecondition, "ENDED"),
        ReportRefusal::BeforeLastChange => (Code::FailedPrecondition, "BEFORE_LAST_CHANGE"),
        ReportRefusal::AlreadyEnded => (Code::FailedPrecondition, "ALREADY_ENDED"),
        ReportRefusal::NotEnded => (Code::FailedPrecondition, "NOT_ENDED"),
        ReportRefusal::Range(refusal) => classify_refusal(refusal),
    }
}

fn classify_term(refusal: &TermRefusal) -> (Code, &'static str) {
    match refusal {
        TermRefusal::TermNotFound(_) => (Code::NotFound, "TERM_NOT_FOUND"),
        TermRefusal::PurchaseNotFound(_) => (Code::NotFound, "PURCHASE_NOT_FOUND"),
        TermRefusal::PromotionNotFound(_) => (Code::NotFound, "PROMOTION_NOT_FOUND"),
        TermRefusal::TransactionDiffers(_) => (Code::AlreadyExists, "STORE_TRANSACTION_DIFFERS"),
        TermRefusal::NotCancelable => (Code::FailedPrecondition, "TERM_NOT_CANCELABLE"),
        TermRefusal::NothingToRefund => (Code::FailedPrecondition, "NOTHING_TO_REFUND"),
        TermRefusal::ManagedByStore => (Code::FailedPrecondition, "MANAGED_BY_STORE"),
        TermRefusal::ReportedElsewhere => (Code::FailedPrecondition, "REPORTED_ELSEWHERE"),
        TermRefusal::TooManyTransactions(_) => (Code::FailedPrecondition, "TOO_MANY_TRANSACTIONS"),
    }
}

fn classify_refusal(refusal: &Refusal) -> (Code, &'static str) {
    match refusal {
        Refusal::StartInPast => (Code::InvalidArgument, "START_IN_PAST"),
        Refusal::TimingNotSupported { .. } => (Code::InvalidArgument, "TIMING_NOT_SUPPORTED"),
        Refusal::CustomEditTiming => (Code::InvalidArgument, "CUSTOM_EDIT_TIMING"),
        Refusal::NextCycleInOtherPhase => (Code::InvalidArgument, "NEXT_CYCLE_IN_OTHER_PHASE"),
        Refusal::MisalignedTiming => (Code::InvalidArgument, "MISALIGNED_TIMING"),
        Refusal::StartingPhaseNotFound(_) => (Code::InvalidArgument, "STARTING_PHASE_NOT_FOUND"),
        Refusal::BeforeStart => (Code::InvalidArgument, "BEFORE_SUBSCRIPTION_START"),
        Refusal::PhaseNotFound(_) => (Code::InvalidArgument, "PHASE_NOT_FOUND"),
        Refusal::ItemNotFound { .. } => (Code::InvalidArgument, "ITEM_NOT_FOUND"),
        Refusal::DurationRequired(_) => (Code::InvalidArgument, "PHASE_DURATION_REQUIRED"),
        Refusal::NothingToStretch => (Code::InvalidArgument, "ZERO_STRETCH"),
        Refusal::Invalid(_) => (Code::InvalidArgument, "INVALID_SUBSCRIPTION"),
        Refusal::NoPlan(_) => (Code::InvalidArgument, "NO_PLAN"),
        Refusal::AlreadyAtVersion(_) => (Code::InvalidArgument, "ALREADY_AT_VERSION"),
        Refusal::AddonOfCustomPlan => (Code::InvalidArgument, "ADDON_OF_CUSTOM_PLAN"),
        Refusal::AddonQuantity => (Code::InvalidArgument, "ADDON_QUANTITY"),
        Refusal::AddonTooMany(_) => (Code::InvalidArgument, "ADDON_QUANTITY_ABOVE_MAXIMUM"),
        Refusal::AddonTooEarly(_) => (Code::InvalidArgument, "ADDON_TOO_EARLY"),
        Refusal::AddonOutsideSubscription => (Code::InvalidArgument, "ADDON_OUTSIDE_SUBSCRIPTION"),
        Refusal::AddonNotFound(_) => (Code::NotFound, "SUBSCRIPTION_ADDON_NOT_FOUND"),
        Refusal::HasAddons => (Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED"),
        Refusal::TooMany { .. } => (Code::InvalidArgument, "TOO_MANY_PARTS"),
        Refusal::Calendar(_) => (Code::InvalidArgument, "TIME_OUT_OF_RANGE"),
        Refusal::Number(_) => (Code::InvalidArgument, "NUMBER_OUT_OF_RANGE"),
        Refusal::TransitionNotAllowed { .. } => {
            (Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED")
        }
        Refusal::PastPhase { .. } => (Code::FailedPrecondition, "PAST_PHASE"),
        Refusal::ItemExists { .. } => (Code::FailedPrecondition, "ITEM_EXISTS"),
        Refusal::ItemOverlap { .. } => (Code::FailedPrecondition, "ITEM_OVERLAP"),
        Refusal::PhaseInPast { .. } => (Code::FailedPrecondition, "PHASE_IN_PAST"),
        Refusal::PhaseAfterEnd(_) => (Code::FailedPrecondition, "PHASE_AFTER_END"),
        Refusal::OverlapsAnother(_) => (Code::FailedPrecondition, "SINGLE_SUBSCRIPTION"),
        Refusal::ItemsOverlap(_) => (Code::FailedPrecondition, "SINGLE_ITEM"),
        Refusal::PhaseExists(_) => (Code::AlreadyExists, "PHASE_EXISTS"),
        Refusal::SinglePhase => (Code::FailedPrecondition, "SINGLE_PHASE"),
        Refusal::PhaseWouldDisappear(_) => (Code::FailedPrecondition, "PHASE_WOULD_DISAPPEAR"),
        Refusal::NoCurrentPhase => (Code::FailedPrecondition, "NO_CURRENT_PHASE"),
    }
}

/// Issues exist for checks of a whole subscription; other refusals are a reason alone.
fn refusal_issues(refusal: &Refusal) -> Vec<Issue> {
    if let Refusal::OverlapsAnother(sides) = refusal {
        let code = "only_single_subscription_allowed_per_customer_at_a_time";
        return sides
            .iter()
            .map(|side| issue(code, &refusal.to_string(), Some(side_path(side)), 409))
            .collect();
    }
    if let Refusal::ItemsOverlap(sides) = refusal {
        let code = "only_single_subscription_item_allowed_at_a_time";
        return sides
            .iter()
            .map(|item| {
                let field = format!(
                    "{}.phases[?(@.key=='{}')].items[?(@.key=='{}')]",
                    side_path(&item.side),
                    item.phase,
                    item.item
                );
                issue(code, &refusal.to_string(), Some(field), 409)
            })
            .collect();
    }
    if let Refusal::Invalid(flaws) = refusal {
        return flaws
            .iter()
            .map(|flaw| {
                let field = Some(flaw.field.clone());
                let severity = if flaw.code.is_warning() {
                    Severity::Warning
                } else {
                    Severity::Critical
                };
                Issue {
                    severity,
                    ..issue(flaw.code.as_str(), flaw.code.message(), field, 400)
                }
            })
            .collect();
    }
    if *refusal == Refusal::BeforeStart {
        let code = "subscription_billing_period_queried_before_subscription_start";
        return vec![issue(code, &refusal.to_string(), None, 400)];
    }
    Vec::new()
}

fn issue(code: &str, message: &str, field: Option<String>, status: u16) -> Issue {
    Issue {
        code: code.to_owned(),
        message: message.to_owned(),
        severity: Severity::Critical,
        field,
        component: None,
        attributes: BTreeMap::new(),
        status: Some(status),
    }
}

fn side_path(side: &Side) -> String {
    let plan = match &side.plan {
        Some((key, version, id)) => {
            format!("[?(@.key=='{key}' && @.version=='{version}' && @.id=='{id}')]")
        }
        None => String::new(),
    };
    let customer = &side.customer_id;
    format!(
        "$.plans{plan}.subscriptions[?(@.customerId=='{customer}' && @.activeFrom=='{}')]",
        side.active_from
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_names_both_sides() {
        let side = |plan| Side {
            plan,
            customer_id: "C".into(),
            active_from: jiff::Timestamp::UNIX_EPOCH,
        };
        let plan = Some(("pro".to_owned(), 1, "P".to_owned()));
        let error = SubscriptionError::Refused(Refusal::OverlapsAnother(Box::new([
            side(plan),
            side(None),
        ])));
        let issues = error.issues();
        assert_eq!(
            issues[0].field.as_deref(),
            Some(
                "$.plans[?(@.key=='pro' && @.version=='1' && @.id=='P')]\
                 .subscriptions[?(@.customerId=='C' && @.activeFrom=='1970-01-01T00:00:00Z')]"
            )
        );
        assert!(
            issues[1]
                .field
                .as_deref()
                .is_some_and(|field| field.starts_with("$.plans.subscriptions["))
        );
        assert!(issues.iter().all(|issue| issue.status == Some(409)));
    }
}

//! Every way in which billing says no.

use chassis::{Code, Issue, Problem, Severity, Violation};
use kernel::id::LineId;
use tonic::Status;

use crate::stripe::StripeError;

/// Every way in which billing says no.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// A field is wrong.
    #[error("{field}: {description}")]
    Invalid {
        /// Path of the field.
        field: String,
        /// What is wrong.
        description: String,
    },
    /// The customer was deleted before the period of a line ends.
    #[error("line period end {end} is after customer deleted at {deleted}")]
    CustomerDeleted {
        /// End of the line's period.
        end: kernel::Timestamp,
        /// When the customer was deleted.
        deleted: kernel::Timestamp,
    },
    /// No profile with this id.
    #[error("billing profile {0} not found")]
    ProfileNotFound(String),
    /// No override, and no default profile.
    #[error("default billing profile not found")]
    DefaultProfileNotFound,
    /// A deleted profile cannot be changed.
    #[error("billing profile is already deleted")]
    ProfileAlreadyDeleted,
    /// Customers are pinned to the profile.
    #[error("billing profile is referenced by customer overrides: {}", customers.join(", "))]
    ProfileReferenced {
        /// Their ids.
        customers: Vec<String>,
    },
    /// The default profile cannot be deleted.
    #[error("default billing profile cannot be deleted")]
    DefaultProfileCannotBeDeleted,
    /// The default profile stays so until another takes its place.
    #[error("default billing profile cannot be unset")]
    DefaultProfileCannotBeUnset,
    /// The customer never had an override.
    #[error("customer override not found")]
    OverrideNotFound,
    /// The customer's override was deleted already.
    #[error("customer override is already deleted")]
    OverrideDeleted,
    /// No app with this id.
    #[error("app {0} not found")]
    AppNotFound(String),
    /// The app is used by profiles or open invoices.
    #[error("app is still in use")]
    AppInUse,
    /// The app needs credentials to be installed, or has none.
    #[error("app does not support this installation method")]
    InstallMethod,
    /// The app is not of the kind that the call is about.
    #[error("app {0} is not a stripe app")]
    NotStripe(String),
    /// The account has an app already.
    #[error("stripe account {0} is already installed")]
    AccountInstalled(String),
    /// The customer is deleted.
    #[error("customer {0} is deleted")]
    CustomerGone(String),
    /// The profile of the customer has no app of the kind.
    #[error("no {0} app found in billing profile for customer")]
    NotAppOfCustomer(&'static str),
    /// The app knows nothing about the customer.
    #[error("the app has no data of customer {0}")]
    CustomerAppNotFound(String),
    /// A page of the provider needs its customer first.
    #[error("the customer has no stripe customer")]
    NoStripeCustomer,
    /// The provider does not accept the key.
    #[error("{0}")]
    ProviderUnauthorized(String),
    /// The provider says that the request is wrong.
    #[error("{0}")]
    ProviderInvalid(String),
    /// The provider refuses.
    #[error("{0}")]
    ProviderRefused(String),
    /// The provider gives no answer.
    #[error("{0}")]
    ProviderUnavailable(String),
    /// A stored secret cannot be opened.
    #[error("stored secret is unreadable")]
    Secret(#[from] chassis::secret::SecretError),
    /// No invoice with this id.
    #[error("invoice {0} not found")]
    InvoiceNotFound(String),
    /// Nothing can be invoiced.
    #[error("no lines to be invoiced")]
    NoLines,
    /// Some of the wanted lines cannot be invoiced.
    #[error("lines are not billable: {}", lines.join(", "))]
    LinesNotBillable {
        /// Their ids.
        lines: Vec<String>,
    },
    /// A price that cannot be billed in parts is in a split period.
    #[error("line {line}: progressive billing is not supported for this price")]
    ProgressiveBillingNotSupported {
        /// The line.
        line: LineId,
    },
    /// A usage line without a period.
    #[error("line {line}: the period of a usage line is empty")]
    UsagePeriodEmpty {
        /// The line.
        line: LineId,
    },
    /// The period of a part of a split period is fixed.
    #[error("line {line}: the period of a split line cannot be changed")]
    PeriodOfSplitLine {
        /// The line.
        line: LineId,
    },
    /// The period of a subscription's line is fixed.
    #[error("line {line}: the period of a subscription managed line cannot be changed")]
    PeriodOfSubscriptionLine {
        /// The line.
        line: LineId,
    },
    /// The usage discount of a split period is fixed.
    #[error("line {line}: the usage discount of a split line cannot be changed")]
    UsageDiscountOfSplitLine {
        /// The line.
        line: LineId,
    },
    /// A volume price with usage before the line.
    #[error("tiered volume prices do not support usage before the line")]
    GraduatedSplit,
    /// The invoice is where it can be.
    #[error("invoice cannot advance in state {state}")]
    CannotAdvance {
        /// Its state.
        state: &'static str,
    },
    /// The state does not allow the action.
    #[error("action {action} is not available in state {state}")]
    ActionNotAvailable {
        /// What was wanted.
        action: &'static str,
        /// The state.
        state: &'static str,
    },
    /// Gathering invoices are not deleted by hand.
    #[error("a gathering invoice cannot be deleted")]
    CannotDeleteGathering,
    /// The app refused the deletion.
    #[error("invoice could not be deleted")]
    DeleteFailed {
        /// What the app said.
        issues: Vec<Issue>,
    },
    /// The invoice ended with critical issues where that is not accepted.
    #[error("invoice has critical issues")]
    CriticalIssues {
        /// The issues.
        issues: Vec<Issue>,
    },
    /// The invoice belongs to another kind of app.
    #[error("invoice does not belong to a custom invoicing app")]
    NotCustomInvoicing,
    /// Ids that are not on the invoice.
    #[error("unknown ids: {}", ids.join(", "))]
    UnknownIds {
        /// The ids.
        ids: Vec<String>,
    },
    /// The thing changed since it was read.
    #[error("the resource was changed since the etag was read")]
    Stale,
    /// Somebody else changed the same invoices; the call may be repeated.
    #[error("the customer's invoices changed meanwhile")]
    Raced,
    /// The numbers are too large, or a time lies outside the calendar.
    #[error("cannot be calculated: {0}")]
    Calculation(String),
    /// A stored body cannot be read.
    #[error("stored value is unreadable")]
    Corrupt(#[source] serde_json::Error),
    /// A stored column cannot be read.
    #[error("stored column {0} is unreadable")]
    CorruptColumn(&'static str),
    /// The database failed.
    #[error("database")]
    Database(#[from] sea_orm::DbErr),
    /// Another service said no.
    #[error("another service refused")]
    Remote(#[from] Box<Status>),
}

impl BillingError {
    /// A field is wrong.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            description: description.into(),
        }
    }

    /// The issue code that existing clients know for this error.
    fn issue_code(&self) -> Option<&'static str> {
        Some(match self {
            Self::ProfileNotFound(_) => "profile_not_found",
            Self::DefaultProfileNotFound => "default_profile_not_found",
            Self::ProfileAlreadyDeleted => "profile_already_deleted",
            Self::ProfileReferenced { .. } => "profile_referenced",
            Self::DefaultProfileCannotBeDeleted => "default_profile_cannot_be_deleted",
            Self::DefaultProfileCannotBeUnset => "default_profile_cannot_be_unset",
            Self::OverrideNotFound => "customer_override_not_found",
            Self::OverrideDeleted => "customer_override_deleted",
            Self::NoLines => "invoice_create_no_lines",
            Self::LinesNotBillable { .. } => "invoice_lines_not_billable",
            Self::ProgressiveBillingNotSupported { .. } => {
                "invoice_progressive_billing_not_supported"
            }
            Self::UsagePeriodEmpty { .. } => "invoice_create_ubp_line_period_is_empty",
            Self::PeriodOfSplitLine { .. } => "invoice_line_no_period_change_for_split_line",
            Self::PeriodOfSubscriptionLine { .. } => {
                "invoice_line_no_period_change_for_subscription_managed_line"
            }
            Self::UsageDiscountOfSplitLine { .. } => {
                "invoice_line_progressive_billing_usage_discount_update_forbidden"
            }
            Self::GraduatedSplit => "invoice_line_graduated_split_not_supported",
            Self::CannotAdvance { .. } => "invoice_cannot_advance",
            Self::ActionNotAvailable { .. } => "invoice_action_not_available",
            Self::CannotDeleteGathering => "invoice_cannot_delete_gathering",
            Self::DeleteFailed { .. } => "invoice_delete_failed",
            Self::Invalid { .. }
            | Self::CustomerDeleted { .. }
            | Self::AppNotFound(_)
            | Self::AppInUse
            | Self::InstallMethod
            | Self::NotStripe(_)
            | Self::AccountInstalled(_)
            | Self::CustomerGone(_)
            | Self::NotAppOfCustomer(_)
            | Self::CustomerAppNotFound(_)
            | Self::NoStripeCustomer
            | Self::ProviderUnauthorized(_)
            | Self::ProviderInvalid(_)
            | Self::ProviderRefused(_)
            | Self::ProviderUnavailable(_)
            | Self::Secret(_)
            | Self::InvoiceNotFound(_)
            | Self::CriticalIssues { .. }
            | Self::NotCustomInvoicing
            | Self::UnknownIds { .. }
            | Self::Stale
            | Self::Raced
            | Self::Calculation(_)
            | Self::Corrupt(_)
            | Self::CorruptColumn(_)
            | Self::Database(_)
            | Self::Remote(_) => return None,
        })
    }
}

impl Problem for BillingError {
    const SERVICE: &'static str = "billing";

    fn code(&self) -> Code {
        match self {
            Self::Invalid { .. }
            | Self::CustomerDeleted { .. }
            | Self::InstallMethod
            | Self::NotStripe(_)
            | Self::ProviderInvalid(_)
            | Self::LinesNotBillable { .. }
            | Self::ProgressiveBillingNotSupported { .. }
            | Self::UsagePeriodEmpty { .. }
            | Self::PeriodOfSplitLine { .. }
            | Self::PeriodOfSubscriptionLine { .. }
            | Self::UsageDiscountOfSplitLine { .. }
            | Self::GraduatedSplit
            | Self::NotCustomInvoicing
            | Self::UnknownIds { .. }
            | Self::Calculation(_) => Code::InvalidArgument,
            Self::ProfileNotFound(_)
            | Self::DefaultProfileNotFound
            | Self::OverrideNotFound
            | Self::OverrideDeleted
            | Self::AppNotFound(_)
            | Self::CustomerAppNotFound(_)
            | Self::InvoiceNotFound(_) => Code::NotFound,
            Self::AccountInstalled(_) => Code::AlreadyExists,
            Self::ProviderUnauthorized(_) => Code::Unauthenticated,
            Self::ProviderUnavailable(_) => Code::Unavailable,
            Self::ProfileAlreadyDeleted
            | Self::ProfileReferenced { .. }
            | Self::DefaultProfileCannotBeDeleted
            | Self::DefaultProfileCannotBeUnset
            | Self::AppInUse
            | Self::CustomerGone(_)
            | Self::NotAppOfCustomer(_)
            | Self::NoStripeCustomer
            | Self::ProviderRefused(_)
            | Self::NoLines
            | Self::CannotAdvance { .. }
            | Self::ActionNotAvailable { .. }
            | Self::CannotDeleteGathering
            | Self::DeleteFailed { .. }
            | Self::CriticalIssues { .. } => Code::FailedPrecondition,
            Self::Stale | Self::Raced => Code::Aborted,
            Self::Corrupt(_)
            | Self::CorruptColumn(_)
            | Self::Secret(_)
            | Self::Database(_)
            | Self::Remote(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "INVALID_FIELD",
            Self::CustomerDeleted { .. } => "CUSTOMER_DELETED",
            Self::ProfileNotFound(_) => "PROFILE_NOT_FOUND",
            Self::DefaultProfileNotFound => "DEFAULT_PROFILE_NOT_FOUND",
            Self::ProfileAlreadyDeleted => "PROFILE_ALREADY_DELETED",
            Self::ProfileReferenced { .. } => "PROFILE_REFERENCED",
            Self::DefaultProfileCannotBeDeleted => "DEFAULT_PROFILE_CANNOT_BE_DELETED",
            Self::DefaultProfileCannotBeUnset => "DEFAULT_PROFILE_CANNOT_BE_UNSET",
            Self::OverrideNotFound => "CUSTOMER_OVERRIDE_NOT_FOUND",
            Self::OverrideDeleted => "CUSTOMER_OVERRIDE_DELETED",
            Self::AppNotFound(_) => "APP_NOT_FOUND",
            Self::AppInUse => "APP_IN_USE",
            Self::InstallMethod => "APP_INSTALL_METHOD_NOT_SUPPORTED",
            Self::NotStripe(_) => "APP_NOT_STRIPE",
            Self::AccountInstalled(_) => "APP_ACCOUNT_INSTALLED",
            Self::CustomerGone(_) => "CUSTOMER_DELETED",
            Self::NotAppOfCustomer(_) => "APP_NOT_OF_CUSTOMER",
            Self::CustomerAppNotFound(_) => "CUSTOMER_APP_NOT_FOUND",
            Self::NoStripeCustomer => "NO_STRIPE_CUSTOMER",
            Self::ProviderUnauthorized(_) => "PROVIDER_UNAUTHORIZED",
            Self::ProviderInvalid(_) => "PROVIDER_INVALID",
            Self::ProviderRefused(_) => "PROVIDER_REFUSED",
            Self::ProviderUnavailable(_) => "PROVIDER_UNAVAILABLE",
            Self::InvoiceNotFound(_) => "INVOICE_NOT_FOUND",
            Self::NoLines => "INVOICE_CREATE_NO_LINES",
            Self::LinesNotBillable { .. } => "INVOICE_LINES_NOT_BILLABLE",
            Self::ProgressiveBillingNotSupported { .. } => {
                "INVOICE_PROGRESSIVE_BILLING_NOT_SUPPORTED"
            }
            Self::UsagePeriodEmpty { .. } => "INVOICE_CREATE_UBP_LINE_PERIOD_IS_EMPTY",
            Self::PeriodOfSplitLine { .. } => "INVOICE_LINE_NO_PERIOD_CHANGE_FOR_SPLIT_LINE",
            Self::PeriodOfSubscriptionLine { .. } => {
                "INVOICE_LINE_NO_PERIOD_CHANGE_FOR_SUBSCRIPTION_MANAGED_LINE"
            }
            Self::UsageDiscountOfSplitLine { .. } => {
                "INVOICE_LINE_PROGRESSIVE_BILLING_USAGE_DISCOUNT_UPDATE_FORBIDDEN"
            }
            Self::GraduatedSplit => "INVOICE_LINE_GRADUATED_SPLIT_NOT_SUPPORTED",
            Self::CannotAdvance { .. } => "INVOICE_CANNOT_ADVANCE",
            Self::ActionNotAvailable { .. } => "INVOICE_ACTION_NOT_AVAILABLE",
            Self::CannotDeleteGathering => "INVOICE_CANNOT_DELETE_GATHERING",
            Self::DeleteFailed { .. } => "INVOICE_DELETE_FAILED",
            Self::CriticalIssues { .. } => "INVOICE_CRITICAL_ISSUES",
            Self::NotCustomInvoicing => "INVOICE_NOT_CUSTOM_INVOICING",
            Self::UnknownIds { .. } => "UNKNOWN_IDS",
            Self::Stale => "STALE_ETAG",
            Self::Raced => "CONCURRENT_CHANGE",
            Self::Calculation(_) => "CANNOT_CALCULATE",
            Self::Corrupt(_) | Self::CorruptColumn(_) | Self::Secret(_) => "CORRUPT",
            Self::Database(_) => "DATABASE",
            Self::Remote(_) => "REMOTE",
        }
    }

    fn violations(&self) -> Vec<Violation> {
        if let Self::Invalid { field, description } = self {
            return vec![Violation::new(field.clone(), description.clone())];
        }
        Vec::new()
    }

    fn issues(&self) -> Vec<Issue> {
        if let Self::DeleteFailed { issues } | Self::CriticalIssues { issues } = self
            && !issues.is_empty()
        {
            return issues.clone();
        }
        let Some(code) = self.issue_code() else {
            return Vec::new();
        };
        vec![Issue {
            code: code.to_owned(),
            message: self.to_string(),
            severity: Severity::Critical,
            field: None,
            component: None,
            attributes: std::collections::BTreeMap::new(),
            status: None,
        }]
    }

    fn remote(&self) -> Option<&Status> {
        if let Self::Remote(status) = self {
            Some(status)
        } else {
            None
        }
    }
}

impl From<Status> for BillingError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<StripeError> for BillingError {
    /// As the calls answer it that ask Stripe while the caller waits.
    fn from(error: StripeError) -> Self {
        let text = error.to_string();
        match error {
            StripeError::Refused { status: 401, .. } => Self::ProviderUnauthorized(text),
            StripeError::Refused { status: 400, .. } => Self::ProviderInvalid(text),
            StripeError::Refused { .. } => Self::ProviderRefused(text),
            StripeError::Unreachable(_) | StripeError::Unreadable(_) => {
                Self::ProviderUnavailable(text)
            }
        }
    }
}

impl From<chassis::etag::Stale> for BillingError {
    fn from(_: chassis::etag::Stale) -> Self {
        Self::Stale
    }
}

impl From<kernel::decimal::DecimalError> for BillingError {
    fn from(error: kernel::decimal::DecimalError) -> Self {
        Self::Calculation(error.to_string())
    }
}

impl From<kernel::calendar::CalendarError> for BillingError {
    fn from(error: kernel::calendar::CalendarError) -> Self {
        Self::Calculation(error.to_string())
    }
}

impl From<BillingError> for Status {
    fn from(error: BillingError) -> Self {
        chassis::error::to_status(error)
    }
}

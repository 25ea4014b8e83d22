//! Every way this service says no.

pub(crate) use chassis::Problem;
use chassis::{Code, Violation};
use kernel::{currency::Currency, id::CustomerId};
use sea_orm::DbErr;
use tonic::Status;

use crate::domain::hold::{Hold, summary};

/// Most holds whose details a refused deletion tells: a status travels in headers, which have a
/// limit. The metadata names all reasons in any case.
const HOLDS_SHOWN_MAX: usize = 25;

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub enum CustomerError {
    /// A field of the request is wrong whatever the state.
    #[error("{field}: {description}")]
    Invalid {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        description: String,
    },
    /// Several fields of the request are wrong, in the order of their check; the first gives the message.
    #[error("{}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Several(Vec<CustomerError>),
    /// A customer would have neither key nor subject keys.
    #[error("either key or usageAttribution.subjectKeys must be provided")]
    HandleRequired,
    /// A key equals the id of a customer.
    #[error("key \"{key}\" overlaps with id of another customer")]
    KeyOverlapsId {
        /// The key.
        key: String,
    },
    /// A key equals a subject key of another customer.
    #[error("key \"{key}\" overlaps with subject of another customer")]
    KeyOverlapsSubject {
        /// The key.
        key: String,
    },
    /// A key is the key or alias of another customer.
    #[error("key \"{key}\" is already used by another customer")]
    KeyTaken {
        /// The key.
        key: String,
    },
    /// An alias names another customer.
    #[error("\"{alias}\" names another customer already")]
    AliasTaken {
        /// The alias.
        alias: String,
    },
    /// A customer does not have the alias.
    #[error("alias \"{alias}\" not found")]
    AliasNotFound {
        /// The alias.
        alias: String,
    },
    /// Nobody has the e-mail address.
    #[error("no customer has this e-mail address")]
    EmailNotFound,
    /// The customer has no personal data left.
    #[error("customer is already anonymized")]
    CustomerAnonymized {
        /// The customer.
        id: CustomerId,
    },
    /// The customer has exactly this trait.
    #[error("Customer already has trait")]
    TraitHeld,
    /// None of the customers has a trait of the category.
    #[error("customer has no trait of category \"{category}\"")]
    TraitNotHeld {
        /// The category.
        category: String,
    },
    /// The category has as many different traits as it may.
    #[error("category \"{category}\" hit trait limit")]
    TraitLimit {
        /// The category.
        category: String,
    },
    /// The key has used up what it may do in a span of time.
    #[error("{bucket}: more than {limit} requests")]
    RateLimited {
        /// What was counted.
        bucket: String,
        /// Most calls of a span.
        limit: u32,
        /// When the next one will be let in, in milliseconds from now.
        retry_after_ms: i64,
    },
    /// No customer has a trait of the category.
    #[error("trait category \"{category}\" not found")]
    TraitCategoryNotFound {
        /// The category.
        category: String,
    },
    /// Subject keys belong to other customers, or are repeated.
    #[error(
        "one or multiple subject keys are already associated with an existing customer: {}",
        keys.join(", ")
    )]
    SubjectKeysTaken {
        /// The subject keys, at most some of them.
        keys: Vec<String>,
    },
    /// No customer has this id, key or alias.
    #[error("customer \"{handle}\" not found")]
    CustomerNotFound {
        /// What was asked for.
        handle: String,
    },
    /// The customer is deleted.
    #[error("customer is deleted")]
    CustomerDeleted {
        /// The customer.
        id: CustomerId,
    },
    /// A subscription is active, so the subject keys stay.
    #[error("cannot change subject keys for customer with active subscriptions")]
    SubjectKeysLocked,
    /// Something depends on the customer.
    #[error("cannot delete the customer: {}", summary(&holds[..holds.len().min(HOLDS_SHOWN_MAX)]))]
    CustomerHeld {
        /// The customer.
        id: CustomerId,
        /// The holds that count now, never none.
        holds: Vec<Hold>,
    },
    /// The customer has another currency.
    #[error(
        "currency mismatch: customer currency is {}, subscription currency is {}",
        customer.code(),
        wanted.code()
    )]
    CurrencyMismatch {
        /// Currency of the customer.
        customer: Currency,
        /// Currency of the subscription.
        wanted: Currency,
    },
    /// The thing was changed since the etag was read.
    #[error("the {resource} was changed since the etag was read")]
    Stale {
        /// What was changed.
        resource: &'static str,
    },
    /// No subject has this id or key.
    #[error("subject \"{handle}\" not found")]
    SubjectNotFound {
        /// What was asked for.
        handle: String,
    },
    /// No project has this id.
    #[error("project not found")]
    ProjectNotFound,
    /// Another project has the name or the RevenueCat id.
    #[error("another project has this {field}")]
    ProjectTaken {
        /// The field.
        field: &'static str,
    },
    /// No key of the project has this id.
    #[error("API key \"{id}\" not found")]
    KeyNotFound {
        /// What was asked for.
        id: String,
    },
    /// A presented key does not authenticate. Says nothing more, whatever the cause.
    #[error("the API key is not valid")]
    KeyRefused,
    /// The key does not open the project that was named.
    #[error("the API key does not open project \"{project}\"")]
    ProjectRefused {
        /// The project as named.
        project: String,
    },
    /// A caller would give a permission that it does not have.
    #[error("the caller does not have the permission {permission}")]
    PermissionNotHeld {
        /// The permission.
        permission: String,
    },
    /// The project has no test clock.
    #[error("the project has no test clock; freeze it first")]
    ClockNotFrozen,
    /// The table has no way from one currency to the other.
    #[error("no exchange rate from {} to {}", from.code(), to.code())]
    RateMissing {
        /// Currency converted from.
        from: Currency,
        /// Currency converted to.
        to: Currency,
    },
    /// A computed rate is too large or too small to be told.
    #[error("the exchange rate from {} to {} is out of range", from.code(), to.code())]
    RateOutOfRange {
        /// Currency converted from.
        from: Currency,
        /// Currency converted to.
        to: Currency,
    },
    /// A stored value cannot be read.
    #[error("stored {what} cannot be read: {value}")]
    Corrupt {
        /// What it is.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] DbErr),
    /// The chassis refused, such as a page token of another query; passed on as it is.
    #[error("{}", .0.message())]
    Refused(Box<Status>),
}

impl CustomerError {
    /// A wrong field.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            description: description.into(),
        }
    }

    /// The same refusal of what the request holds in its field `parent`.
    #[must_use]
    pub fn below(self, parent: &str) -> Self {
        self.named(&|field| format!("{parent}.{field}"))
    }

    /// The same refusal where the request calls the field `ours` `theirs`.
    #[must_use]
    pub fn renamed(self, ours: &str, theirs: &str) -> Self {
        self.named(&|field| {
            if field == ours {
                theirs.to_owned()
            } else {
                field
            }
        })
    }

    fn named(self, name: &dyn Fn(String) -> String) -> Self {
        if let Self::Several(wrong) = self {
            return Self::Several(wrong.into_iter().map(|one| one.named(name)).collect());
        }
        if let Self::Invalid { field, description } = self {
            return Self::invalid(name(field), description);
        }
        self
    }
}

/// What is wrong with a request, gathered field by field.
#[derive(Debug, Default)]
pub struct Wrong(Vec<CustomerError>);

impl Wrong {
    /// The value of a field; of a wrong one something that is not used, as the request is refused.
    pub fn take<T: Default>(&mut self, checked: Result<T, CustomerError>) -> T {
        checked.unwrap_or_else(|error| {
            self.0.push(error);
            T::default()
        })
    }

    /// Refuses the request if anything was wrong: with all wrong fields, or with what else speaks against it.
    pub fn refuse(self) -> Result<(), CustomerError> {
        let is_field = |error: &CustomerError| error.code() == Code::InvalidArgument;
        let (mut fields, others): (Vec<_>, Vec<_>) = self.0.into_iter().partition(is_field);
        if fields.len() > 1 {
            return Err(CustomerError::Several(fields));
        }
        fields
            .pop()
            .or(others.into_iter().next())
            .map_or(Ok(()), Err)
    }
}

impl Problem for CustomerError {
    const SERVICE: &'static str = "customer";

    fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } | Self::Several(_) | Self::HandleRequired | Self::Refused(_) => {
                Code::InvalidArgument
            }
            Self::KeyOverlapsId { .. }
            | Self::KeyOverlapsSubject { .. }
            | Self::KeyTaken { .. }
            | Self::SubjectKeysTaken { .. }
            | Self::AliasTaken { .. }
            | Self::ProjectTaken { .. } => Code::AlreadyExists,
            Self::CustomerNotFound { .. }
            | Self::SubjectNotFound { .. }
            | Self::AliasNotFound { .. }
            | Self::EmailNotFound
            | Self::TraitCategoryNotFound { .. }
            | Self::ProjectNotFound
            | Self::KeyNotFound { .. }
            | Self::RateMissing { .. } => Code::NotFound,
            Self::CustomerDeleted { .. }
            | Self::CustomerAnonymized { .. }
            | Self::TraitHeld
            | Self::TraitNotHeld { .. }
            | Self::TraitLimit { .. }
            | Self::SubjectKeysLocked
            | Self::CustomerHeld { .. }
            | Self::CurrencyMismatch { .. }
            | Self::ClockNotFrozen
            | Self::RateOutOfRange { .. } => Code::FailedPrecondition,
            Self::Stale { .. } => Code::Aborted,
            Self::KeyRefused => Code::Unauthenticated,
            Self::RateLimited { .. } => Code::ResourceExhausted,
            Self::ProjectRefused { .. } | Self::PermissionNotHeld { .. } => Code::PermissionDenied,
            Self::Corrupt { .. } | Self::Database(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid { .. } | Self::Refused(_) => "INVALID_ARGUMENT",
            Self::Several(wrong) => wrong.first().map_or("INVALID_ARGUMENT", Self::reason),
            Self::HandleRequired => "KEY_OR_SUBJECT_KEYS_REQUIRED",
            Self::KeyOverlapsId { .. } => "KEY_OVERLAPS_ID",
            Self::KeyOverlapsSubject { .. } => "KEY_OVERLAPS_SUBJECT",
            Self::KeyTaken { .. } => "KEY_TAKEN",
            Self::SubjectKeysTaken { .. } => "SUBJECT_KEYS_TAKEN",
            Self::AliasTaken { .. } => "ALIAS_TAKEN",
            Self::AliasNotFound { .. } => "ALIAS_NOT_FOUND",
            Self::EmailNotFound => "EMAIL_NOT_FOUND",
            Self::CustomerAnonymized { .. } => "CUSTOMER_ANONYMIZED",
            Self::TraitHeld => "TRAIT_HELD",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::TraitNotHeld { .. } => "TRAIT_NOT_HELD",
            Self::TraitLimit { .. } => "TRAIT_LIMIT",
            Self::TraitCategoryNotFound { .. } => "TRAIT_CATEGORY_NOT_FOUND",
            Self::CustomerNotFound { .. } => "CUSTOMER_NOT_FOUND",
            Self::CustomerDeleted { .. } => "CUSTOMER_DELETED",
            Self::SubjectKeysLocked => "SUBJECT_KEYS_LOCKED",
            Self::CustomerHeld { .. } => "CUSTOMER_HELD",
            Self::CurrencyMismatch { .. } => "CURRENCY_MISMATCH",
            Self::Stale { .. } => "ETAG_STALE",
            Self::SubjectNotFound { .. } => "SUBJECT_NOT_FOUND",
            Self::ProjectNotFound => "PROJECT_NOT_FOUND",
            Self::ProjectTaken { .. } => "PROJECT_TAKEN",
            Self::KeyNotFound { .. } => "KEY_NOT_FOUND",
            Self::KeyRefused => "UNAUTHENTICATED",
            Self::ProjectRefused { .. } => "PROJECT_REFUSED",
            Self::PermissionNotHeld { .. } => "PERMISSION_NOT_HELD",
            Self::ClockNotFrozen => "CLOCK_NOT_FROZEN",
            Self::RateMissing { .. } => "RATE_MISSING",
            Self::RateOutOfRange { .. } => "RATE_OUT_OF_RANGE",
            Self::Corrupt { .. } => "CORRUPT",
            Self::Database(_) => "DATABASE",
        }
    }

    fn violations(&self) -> Vec<Violation> {
        if let Self::Invalid { field, description } = self {
            return vec![Violation::new(field, description)];
        }
        if let Self::Several(wrong) = self {
            return wrong.iter().flat_map(Self::violations).collect();
        }
        if let Self::HandleRequired = self {
            let fields = ["customer.key", "customer.usage_attribution.subject_keys"];
            return fields
                .map(|field| Violation::new(field, "one of the two must be given"))
                .to_vec();
        }
        if let Self::CustomerHeld { holds, .. } = self {
            return holds
                .iter()
                .take(HOLDS_SHOWN_MAX)
                .map(|hold| {
                    let field = format!("{}:{}", hold.reason.shown(), hold.holder);
                    Violation::new(field, hold.sentence())
                })
                .collect();
        }
        Vec::new()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        if let Self::CustomerHeld { id, holds } = self {
            let mut reasons: Vec<&str> = holds.iter().map(|hold| hold.reason.shown()).collect();
            reasons.dedup();
            return vec![
                ("customer_id", id.to_string()),
                ("reasons", reasons.join(",")),
            ];
        }
        if let Self::RateLimited {
            bucket,
            limit,
            retry_after_ms,
        } = self
        {
            return vec![
                ("bucket", bucket.clone()),
                ("limit", limit.to_string()),
                ("retry_after_ms", retry_after_ms.to_string()),
            ];
        }
        if let Self::CustomerDeleted { id } = self {
            return vec![("customer_id", id.to_string())];
        }
        if let Self::SubjectKeysTaken { keys } = self {
            return vec![("subject_keys", keys.join(","))];
        }
        Vec::new()
    }

    fn remote(&self) -> Option<&Status> {
        if let Self::Refused(status) = self {
            return Some(status);
        }
        None
    }
}

impl From<CustomerError> for Status {
    fn from(error: CustomerError) -> Self {
        chassis::error::to_status(error)
    }
}

impl From<Status> for CustomerError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

//! Every way this service says no.

use std::collections::BTreeMap;

use chassis::{Code, Problem};
use kernel::id::FeatureId;
use sea_orm::DbErr;
use tonic::Status;

use crate::domain::{
    issue::{Issue, Severity},
    versioning::State,
    violation::Violation,
};

/// Most issues that a refusal tells as wrong fields too: a status travels in headers, which have a limit.
const VIOLATIONS_SHOWN_MAX: usize = 25;

/// What an error is about, where plans and add-ons fail alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    /// A plan.
    Plan,
    /// An add-on.
    Addon,
}

impl OfferKind {
    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Addon => "add-on",
        }
    }

    /// The field of a request that holds one.
    fn field(self) -> &'static str {
        self.pick("plan", "addon")
    }

    fn pick(self, plan: &'static str, addon: &'static str) -> &'static str {
        match self {
            Self::Plan => plan,
            Self::Addon => addon,
        }
    }
}

/// What stores sell and how clients find it: things that fail alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A store app.
    StoreApp,
    /// A product.
    Product,
    /// A plan by name.
    NamedPlan,
    /// An entitlement definition.
    EntitlementDefinition,
    /// An offering.
    Offering,
    /// A package.
    Package,
    /// A price of a language model.
    ModelPrice,
}

impl Thing {
    /// The words in messages, and the reasons when it is unknown, or there already.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::StoreApp => ("store app", "STORE_APP_NOT_FOUND", "STORE_APP_EXISTS"),
            Self::Product => ("product", "PRODUCT_NOT_FOUND", "PRODUCT_EXISTS"),
            Self::NamedPlan => ("plan", "NAMED_PLAN_NOT_FOUND", "NAMED_PLAN_EXISTS"),
            Self::EntitlementDefinition => (
                "entitlement definition",
                "ENTITLEMENT_DEFINITION_NOT_FOUND",
                "ENTITLEMENT_DEFINITION_EXISTS",
            ),
            Self::Offering => ("offering", "OFFERING_NOT_FOUND", "OFFERING_EXISTS"),
            Self::Package => ("package", "PACKAGE_NOT_FOUND", "PACKAGE_EXISTS"),
            Self::ModelPrice => ("model price", "MODEL_PRICE_NOT_FOUND", "MODEL_PRICE_EXISTS"),
        }
    }
}

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Fields of the request are wrong whatever the state; never empty.
    #[error("{}", sentences(.0))]
    Invalid(Vec<Violation>),
    /// No feature has this id or key.
    #[error("feature not found: {0}")]
    FeatureNotFound(String),
    /// A live feature has the key.
    #[error("feature with key {key} already exists: {id}")]
    FeatureKeyTaken { key: String, id: FeatureId },
    /// A feature names a meter that does not exist.
    #[error("meter not found: {0}")]
    MeterNotFound(String),
    /// An active plan or a hold needs the feature.
    #[error("forbidden for feature {key}: it is used by {users}")]
    FeatureInUse { key: String, users: String },
    /// A feature whose cost is asked has no meter, or does not say what a unit costs.
    #[error("feature {key} has no {missing}")]
    FeatureNotCosted { key: String, missing: &'static str },
    /// Rate cards name features that do not exist or are archived.
    #[error("feature with key {} not found", .0.join(", "))]
    RateCardFeatureNotFound(Vec<String>),
    /// No version has this id or key.
    #[error("{} not found: {handle}", kind.word())]
    OfferNotFound { kind: OfferKind, handle: String },
    /// A key has no version to copy.
    #[error("no versions available for plan {0}")]
    NoVersions(String),
    /// The key has a draft already.
    #[error("only a single draft version is allowed for {}", kind.pick("Plan", "add-on"))]
    DraftExists { kind: OfferKind, key: String },
    /// The state of the plan version does not allow the operation.
    #[error("only Plans in [{}] can be {operation}", words(allowed))]
    PlanState {
        operation: &'static str,
        allowed: &'static [State],
        state: State,
    },
    /// The state of the add-on version does not allow the operation.
    #[error("invalid add-on: {operation} is not allowed in status {}", state.as_str())]
    AddonState {
        operation: &'static str,
        state: State,
    },
    /// The version is deleted.
    #[error("{} is deleted", kind.word())]
    OfferDeleted { kind: OfferKind, id: String },
    /// The resource has critical issues; never empty.
    #[error("invalid {}", kind.word())]
    InvalidOffer { kind: OfferKind, issues: Vec<Issue> },
    /// The resource has issues, so it cannot be published; never empty.
    #[error("invalid {}", kind.word())]
    NotPublishable { kind: OfferKind, issues: Vec<Issue> },
    /// An add-on cannot be deleted while plans have it.
    #[error("add-on has active assignments")]
    AddonAssigned,
    /// The plan does not have the add-on.
    #[error("plan add-on not found: {0}")]
    PlanAddonNotFound(String),
    /// The plan has the add-on already.
    #[error("plan add-on already exists")]
    PlanAddonExists,
    /// Nothing has this id, short id or key.
    #[error("{} not found: {handle}", what.words().0)]
    NotFound {
        what: Thing,
        handle: String,
        /// The field of the request that names it.
        field: &'static str,
    },
    /// There is one with the same key already.
    #[error("a {} with {field} {value} already exists", what.words().0)]
    Taken {
        what: Thing,
        field: &'static str,
        value: String,
    },
    /// A product is not attached, so it cannot be detached.
    #[error("product {0} is not attached")]
    ProductNotAttached(String),
    /// Apps of this store cannot be made.
    #[error("store apps of type {0} are switched off")]
    AppTypeOff(&'static str),
    /// Products of plans live in the app.
    #[error("the default store app is the home of products that come from plans")]
    AppInUse,
    /// A product that comes from a plan changes and goes with the plan.
    #[error("product {0} is managed by its plan")]
    ProductManaged(String),
    /// A plan that is published here has its name from its versions.
    #[error("plan {0} is managed by its versions")]
    NamedPlanVersioned(String),
    /// Products for all clients and products for some cannot stand in one package.
    #[error("products for all clients exclude the others in the same package")]
    EligibilityConflict,
    /// The thing was changed since the etag was read, or by someone else just now.
    #[error("the {0} was changed meanwhile")]
    Stale(&'static str),
    /// A stored document cannot be read.
    #[error("stored {what} {id} cannot be read")]
    Corrupt {
        what: &'static str,
        id: String,
        #[source]
        cause: serde_json::Error,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] DbErr),
    /// Another service, or the chassis, refused.
    #[error("{}", .0.message())]
    Remote(Box<Status>),
}

impl CatalogError {
    /// One wrong field.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation {
            field: field.into(),
            description: description.into(),
        }])
    }
}

impl CatalogError {
    /// Nothing has the id in the field `id`.
    pub fn not_found(what: Thing, handle: &str) -> Self {
        Self::NotFound {
            what,
            handle: handle.to_owned(),
            field: "id",
        }
    }
}

impl From<Status> for CatalogError {
    fn from(status: Status) -> Self {
        Self::Remote(Box::new(status))
    }
}

impl From<CatalogError> for Status {
    fn from(error: CatalogError) -> Self {
        chassis::error::to_status(error)
    }
}

/// Refuses when there are any violations.
pub fn refuse(violations: Vec<Violation>) -> Result<(), CatalogError> {
    if violations.is_empty() {
        Ok(())
    } else {
        Err(CatalogError::Invalid(violations))
    }
}

fn sentences(violations: &[Violation]) -> String {
    let all: Vec<String> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    all.join("; ")
}

fn words(states: &[State]) -> String {
    let all: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    all.join(" ")
}

/// An issue as the chassis sends it.
pub fn wire_issue(issue: &Issue) -> chassis::Issue {
    chassis::Issue {
        code: issue
            .code
            .map_or_else(String::new, |code| code.facts().code.to_owned()),
        message: issue.message.clone().into_owned(),
        severity: match issue.severity() {
            Severity::Critical => chassis::Severity::Critical,
            Severity::Warning => chassis::Severity::Warning,
        },
        field: (!issue.field.is_root()).then(|| issue.field.to_string()),
        component: None,
        attributes: issue.attributes.clone(),
        status: issue.status(),
    }
}

/// An issue for those who read which fields are wrong.
fn violation(kind: OfferKind, issue: &Issue) -> chassis::Violation {
    chassis::Violation::new(issue.field.in_request(kind.field()), issue.message.as_ref())
}

impl Problem for CatalogError {
    const SERVICE: &'static str = "catalog";

    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::InvalidOffer { .. } => Code::InvalidArgument,
            Self::FeatureNotFound(_)
            | Self::MeterNotFound(_)
            | Self::OfferNotFound { .. }
            | Self::NotFound { .. }
            | Self::ProductNotAttached(_)
            | Self::PlanAddonNotFound(_) => Code::NotFound,
            Self::FeatureKeyTaken { .. } | Self::Taken { .. } | Self::PlanAddonExists => {
                Code::AlreadyExists
            }
            Self::FeatureInUse { .. }
            | Self::FeatureNotCosted { .. }
            | Self::RateCardFeatureNotFound(_)
            | Self::NoVersions(_)
            | Self::DraftExists { .. }
            | Self::PlanState { .. }
            | Self::AddonState { .. }
            | Self::OfferDeleted { .. }
            | Self::NotPublishable { .. }
            | Self::AppTypeOff(_)
            | Self::AppInUse
            | Self::ProductManaged(_)
            | Self::NamedPlanVersioned(_)
            | Self::EligibilityConflict
            | Self::AddonAssigned => Code::FailedPrecondition,
            Self::Stale(_) => Code::Aborted,
            Self::Corrupt { .. } | Self::Database(_) | Self::Remote(_) => Code::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_ARGUMENT",
            Self::FeatureNotFound(_) => "FEATURE_NOT_FOUND",
            Self::FeatureKeyTaken { .. } => "FEATURE_KEY_TAKEN",
            Self::MeterNotFound(_) => "METER_NOT_FOUND",
            Self::FeatureInUse { .. } => "FEATURE_IN_USE",
            Self::FeatureNotCosted { .. } => "FEATURE_NOT_COSTED",
            Self::RateCardFeatureNotFound(_) => "RATE_CARD_FEATURE_NOT_FOUND",
            Self::OfferNotFound { kind, .. } => kind.pick("PLAN_NOT_FOUND", "ADDON_NOT_FOUND"),
            Self::NoVersions(_) => "PLAN_HAS_NO_VERSIONS",
            Self::DraftExists { kind, .. } => kind.pick("PLAN_DRAFT_EXISTS", "ADDON_DRAFT_EXISTS"),
            Self::PlanState { .. } => "PLAN_STATE",
            Self::AddonState { .. } => "ADDON_STATE",
            Self::OfferDeleted { kind, .. } => kind.pick("PLAN_DELETED", "ADDON_DELETED"),
            Self::InvalidOffer { kind, .. } => kind.pick("INVALID_PLAN", "INVALID_ADDON"),
            Self::NotPublishable { kind, .. } => {
                kind.pick("PLAN_NOT_PUBLISHABLE", "ADDON_NOT_PUBLISHABLE")
            }
            Self::AddonAssigned => "ADDON_ASSIGNED",
            Self::PlanAddonNotFound(_) => "PLAN_ADDON_NOT_FOUND",
            Self::PlanAddonExists => "PLAN_ADDON_EXISTS",
            Self::NotFound { what, .. } => what.words().1,
            Self::Taken { what, .. } => what.words().2,
            Self::ProductNotAttached(_) => "PRODUCT_NOT_ATTACHED",
            Self::AppTypeOff(_) => "STORE_APP_TYPE_OFF",
            Self::AppInUse => "STORE_APP_IN_USE",
            Self::ProductManaged(_) => "PRODUCT_MANAGED",
            Self::NamedPlanVersioned(_) => "NAMED_PLAN_VERSIONED",
            Self::EligibilityConflict => "PACKAGE_ELIGIBILITY_CONFLICT",
            Self::Stale(_) => "ETAG_STALE",
            Self::Corrupt { .. } => "CORRUPT",
            Self::Database(_) => "DATABASE",
            Self::Remote(_) => "REMOTE",
        }
    }

    fn violations(&self) -> Vec<chassis::Violation> {
        match self {
            Self::Invalid(violations) => violations
                .iter()
                .map(|v| chassis::Violation::new(&v.field, &v.description))
                .collect(),
            // Warnings do not keep it from being stored, so they are nothing wrong with the request.
            Self::InvalidOffer { kind, issues } => issues
                .iter()
                .filter(|issue| issue.severity() == Severity::Critical)
                .take(VIOLATIONS_SHOWN_MAX)
                .map(|issue| violation(*kind, issue))
                .collect(),
            Self::NotPublishable { kind, issues } => issues
                .iter()
                .take(VIOLATIONS_SHOWN_MAX)
                .map(|issue| violation(*kind, issue))
                .collect(),
            Self::RateCardFeatureNotFound(keys) => keys
                .iter()
                .map(|key| {
                    chassis::Violation::new(
                        "feature_key",
                        format!("feature with key {key} not found"),
                    )
                })
                .collect(),
            Self::FeatureNotFound(_)
            | Self::FeatureKeyTaken { .. }
            | Self::MeterNotFound(_)
            | Self::FeatureInUse { .. }
            | Self::FeatureNotCosted { .. }
            | Self::OfferNotFound { .. }
            | Self::NoVersions(_)
            | Self::DraftExists { .. }
            | Self::PlanState { .. }
            | Self::AddonState { .. }
            | Self::OfferDeleted { .. }
            | Self::AddonAssigned
            | Self::PlanAddonNotFound(_)
            | Self::PlanAddonExists
            | Self::NotFound { .. }
            | Self::Taken { .. }
            | Self::ProductNotAttached(_)
            | Self::AppTypeOff(_)
            | Self::AppInUse
            | Self::ProductManaged(_)
            | Self::NamedPlanVersioned(_)
            | Self::EligibilityConflict
            | Self::Stale(_)
            | Self::Corrupt { .. }
            | Self::Database(_)
            | Self::Remote(_) => Vec::new(),
        }
    }

    fn issues(&self) -> Vec<chassis::Issue> {
        if let Self::InvalidOffer { issues, .. } | Self::NotPublishable { issues, .. } = self {
            return issues.iter().map(wire_issue).collect();
        }
        if let Self::AddonState { state, .. } = self {
            return vec![wire_issue(&crate::domain::addon::status_issue(*state))];
        }
        Vec::new()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let facts: BTreeMap<&'static str, String> = if let Self::FeatureKeyTaken { key, id } = self
        {
            BTreeMap::from([("key", key.clone()), ("id", id.to_string())])
        } else if let Self::PlanState { state, .. } | Self::AddonState { state, .. } = self {
            BTreeMap::from([("state", state.as_str().to_owned())])
        } else if let Self::NotFound { field, .. } | Self::Taken { field, .. } = self {
            BTreeMap::from([("field", (*field).to_owned())])
        } else if let Self::ProductNotAttached(_) = self {
            BTreeMap::from([("field", "product_ids".to_owned())])
        } else {
            BTreeMap::new()
        };
        facts.into_iter().collect()
    }

    fn remote(&self) -> Option<&Status> {
        if let Self::Remote(status) = self {
            Some(status)
        } else {
            None
        }
    }
}

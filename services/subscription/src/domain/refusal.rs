//! Every way the pure core says no. What gRPC makes of each stands in `error.rs`.

use jiff::Timestamp;
use kernel::calendar::CalendarError;
use kernel::decimal::DecimalError;

use super::status::{Action, Status};

/// A domain fact that forbids what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The start lies too far back.
    #[error("cannot create subscription in the past")]
    StartInPast,
    /// The operation does not know this timing.
    #[error("{operation} does not support timing {timing}")]
    TimingNotSupported {
        /// What was asked.
        operation: &'static str,
        /// The timing that was given.
        timing: &'static str,
    },
    /// An edit was asked for an instant of the caller's choice.
    #[error("cannot edit running subscription with custom timing")]
    CustomEditTiming,
    /// The end of the current billing period is not in the current phase.
    #[error("cannot edit to the next billing cycle as it falls into a different phase")]
    NextCycleInOtherPhase,
    /// A cancellation was asked for an instant inside a billing period.
    #[error("cannot cancel aligned subscription with custom misaligned timing")]
    MisalignedTiming,
    /// The plan has no phase with this key.
    #[error("starting phase {0} not found")]
    StartingPhaseNotFound(String),
    /// The state does not allow the action.
    #[error("transition {action} in state {status} not allowed")]
    TransitionNotAllowed {
        /// The action.
        action: Action,
        /// The state.
        status: Status,
    },
    /// Billing periods exist only from the start on.
    #[error("subscription billing period queried before subscription start")]
    BeforeStart,
    /// The customer already has a subscription then.
    #[error("only single subscription is allowed per customer at a time")]
    OverlapsAnother(Box<[Side; 2]>),
    /// Where several subscriptions are allowed: items of one key of two of them hold at the same time. Two sides per overlap.
    #[error("only single subscription item is allowed at a time")]
    ItemsOverlap(Vec<ItemSide>),
    /// An edit named a phase that does not exist.
    #[error("phase {0} not found")]
    PhaseNotFound(String),
    /// An edit named an item that does not exist, or no longer does.
    #[error("item {item} of phase {phase} not found")]
    ItemNotFound {
        /// Key of the phase.
        phase: String,
        /// Key of the item.
        item: String,
    },
    /// The phase has passed.
    #[error("cannot {operation} in past phase {phase}")]
    PastPhase {
        /// What was asked.
        operation: &'static str,
        /// Key of the phase.
        phase: String,
    },
    /// The future phase already has the item.
    #[error("item {item} already exists in future phase {phase}")]
    ItemExists {
        /// Key of the phase.
        phase: String,
        /// Key of the item.
        item: String,
    },
    /// A version of the item already holds after the time of the edit.
    #[error("item {item} would overlap with a current item, you should delete first")]
    ItemOverlap {
        /// Key of the item.
        item: String,
    },
    /// The key of a phase is taken.
    #[error("phase {0} already exists")]
    PhaseExists(String),
    /// A phase would start before the time of the edit.
    #[error("cannot {operation} phase {phase} in the past")]
    PhaseInPast {
        /// What was asked.
        operation: &'static str,
        /// Key of the phase.
        phase: String,
    },
    /// A phase would start when the subscription is over.
    #[error("cannot add phase {0} after the end of the subscription")]
    PhaseAfterEnd(String),
    /// A phase with followers needs a length.
    #[error("duration is required: phase {0} is not the last")]
    DurationRequired(String),
    /// A stretch by nothing.
    #[error("extendBy must not be zero")]
    NothingToStretch,
    /// There is no phase after it to move.
    #[error("cannot stretch a single phase")]
    SinglePhase,
    /// A stretch would leave a phase without length.
    #[error("phase {0} would disappear due to stretching")]
    PhaseWouldDisappear(String),
    /// There is no phase now.
    #[error("subscription has no current phase")]
    NoCurrentPhase,
    /// The subscription would be ill-formed.
    #[error("subscription is not valid")]
    Invalid(Vec<Flaw>),
    /// It was not made from a plan.
    #[error("subscription {0} has no plan, cannot be migrated")]
    NoPlan(String),
    /// The version asked for is not newer.
    #[error("subscription is already at version {0} of its plan")]
    AlreadyAtVersion(i32),
    /// Add-ons are sold with plans only.
    #[error("cannot add addon to a custom subscription")]
    AddonOfCustomPlan,
    /// A quantity that the add-on cannot have.
    #[error("quantity is not possible for this addon")]
    AddonQuantity,
    /// More units than the plan allows.
    #[error("addon can be added a maximum of {0} times")]
    AddonTooMany(i32),
    /// The add-on is for later phases.
    #[error("addon can be only added starting with phase {0}")]
    AddonTooEarly(String),
    /// The subscription does not hold then.
    #[error("subscription is not active at the effective time")]
    AddonOutsideSubscription,
    /// No such add-on on the subscription.
    #[error("subscription addon {0} not found")]
    AddonNotFound(String),
    /// The items belong to add-ons, too.
    #[error("subscription with addons cannot be edited")]
    HasAddons,
    /// More parts than a subscription may have.
    #[error("a subscription has at most {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A date cannot be computed.
    #[error("date out of range")]
    Calendar(#[from] CalendarError),
    /// A number cannot be computed.
    #[error("number out of range")]
    Number(#[from] DecimalError),
}

/// One of two subscriptions that hold at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Key, version and id of the plan; `None`: a plan of its own.
    pub plan: Option<(String, i32, String)>,
    /// The customer.
    pub customer_id: String,
    /// The start.
    pub active_from: Timestamp,
}

/// One of two items of a key that hold at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemSide {
    /// Its subscription.
    pub side: Side,
    /// Key of its phase.
    pub phase: String,
    /// Its key.
    pub item: String,
}

/// One thing that is wrong with a whole subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Machine code.
    pub code: FlawCode,
    /// JSONPath in the expanded subscription.
    pub field: String,
}

/// The kinds of flaws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawCode {
    /// A phase without items.
    PhaseHasNoItems,
    /// A phase before the start.
    PhaseStartAfterIsNegative,
    /// Two versions of one key at the same time.
    ItemHistoryOverlap,
    /// A priced card whose cadence does not fit the plan's.
    CadenceUnaligned,
    /// An add-on and an item with different features.
    AddonFeature,
    /// An add-on and an item with different cadences.
    AddonCadence,
    /// An add-on and an item with different price models.
    AddonPriceType,
    /// Prices that cannot be added.
    AddonOnlyFlat,
    /// One price in advance, one in arrears.
    AddonPaymentTerm,
    /// Two percentage discounts.
    AddonPercentage,
    /// Two kinds of entitlement.
    AddonTemplateType,
    /// Two configurations.
    AddonStatic,
    /// Two usage periods.
    AddonUsagePeriod,
}

impl FlawCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PhaseHasNoItems => "subscription_phase_has_no_items",
            Self::PhaseStartAfterIsNegative => "subscription_phase_start_after_is_negative",
            Self::ItemHistoryOverlap => "subscription_item_history_overlap",
            Self::CadenceUnaligned => "rate_card_billing_cadence_unaligned",
            Self::AddonFeature => "rate_card_feature_key_mismatch",
            Self::AddonCadence => "rate_card_billing_cadence_mismatch",
            Self::AddonPriceType => "rate_card_price_type_mismatch",
            Self::AddonOnlyFlat => "rate_card_only_flat_price_allowed",
            Self::AddonPaymentTerm => "rate_card_price_payment_term_mismatch",
            Self::AddonPercentage => "rate_card_percentage_discount_not_allowed",
            Self::AddonTemplateType => "rate_card_entitlement_template_type_mismatch",
            Self::AddonStatic => "rate_card_static_entitlement_template_not_allowed",
            Self::AddonUsagePeriod => {
                "rate_card_metered_entitlement_template_usage_period_mismatch"
            }
        }
    }

    /// Whether it only warns, as such a flaw of a plan or an add-on does.
    pub fn is_warning(self) -> bool {
        match self {
            Self::PhaseHasNoItems | Self::PhaseStartAfterIsNegative | Self::ItemHistoryOverlap => {
                false
            }
            Self::CadenceUnaligned
            | Self::AddonFeature
            | Self::AddonCadence
            | Self::AddonPriceType
            | Self::AddonOnlyFlat
            | Self::AddonPaymentTerm
            | Self::AddonPercentage
            | Self::AddonTemplateType
            | Self::AddonStatic
            | Self::AddonUsagePeriod => true,
        }
    }

    /// One sentence for people.
    pub fn message(self) -> &'static str {
        match self {
            Self::PhaseHasNoItems => "subscription phase must have at least one item",
            Self::PhaseStartAfterIsNegative => {
                "subscription phase cannot start before the subscription"
            }
            Self::ItemHistoryOverlap => "versions of an item must not overlap",
            Self::CadenceUnaligned => "ratecards with prices must have compatible billing cadence",
            Self::AddonFeature => "feature of addon and item must be the same",
            Self::AddonCadence => "billing cadence of addon and item must be the same",
            Self::AddonPriceType => "price type of addon and item must be the same",
            Self::AddonOnlyFlat => "only flat prices of addon and item can be added",
            Self::AddonPaymentTerm => "payment term of addon and item must be the same",
            Self::AddonPercentage => "percentage discounts of addon and item cannot be combined",
            Self::AddonTemplateType => "entitlement type of addon and item must be the same",
            Self::AddonStatic => "static entitlements of addon and item cannot be combined",
            Self::AddonUsagePeriod => "usage period of addon and item must be the same",
        }
    }
}

//! Coded problems of a plan, an add-on or an assignment. Critical ones keep it from being
//! stored, warnings from being published. The table of codes is `IssueCode::facts`.

use std::{borrow::Cow, collections::BTreeMap};

use super::field::Field;

/// How much an issue weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Cannot be stored.
    Critical,
    /// Can be stored, cannot be published.
    Warning,
}

/// Every coded problem that the catalog knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssueCode {
    ResourceKeyEmpty,
    ResourceNameEmpty,
    EffectivePeriodFromAfterTo,
    EffectivePeriodFromNotSet,
    PlanBillingCadenceInvalid,
    PlanWithNoPhases,
    PlanPhaseDuplicatedKey,
    PlanPhaseWithNegativeDuration,
    PlanPhaseDurationLessThanAnHour,
    PlanHasNonLastPhaseWithNoDuration,
    PlanHasLastPhaseWithDuration,
    PlanPhaseHasNoRateCards,
    PlanHasIncompatibleAddon,
    AddonKeyEmpty,
    AddonNameEmpty,
    AddonInvalidInstanceType,
    AddonInvalidStatus,
    AddonInvalidStatusForPublish,
    AddonInvalidRateCardPriceForMultiInstance,
    AddonHasNoRateCards,
    PlanAddonIncompatibleStatus,
    PlanAddonMaxQuantityMustBeSet,
    PlanAddonMaxQuantityMustNotBeSet,
    PlanAddonCurrencyMismatch,
    PlanAddonUnknownPlanPhaseKey,
    RateCardDuplicatedKey,
    RateCardKeyFeatureKeyMismatch,
    RateCardFeatureNotFound,
    RateCardFeatureArchived,
    RateCardFeatureMismatch,
    RateCardPriceTypeMismatch,
    RateCardPricePaymentTermMismatch,
    RateCardOnlyFlatPriceAllowed,
    RateCardFeatureIdMismatch,
    RateCardFeatureKeyMismatch,
    RateCardBillingCadenceMismatch,
    RateCardMultipleBillingCadence,
    RateCardBillingCadenceUnaligned,
    BillingCadenceInvalidValue,
    RateCardEntitlementTemplateTypeMismatch,
    RateCardStaticEntitlementTemplateNotAllowed,
    RateCardMeteredEntitlementTemplateUsagePeriodMismatch,
    RateCardPercentageDiscountNotAllowed,
    EntitlementTemplateWithNoFeature,
    EntitlementTemplateInvalidIssueAfterResetWithPriority,
    EntitlementTemplateNegativeUsagePeriod,
    EntitlementTemplateUsagePeriodLessThanAnHour,
    EntitlementTemplateInvalidJsonConfig,
    PercentageDiscountInvalidValue,
    UsageDiscountNegativeQuantity,
    UsageDiscountWithFlatPrice,
}

/// What the table says about one code.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The code as clients match on it.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The HTTP status it asks for in the OpenMeter dialect.
    pub status: Option<u16>,
    /// One sentence for people.
    pub message: &'static str,
}

impl IssueCode {
    /// The row of the table. The spelling `less_then` is the contract's.
    pub fn facts(self) -> Facts {
        use Severity::{Critical as C, Warning as W};
        let row = |code, severity, status: u16, message| Facts {
            code,
            severity,
            status: (status > 0).then_some(status),
            message,
        };
        match self {
            Self::ResourceKeyEmpty => row("resource_key_empty", C, 400, "key must not be empty"),
            Self::ResourceNameEmpty => row("resource_name_empty", C, 400, "name must not be empty"),
            Self::EffectivePeriodFromAfterTo => row(
                "effective_period_from_after_to",
                W,
                400,
                "effective period must start before it ends",
            ),
            Self::EffectivePeriodFromNotSet => row(
                "effective_period_from_not_set",
                W,
                400,
                "effective period must have a start if it has an end",
            ),
            Self::PlanBillingCadenceInvalid => row(
                "plan_billing_cadence_invalid",
                C,
                400,
                "billing cadence must be one of P1W, P2W, P4W, P1M, P3M, P6M, P12M, P1Y",
            ),
            Self::PlanWithNoPhases => row(
                "plan_with_no_phases",
                W,
                400,
                "plan must have at least one phase",
            ),
            Self::PlanPhaseDuplicatedKey => row(
                "plan_phase_duplicated_key",
                C,
                400,
                "phase keys must be unique within the plan",
            ),
            Self::PlanPhaseWithNegativeDuration => row(
                "plan_phase_with_negative_duration",
                W,
                400,
                "duration must be positive",
            ),
            Self::PlanPhaseDurationLessThanAnHour => row(
                "plan_phase_duration_less_then_an_hour",
                W,
                400,
                "duration must be at least 1 hour",
            ),
            Self::PlanHasNonLastPhaseWithNoDuration => row(
                "plan_has_non_last_phase_with_no_duration",
                W,
                400,
                "duration must be set for all but the last plan phase",
            ),
            Self::PlanHasLastPhaseWithDuration => row(
                "plan_has_last_phase_with_duration",
                W,
                400,
                "duration must not be set for the last plan phase",
            ),
            Self::PlanPhaseHasNoRateCards => row(
                "plan_phase_has_no_rate_cards",
                W,
                400,
                "phase must have at least one rate card",
            ),
            Self::PlanHasIncompatibleAddon => row(
                "plan_has_incompatible_addon",
                W,
                400,
                "plan has an incompatible add-on assigned",
            ),
            Self::AddonKeyEmpty => row("addon_key_empty", C, 400, "key must not be empty"),
            Self::AddonNameEmpty => row("addon_name_empty", W, 400, "name must not be empty"),
            Self::AddonInvalidInstanceType => row(
                "addon_invalid_instance_type",
                C,
                400,
                "instance type must be single or multiple",
            ),
            Self::AddonInvalidStatus => row(
                "addon_invalid_status",
                C,
                400,
                "the add-on's status does not allow this",
            ),
            Self::AddonInvalidStatusForPublish => row(
                "addon_invalid_status_for_publish",
                C,
                400,
                "only draft add-ons can be published",
            ),
            Self::AddonInvalidRateCardPriceForMultiInstance => row(
                "addon_invalid_ratecard_price_for_multi_instance",
                W,
                400,
                "add-ons of instance type multiple can only have flat prices",
            ),
            Self::AddonHasNoRateCards => row(
                "addon_has_no_rate_cards",
                W,
                400,
                "add-on must have at least one rate card",
            ),
            Self::PlanAddonIncompatibleStatus => row(
                "plan_addon_incompatible_status",
                W,
                400,
                "the status does not allow the assignment",
            ),
            Self::PlanAddonMaxQuantityMustBeSet => row(
                "plan_addon_max_quantity_must_be_set",
                W,
                400,
                "maximum quantity must be above 0 for an add-on of instance type multiple",
            ),
            Self::PlanAddonMaxQuantityMustNotBeSet => row(
                "plan_addon_max_quantity_must_not_be_set",
                W,
                400,
                "maximum quantity must not be set for an add-on of instance type single",
            ),
            Self::PlanAddonCurrencyMismatch => row(
                "plan_addon_currency_mismatch",
                W,
                400,
                "plan and add-on must have the same currency",
            ),
            Self::PlanAddonUnknownPlanPhaseKey => row(
                "plan_addon_unknown_plan_phase_key",
                W,
                0,
                "the plan has no phase with this key",
            ),
            Self::RateCardDuplicatedKey => row(
                "rate_card_duplicated_key",
                C,
                0,
                "rate card keys must be unique",
            ),
            Self::RateCardKeyFeatureKeyMismatch => row(
                "rate_card_key_feature_key_mismatch",
                C,
                400,
                "rate card key must be equal to its feature key",
            ),
            Self::RateCardFeatureNotFound => row(
                "rate_card_feature_not_found",
                C,
                400,
                "the feature does not exist",
            ),
            Self::RateCardFeatureArchived => row(
                "rate_card_feature_archived",
                C,
                400,
                "the feature is archived",
            ),
            Self::RateCardFeatureMismatch => row(
                "rate_card_feature_mismatch",
                C,
                400,
                "feature key and feature id name different features",
            ),
            Self::RateCardPriceTypeMismatch => row(
                "rate_card_price_type_mismatch",
                W,
                0,
                "prices must have the same type",
            ),
            Self::RateCardPricePaymentTermMismatch => row(
                "rate_card_price_payment_term_mismatch",
                W,
                0,
                "prices must have the same payment term",
            ),
            Self::RateCardOnlyFlatPriceAllowed => row(
                "rate_card_only_flat_price_allowed",
                W,
                0,
                "only flat prices are allowed",
            ),
            Self::RateCardFeatureIdMismatch => row(
                "rate_card_feature_id_mismatch",
                W,
                400,
                "rate cards must have the same feature id",
            ),
            Self::RateCardFeatureKeyMismatch => row(
                "rate_card_feature_key_mismatch",
                W,
                400,
                "rate cards must have the same feature key",
            ),
            Self::RateCardBillingCadenceMismatch => row(
                "rate_card_billing_cadence_mismatch",
                W,
                400,
                "rate cards must have the same billing cadence",
            ),
            Self::RateCardMultipleBillingCadence => row(
                "rate_card_multiple_billing_cadence",
                W,
                400,
                "ratecards with prices must have the same billing cadence",
            ),
            Self::RateCardBillingCadenceUnaligned => row(
                "rate_card_billing_cadence_unaligned",
                W,
                400,
                "ratecards with prices must have compatible billing cadence",
            ),
            Self::BillingCadenceInvalidValue => row(
                "billing_cadence_invalid_value",
                W,
                400,
                "billing cadence must be positive and at least 1 hour",
            ),
            Self::RateCardEntitlementTemplateTypeMismatch => row(
                "rate_card_entitlement_template_type_mismatch",
                W,
                400,
                "entitlement templates must have the same type",
            ),
            Self::RateCardStaticEntitlementTemplateNotAllowed => row(
                "rate_card_static_entitlement_template_not_allowed",
                W,
                0,
                "two static entitlement templates cannot be combined",
            ),
            Self::RateCardMeteredEntitlementTemplateUsagePeriodMismatch => row(
                "rate_card_metered_entitlement_template_usage_period_mismatch",
                W,
                400,
                "metered entitlement templates must have the same usage period",
            ),
            Self::RateCardPercentageDiscountNotAllowed => row(
                "rate_card_percentage_discount_not_allowed",
                W,
                0,
                "two percentage discounts cannot be combined",
            ),
            Self::EntitlementTemplateWithNoFeature => row(
                "entitlement_template_with_no_feature",
                W,
                400,
                "feature must be set if the entitlement template is",
            ),
            Self::EntitlementTemplateInvalidIssueAfterResetWithPriority => row(
                "entitlement_template_invalid_issue_after_reset_with_priority",
                W,
                400,
                "issue after reset must be set if its priority is",
            ),
            Self::EntitlementTemplateNegativeUsagePeriod => row(
                "entitlement_template_negative_usage_period",
                W,
                0,
                "usage period must be positive",
            ),
            Self::EntitlementTemplateUsagePeriodLessThanAnHour => row(
                "entitlement_template_usage_period_less_then_an_hour",
                W,
                400,
                "usage period must be at least 1 hour",
            ),
            Self::EntitlementTemplateInvalidJsonConfig => row(
                "entitlement_template_invalid_json_config",
                C,
                400,
                "config must be valid JSON",
            ),
            Self::PercentageDiscountInvalidValue => row(
                "percentage_discount_invalid_value",
                C,
                400,
                "percentage must be between 0 and 100",
            ),
            Self::UsageDiscountNegativeQuantity => row(
                "usage_discount_negative_quantity",
                W,
                400,
                "usage discount quantity must not be negative",
            ),
            Self::UsageDiscountWithFlatPrice => row(
                "usage_discount_with_flat_price",
                W,
                400,
                "usage discount is not allowed with a flat price",
            ),
        }
    }
}

/// One problem of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Its code; generic issues have none and are critical.
    pub code: Option<IssueCode>,
    /// One sentence for people.
    pub message: Cow<'static, str>,
    /// Where it is.
    pub field: Field,
    /// Facts about it.
    pub attributes: BTreeMap<String, String>,
}

impl Issue {
    /// A coded issue with its usual message.
    pub fn new(code: IssueCode, field: Field) -> Self {
        Self {
            code: Some(code),
            message: Cow::Borrowed(code.facts().message),
            field,
            attributes: BTreeMap::new(),
        }
    }

    /// A critical issue without a code.
    pub fn generic(message: impl Into<Cow<'static, str>>, field: Field) -> Self {
        Self {
            code: None,
            message: message.into(),
            field,
            attributes: BTreeMap::new(),
        }
    }

    /// The same with a fact added.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        self.code
            .map_or(Severity::Critical, |code| code.facts().severity)
    }

    /// The HTTP status it asks for.
    pub fn status(&self) -> Option<u16> {
        self.code.and_then(|code| code.facts().status)
    }
}

/// Whether any of the issues keeps the resource from being stored.
pub fn any_critical(issues: &[Issue]) -> bool {
    issues
        .iter()
        .any(|issue| issue.severity() == Severity::Critical)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{IssueCode::*, *};

    const ALL: [IssueCode; 51] = [
        ResourceKeyEmpty,
        ResourceNameEmpty,
        EffectivePeriodFromAfterTo,
        EffectivePeriodFromNotSet,
        PlanBillingCadenceInvalid,
        PlanWithNoPhases,
        PlanPhaseDuplicatedKey,
        PlanPhaseWithNegativeDuration,
        PlanPhaseDurationLessThanAnHour,
        PlanHasNonLastPhaseWithNoDuration,
        PlanHasLastPhaseWithDuration,
        PlanPhaseHasNoRateCards,
        PlanHasIncompatibleAddon,
        AddonKeyEmpty,
        AddonNameEmpty,
        AddonInvalidInstanceType,
        AddonInvalidStatus,
        AddonInvalidStatusForPublish,
        AddonInvalidRateCardPriceForMultiInstance,
        AddonHasNoRateCards,
        PlanAddonIncompatibleStatus,
        PlanAddonMaxQuantityMustBeSet,
        PlanAddonMaxQuantityMustNotBeSet,
        PlanAddonCurrencyMismatch,
        PlanAddonUnknownPlanPhaseKey,
        RateCardDuplicatedKey,
        RateCardKeyFeatureKeyMismatch,
        RateCardFeatureNotFound,
        RateCardFeatureArchived,
        RateCardFeatureMismatch,
        RateCardPriceTypeMismatch,
        RateCardPricePaymentTermMismatch,
        RateCardOnlyFlatPriceAllowed,
        RateCardFeatureIdMismatch,
        RateCardFeatureKeyMismatch,
        RateCardBillingCadenceMismatch,
        RateCardMultipleBillingCadence,
        RateCardBillingCadenceUnaligned,
        BillingCadenceInvalidValue,
        RateCardEntitlementTemplateTypeMismatch,
        RateCardStaticEntitlementTemplateNotAllowed,
        RateCardMeteredEntitlementTemplateUsagePeriodMismatch,
        RateCardPercentageDiscountNotAllowed,
        EntitlementTemplateWithNoFeature,
        EntitlementTemplateInvalidIssueAfterResetWithPriority,
        EntitlementTemplateNegativeUsagePeriod,
        EntitlementTemplateUsagePeriodLessThanAnHour,
        EntitlementTemplateInvalidJsonConfig,
        PercentageDiscountInvalidValue,
        UsageDiscountNegativeQuantity,
        UsageDiscountWithFlatPrice,
    ];
    /// The rows of catalog text §16 that are critical; the others are warnings.
    const CRITICAL: [&str; 15] = [
        "resource_key_empty",
        "resource_name_empty",
        "plan_billing_cadence_invalid",
        "plan_phase_duplicated_key",
        "addon_key_empty",
        "addon_invalid_instance_type",
        "addon_invalid_status",
        "addon_invalid_status_for_publish",
        "rate_card_duplicated_key",
        "rate_card_key_feature_key_mismatch",
        "rate_card_feature_not_found",
        "rate_card_feature_archived",
        "rate_card_feature_mismatch",
        "entitlement_template_invalid_json_config",
        "percentage_discount_invalid_value",
    ];
    /// Those that ask for no status; the others ask for 400.
    const WITHOUT_STATUS: [&str; 8] = [
        "plan_addon_unknown_plan_phase_key",
        "rate_card_duplicated_key",
        "rate_card_price_type_mismatch",
        "rate_card_price_payment_term_mismatch",
        "rate_card_only_flat_price_allowed",
        "rate_card_static_entitlement_template_not_allowed",
        "rate_card_percentage_discount_not_allowed",
        "entitlement_template_negative_usage_period",
    ];

    #[test]
    fn codes_weigh_and_ask_as_documented() {
        let chosen = |choose: fn(&Facts) -> bool| -> BTreeSet<&str> {
            let facts = ALL.map(IssueCode::facts);
            facts
                .iter()
                .filter(|facts| choose(facts))
                .map(|facts| facts.code)
                .collect()
        };
        assert_eq!(
            chosen(|_| true).len(),
            ALL.len(),
            "each has a code of its own"
        );
        assert_eq!(
            chosen(|facts| facts.severity == Severity::Critical),
            CRITICAL.into()
        );
        assert_eq!(
            chosen(|facts| facts.status.is_none()),
            WITHOUT_STATUS.into()
        );
        assert_eq!(
            chosen(|facts| facts.status == Some(400)).len(),
            ALL.len() - WITHOUT_STATUS.len()
        );
    }
}

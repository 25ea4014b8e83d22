//! Plans, phases and rate cards for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use kernel::{calendar::IsoDuration, currency::Currency};
use rust_decimal::Decimal;

use super::{
    addon::{AddonBody, AddonSpec, InstanceType},
    discount::Discounts,
    entitlement_template::{EntitlementTemplate, MeteredTemplate, TemplateKind},
    issue::Issue,
    plan::{Phase, PlanBody, PlanSpec, ProRating},
    price::{Commitment, PaymentTerm, Price, PriceModel},
    rate_card::{RateCard, RateCardKind},
    versioning::Offer,
};

pub fn duration(text: &str) -> IsoDuration {
    IsoDuration::parse(text).unwrap()
}

pub fn flat_price(amount: i64) -> Price {
    Price {
        model: PriceModel::Flat {
            amount: Decimal::from(amount),
            payment_term: PaymentTerm::InAdvance,
        },
        commitment: Commitment::default(),
    }
}

pub fn unit_price(amount: i64) -> Price {
    Price {
        model: PriceModel::Unit {
            amount: Decimal::from(amount),
        },
        commitment: Commitment::default(),
    }
}

/// A flat fee; an empty cadence is a one-time fee.
pub fn flat(key: &str, cadence: &str) -> RateCard {
    RateCard {
        key: key.into(),
        name: key.into(),
        description: None,
        kind: RateCardKind::FlatFee,
        feature_key: None,
        feature_id: None,
        billing_cadence: (!cadence.is_empty()).then(|| duration(cadence)),
        price: Some(flat_price(10)),
        discounts: Discounts::default(),
        entitlement_template: None,
        tax: None,
        metadata: BTreeMap::new(),
    }
}

/// A usage based card on the feature of the same key.
pub fn usage(key: &str, cadence: &str) -> RateCard {
    RateCard {
        kind: RateCardKind::UsageBased,
        feature_key: Some(key.into()),
        price: Some(unit_price(1)),
        ..flat(key, cadence)
    }
}

pub fn metered(usage_period: &str) -> EntitlementTemplate {
    EntitlementTemplate {
        kind: TemplateKind::Metered(MeteredTemplate {
            soft_limit: false,
            issue_after_reset: Some(Decimal::from(100)),
            issue_after_reset_priority: None,
            preserve_overage_at_reset: None,
            usage_period: Some(duration(usage_period)),
        }),
        metadata: BTreeMap::new(),
    }
}

pub fn phase(key: &str, length: &str, rate_cards: Vec<RateCard>) -> Phase {
    Phase {
        key: key.into(),
        name: key.into(),
        description: None,
        duration: (!length.is_empty()).then(|| duration(length)),
        rate_cards,
        metadata: BTreeMap::new(),
    }
}

/// A plan with key `pro`, in US dollars.
pub fn plan(cadence: &str, phases: Vec<Phase>) -> PlanSpec {
    Offer {
        key: "pro".into(),
        currency: Currency::USD,
        body: PlanBody {
            name: "Pro".into(),
            description: None,
            metadata: BTreeMap::new(),
            billing_cadence: duration(cadence),
            pro_rating: ProRating::default(),
            phases,
        },
    }
}

/// An add-on with key `extra`, in US dollars.
pub fn addon(instance_type: InstanceType, rate_cards: Vec<RateCard>) -> AddonSpec {
    Offer {
        key: "extra".into(),
        currency: Currency::USD,
        body: AddonBody {
            name: "Extra".into(),
            description: None,
            metadata: BTreeMap::new(),
            instance_type,
            rate_cards,
        },
    }
}

/// Code and field of each issue, `-` for no code.
pub fn brief(issues: &[Issue]) -> Vec<(&'static str, String)> {
    issues
        .iter()
        .map(|issue| {
            let code = issue.code.map_or("-", |code| code.facts().code);
            (code, issue.field.to_string())
        })
        .collect()
}

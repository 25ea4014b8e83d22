//! Plans of the catalog as subscriptions are made of them.

use contract::catalog::v1 as pb;
use kernel::currency::Currency;

use super::rate_card::{self, duration, labels};
use crate::domain::plan::{Plan, PlanPhase};
use crate::domain::subscription::{PlanReference, Proration};
use crate::error::SubscriptionError;

/// Reads a plan; one made for a subscription has no reference.
pub fn from_proto(plan: pb::Plan, custom: bool) -> Result<Plan, SubscriptionError> {
    let at = |name: &str| format!("plan.{name}");
    let currency = Currency::parse(&plan.currency_code)
        .map_err(|error| SubscriptionError::field(at("currency_code"), error.to_string()))?;
    let billing_cadence = duration(&plan.billing_cadence, || at("billing_cadence"))?
        .ok_or_else(|| SubscriptionError::field(at("billing_cadence"), "is required"))?;
    let prorates = plan.pro_rating_config.is_none_or(|config| config.enabled);
    Ok(Plan {
        reference: (!custom).then(|| PlanReference {
            id: plan.id.clone(),
            key: plan.key.clone(),
            version: plan.version,
        }),
        name: plan.name,
        description: plan.description,
        metadata: labels(plan.metadata),
        currency,
        billing_cadence,
        proration: if prorates {
            Proration::ProratePrices
        } else {
            Proration::None
        },
        phases: plan
            .phases
            .into_iter()
            .enumerate()
            .map(|(index, phase)| phase_from(phase, &at(&format!("phases[{index}]"))))
            .collect::<Result<_, _>>()?,
    })
}

fn phase_from(phase: pb::PlanPhase, path: &str) -> Result<PlanPhase, SubscriptionError> {
    Ok(PlanPhase {
        duration: duration(&phase.duration, || format!("{path}.duration"))?,
        key: phase.key,
        name: phase.name,
        description: phase.description,
        cards: phase
            .rate_cards
            .into_iter()
            .enumerate()
            .map(|(index, card)| {
                rate_card::from_proto(card, &format!("{path}.rate_cards[{index}]"))
            })
            .collect::<Result<_, _>>()?,
    })
}

//! The state of a subscription, as the subscription service tells it.

use contract::subscription::v1 as pb;
use kernel::calendar::IsoDuration;

use super::{currency, id, price, required_time, text, time};
use crate::{
    domain::subscription::{Item, Phase, Plan, Subscription},
    error::BillingError,
};

/// Most phases of one subscription.
const PHASES_MAX: usize = 1_000;

/// Billing's copy of a state.
pub fn from_proto(state: Option<&pb::SubscriptionState>) -> Result<Subscription, BillingError> {
    let state = state.ok_or_else(|| BillingError::invalid("state", "is required"))?;
    let wire = state
        .subscription
        .as_ref()
        .ok_or_else(|| BillingError::invalid("state.subscription", "is required"))?;
    if state.phases.len() > PHASES_MAX {
        return Err(BillingError::invalid(
            "state.phases",
            "must have at most 1000 phases",
        ));
    }
    let active_from = required_time(
        "state.subscription.active_from_time",
        wire.active_from_time.as_ref(),
    )?;
    Ok(Subscription {
        id: id("state.subscription.id", &wire.id)?,
        customer: id("state.subscription.customer_id", &wire.customer_id)?,
        currency: currency("state.subscription.currency_code", &wire.currency_code)?,
        active_from,
        active_to: time(
            "state.subscription.active_to_time",
            wire.active_to_time.as_ref(),
        )?,
        cadence: cadence("state.subscription.billing_cadence", &wire.billing_cadence)?,
        anchor: time(
            "state.subscription.billing_anchor_time",
            wire.billing_anchor_time.as_ref(),
        )?
        .unwrap_or(active_from),
        prorate: wire.proration_mode() == pb::ProrationMode::ProratePrices,
        revision: wire.revision,
        deleted: state.deleted || wire.delete_time.is_some(),
        phases: state
            .phases
            .iter()
            .enumerate()
            .map(phase)
            .collect::<Result<_, _>>()?,
        plan: wire.plan.as_ref().map(|plan| Plan {
            id: plan.id.clone(),
            key: plan.key.clone(),
            version: plan.version,
        }),
    })
}

fn cadence(field: &str, text: &str) -> Result<IsoDuration, BillingError> {
    let cadence = IsoDuration::parse(text)
        .map_err(|error| BillingError::invalid(field, error.to_string()))?;
    if cadence.is_positive() {
        Ok(cadence)
    } else {
        Err(BillingError::invalid(field, "must be positive"))
    }
}

fn phase((index, wire): (usize, &pb::Phase)) -> Result<Phase, BillingError> {
    let field = format!("state.phases[{index}]");
    let versions = wire
        .timelines
        .iter()
        .flat_map(|timeline| &timeline.versions);
    Ok(Phase {
        id: id(&format!("{field}.id"), &wire.id)?,
        key: wire.key.clone(),
        start: required_time(&format!("{field}.start_time"), wire.start_time.as_ref())?,
        end: time(&format!("{field}.end_time"), wire.end_time.as_ref())?,
        items: versions
            .map(|version| item(&field, version))
            .collect::<Result<_, _>>()?,
    })
}

fn item(phase: &str, wire: &pb::Item) -> Result<Item, BillingError> {
    let field = format!("{phase}.items[{}]", wire.key);
    let card = wire.rate_card.clone().unwrap_or_default();
    let billing_cadence = if card.billing_cadence.is_empty() {
        None
    } else {
        Some(cadence(
            &format!("{field}.rate_card.billing_cadence"),
            &card.billing_cadence,
        )?)
    };
    let price_field = format!("{field}.rate_card.price");
    let item_price = card
        .price
        .as_ref()
        .map(|wire| price::from_proto(&price_field, wire))
        .transpose()?;
    Ok(Item {
        id: id(&format!("{field}.id"), &wire.id)?,
        key: wire.key.clone(),
        version: wire.version_index,
        name: card.name.clone(),
        description: card.description.clone(),
        feature_key: text(&card.feature_key),
        cadence: billing_cadence,
        price: item_price,
        discounts: price::discounts(
            &format!("{field}.rate_card.discounts"),
            card.discounts.as_ref(),
        )?,
        tax: price::tax(
            &format!("{field}.rate_card.tax_config"),
            card.tax_config.as_ref(),
        )?,
        start: required_time(&format!("{field}.start_time"), wire.start_time.as_ref())?,
        end: time(&format!("{field}.end_time"), wire.end_time.as_ref())?,
    })
}

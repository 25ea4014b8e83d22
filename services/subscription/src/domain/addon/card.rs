//! What units of an add-on make of one rate card: flat amounts and issued amounts are added, what is missing is taken
//! over, and whatever does not go together is refused with its code.

use kernel::Decimal;
use kernel::decimal;

use super::super::rate_card::{Discount, EntitlementTemplate, Price, PriceModel, RateCard};
use super::super::refusal::{Flaw, FlawCode, Refusal};

/// The card of `target` with so many units of `added`.
pub fn merge(target: &RateCard, added: &RateCard, quantity: i32) -> Result<RateCard, Refusal> {
    let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    if differ(&target.feature_key, &added.feature_key) {
        return Err(flaw(FlawCode::AddonFeature, target, "featureKey"));
    }
    if let (Some(own), Some(other)) = (&target.billing_cadence, &added.billing_cadence)
        && own != other
    {
        return Err(flaw(FlawCode::AddonCadence, target, "billingCadence"));
    }
    let mut merged = target.clone();
    merged.price = price(target, added, quantity)?;
    merged.entitlement = template(target, added, quantity)?;
    if merged.feature_key.is_none() {
        merged.feature_key.clone_from(&added.feature_key);
        merged.feature_id.clone_from(&added.feature_id);
    }
    if target.discounts.percentage.is_some() && added.discounts.percentage.is_some() {
        return Err(flaw(
            FlawCode::AddonPercentage,
            target,
            "discounts.percentage",
        ));
    }
    if merged.discounts.percentage.is_none() {
        merged
            .discounts
            .percentage
            .clone_from(&added.discounts.percentage);
    }
    if let Some(usage) = &added.discounts.usage {
        let own = target.discounts.usage.as_ref();
        let value = decimal::add(
            own.map_or(Decimal::ZERO, |own| own.value),
            times(usage.value, quantity)?,
        )?;
        merged.discounts.usage = Some(Discount {
            value,
            ..own.unwrap_or(usage).clone()
        });
    }
    Ok(merged)
}

/// So many units of a card alone.
pub fn multiply(card: &RateCard, quantity: i32) -> Result<RateCard, Refusal> {
    let mut multiplied = card.clone();
    if quantity != 1 {
        multiplied.price = card
            .price
            .as_ref()
            .map(|price| multiply_price(card, price, quantity))
            .transpose()?;
    }
    multiplied.entitlement = card
        .entitlement
        .as_ref()
        .map(|template| multiply_template(template, quantity))
        .transpose()?;
    if let Some(usage) = &mut multiplied.discounts.usage {
        usage.value = times(usage.value, quantity)?;
    }
    Ok(multiplied)
}

fn price(target: &RateCard, added: &RateCard, quantity: i32) -> Result<Option<Price>, Refusal> {
    let (own, other) = match (&target.price, &added.price) {
        (own, None) => return Ok(own.clone()),
        (None, Some(_)) => return Ok(multiply(added, quantity)?.price),
        (Some(own), Some(other)) => (own, other),
    };
    let (
        PriceModel::Flat {
            amount,
            payment_term,
        },
        PriceModel::Flat {
            amount: more,
            payment_term: term,
        },
    ) = (&own.model, &other.model)
    else {
        let same = std::mem::discriminant(&own.model) == std::mem::discriminant(&other.model);
        let code = if same {
            FlawCode::AddonOnlyFlat
        } else {
            FlawCode::AddonPriceType
        };
        return Err(flaw(code, target, "price"));
    };
    if payment_term != term {
        return Err(flaw(FlawCode::AddonPaymentTerm, target, "price"));
    }
    let amount = decimal::add(*amount, times(*more, quantity)?)?;
    Ok(Some(Price {
        model: PriceModel::Flat {
            amount,
            payment_term: *term,
        },
        ..own.clone()
    }))
}

fn multiply_price(card: &RateCard, price: &Price, quantity: i32) -> Result<Price, Refusal> {
    let PriceModel::Flat {
        amount,
        payment_term,
    } = &price.model
    else {
        return Err(flaw(FlawCode::AddonOnlyFlat, card, "price"));
    };
    let model = PriceModel::Flat {
        amount: times(*amount, quantity)?,
        payment_term: *payment_term,
    };
    Ok(Price {
        model,
        ..price.clone()
    })
}

fn template(
    target: &RateCard,
    added: &RateCard,
    quantity: i32,
) -> Result<Option<EntitlementTemplate>, Refusal> {
    use EntitlementTemplate::{Boolean, Metered, Static};
    let wrong = |code, rest: &str| Err(flaw(code, target, &format!("entitlementTemplate.{rest}")));
    match (&target.entitlement, &added.entitlement) {
        (own, None) => Ok(own.clone()),
        (None, Some(other)) => multiply_template(other, quantity).map(Some),
        (Some(Boolean { .. }), Some(Boolean { .. })) => Ok(target.entitlement.clone()),
        (Some(Static { .. }), Some(Static { .. })) => wrong(FlawCode::AddonStatic, "type"),
        (
            Some(own @ Metered { usage_period, .. }),
            Some(
                other @ Metered {
                    usage_period: period,
                    ..
                },
            ),
        ) => {
            if usage_period != period {
                return wrong(FlawCode::AddonUsagePeriod, "usagePeriod");
            }
            let more = times(issued(other).unwrap_or_default(), quantity)?;
            let sum = decimal::add(issued(own).unwrap_or_default(), more)?;
            let any = issued(own).is_some() || issued(other).is_some();
            Ok(Some(with_issue(own, any.then_some(sum))))
        }
        (Some(Metered { .. } | Static { .. } | Boolean { .. }), Some(_)) => {
            wrong(FlawCode::AddonTemplateType, "type")
        }
    }
}

fn multiply_template(
    template: &EntitlementTemplate,
    quantity: i32,
) -> Result<EntitlementTemplate, Refusal> {
    let issue = issued(template)
        .map(|issue| times(issue, quantity))
        .transpose()?;
    Ok(with_issue(template, issue))
}

fn issued(template: &EntitlementTemplate) -> Option<Decimal> {
    match template {
        EntitlementTemplate::Metered {
            issue_after_reset, ..
        } => *issue_after_reset,
        EntitlementTemplate::Static { .. } | EntitlementTemplate::Boolean { .. } => None,
    }
}

fn with_issue(template: &EntitlementTemplate, issue: Option<Decimal>) -> EntitlementTemplate {
    let mut changed = template.clone();
    if let EntitlementTemplate::Metered {
        issue_after_reset, ..
    } = &mut changed
    {
        *issue_after_reset = issue;
    }
    changed
}

fn times(value: Decimal, quantity: i32) -> Result<Decimal, Refusal> {
    Ok(decimal::mul(value, Decimal::from(quantity))?)
}

fn flaw(code: FlawCode, card: &RateCard, rest: &str) -> Refusal {
    Refusal::Invalid(vec![Flaw {
        code,
        field: format!("$.ratecards[?(@.key=='{}')].{rest}", card.key),
    }])
}

//! What things cost, in a line for people.

use contract::{
    catalog::v1::{Price, PriceTier, RateCard, price::Model, tiered_price::Mode},
    kernel::v1::Decimal,
};
use serde_json::{Value, json};

use crate::screen::{Column, List};

const COLUMNS: [Column; 6] = [
    Column::text("phase", "phase"),
    Column::text("from", "from"),
    Column::text("item", "item"),
    Column::text("price", "price"),
    Column::text("billed every", "cadence"),
    Column::text("feature", "feature"),
];

/// A table of things that are sold.
pub(super) fn table(items: Vec<Value>) -> List {
    List {
        name: "items",
        columns: &COLUMNS,
        items,
        more: false,
    }
}

/// What is sold in a phase, which begins after a duration or at an instant.
pub(super) fn item(phase: &str, from: &str, card: &RateCard, currency: &str) -> Value {
    json!({
        "phase": phase,
        "from": from,
        "item": card.key,
        "price": card.price.as_ref().map(|price| told(price, currency)),
        "cadence": card.billing_cadence,
        "feature": card.feature_key,
    })
}

fn told(price: &Price, currency: &str) -> String {
    let money = |amount: &Option<Decimal>| format!("{} {currency}", number(amount));
    let mut text = match &price.model {
        None => String::new(),
        Some(Model::Flat(flat)) => money(&flat.amount),
        Some(Model::Unit(unit)) => format!("{} each", money(&unit.amount)),
        Some(Model::Tiered(tiered)) => {
            let tiers = tiered.tiers.iter().map(|tier| range(tier, currency));
            let tiers = tiers.collect::<Vec<_>>().join(", then ");
            match tiered.mode() {
                Mode::Volume => format!("by volume: {tiers}"),
                Mode::Graduated | Mode::Unspecified => tiers,
            }
        }
        Some(Model::Dynamic(dynamic)) => format!("usage times {}", number(&dynamic.multiplier)),
        Some(Model::Package(package)) => format!(
            "{} per {}",
            money(&package.amount),
            number(&package.quantity_per_package)
        ),
    };
    for (word, bound) in [
        ("least", &price.minimum_amount),
        ("most", &price.maximum_amount),
    ] {
        if bound.is_some() {
            text.push_str(&format!(", at {word} {}", money(bound)));
        }
    }
    text
}

fn range(tier: &PriceTier, currency: &str) -> String {
    let unit = tier.unit_amount.as_ref();
    let unit = unit.map(|amount| format!("{} {currency} each", amount.value));
    let flat = tier.flat_amount.as_ref();
    let flat = flat.map(|amount| format!("{} {currency}", amount.value));
    let parts: Vec<String> = flat.into_iter().chain(unit).collect();
    let bound = tier.up_to_amount.as_ref();
    let bound = bound.map(|most| format!(" up to {}", most.value));
    parts.join(" and ") + &bound.unwrap_or_default()
}

fn number(value: &Option<Decimal>) -> &str {
    value.as_ref().map_or("0", |value| value.value.as_str())
}

#[cfg(test)]
mod tests {
    use contract::catalog::v1::{
        DynamicPrice, FlatPrice, PackagePrice, PaymentTerm, TieredPrice, UnitPrice,
    };

    use super::*;

    fn decimal(value: &str) -> Option<Decimal> {
        let value = value.to_owned();
        Some(Decimal { value })
    }

    fn priced(model: Model) -> Price {
        Price {
            model: Some(model),
            ..Price::default()
        }
    }

    #[test]
    fn every_price_is_a_line() {
        let flat = priced(Model::Flat(FlatPrice {
            amount: decimal("49.5"),
            payment_term: PaymentTerm::InAdvance.into(),
        }));
        let unit = Price {
            minimum_amount: decimal("5"),
            maximum_amount: decimal("100"),
            ..priced(Model::Unit(UnitPrice {
                amount: decimal("0.01"),
            }))
        };
        let tiers = |mode: Mode| {
            let first = PriceTier {
                up_to_amount: decimal("1000"),
                flat_amount: decimal("10"),
                unit_amount: None,
            };
            let rest = PriceTier {
                up_to_amount: None,
                flat_amount: decimal("1"),
                unit_amount: decimal("0.2"),
            };
            priced(Model::Tiered(TieredPrice {
                mode: mode.into(),
                tiers: vec![first, rest],
            }))
        };
        let dynamic = priced(Model::Dynamic(DynamicPrice {
            multiplier: decimal("1.2"),
        }));
        let package = priced(Model::Package(PackagePrice {
            amount: decimal("3"),
            quantity_per_package: decimal("100"),
        }));
        for (price, expected) in [
            (flat, "49.5 USD"),
            (unit, "0.01 USD each, at least 5 USD, at most 100 USD"),
            (
                tiers(Mode::Graduated),
                "10 USD up to 1000, then 1 USD and 0.2 USD each",
            ),
            (
                tiers(Mode::Volume),
                "by volume: 10 USD up to 1000, then 1 USD and 0.2 USD each",
            ),
            (dynamic, "usage times 1.2"),
            (package, "3 USD per 100"),
        ] {
            assert_eq!(told(&price, "USD"), expected);
        }
    }
}

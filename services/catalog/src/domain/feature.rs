//! A feature: something that can be sold and that a customer can be entitled to.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{id::MeterId, key};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::violation::{METADATA_COUNT_MAX, NAME_LENGTH_MAX, Violation, Violations};

/// Deepest nesting of a filter.
pub const FILTER_DEPTH_MAX: usize = 10;
/// The kinds of token that a language model's price list knows.
pub const TOKEN_TYPES: [&str; 5] = ["input", "output", "cache_read", "reasoning", "cache_write"];

/// A feature as the user asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFeature {
    /// Unique among live features.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Slug of the meter that measures the usage.
    pub meter_slug: Option<String>,
    /// Which usage counts and what it costs.
    pub body: FeatureBody,
}

/// The part of a feature that nothing is searched by; stored as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureBody {
    /// Which of the meter's usage counts, by group-by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Filter>,
    /// What one unit costs the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<UnitCost>,
    /// Free values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A condition on one text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Every value matches.
    Any,
    /// One operator and its operand.
    Text(TextOperator, String),
    /// One operator and its operands.
    List(ListOperator, Vec<String>),
    /// All conditions hold.
    AllOf(Vec<Filter>),
    /// At least one condition holds.
    AnyOf(Vec<Filter>),
}

/// Operators on one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextOperator {
    Equals,
    NotEquals,
    Like,
    NotLike,
    LikeIgnoreCase,
    NotLikeIgnoreCase,
    GreaterThan,
    GreaterOrEqual,
    LessThan,
    LessOrEqual,
    Contains,
}

/// Operators on a list of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOperator {
    OneOf,
    NoneOf,
}

/// What one unit of usage costs the seller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitCost {
    /// A fixed amount in US dollars.
    Manual {
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
    },
    /// Looked up in a price list of language models.
    Llm {
        provider: Dimension,
        model: Dimension,
        token_type: Dimension,
    },
}

impl UnitCost {
    /// What some usage cost in US dollars, exactly; else why nobody can say.
    pub fn of(&self, usage: Decimal) -> Result<Decimal, &'static str> {
        match self {
            Self::Manual { amount } => kernel::decimal::mul(usage, *amount)
                .map_err(|_| "the cost has more digits than can be told exactly"),
            Self::Llm { .. } => Err("no price is known for this provider, model and type of token"),
        }
    }
}

/// Where one dimension of a model's price comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The group-by key of the meter that holds it.
    Property(String),
    /// A fixed value.
    Fixed(String),
}

/// How a meter aggregates, as far as features care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Sum, count, unique count or latest: values that can be used up.
    Consumable,
    /// Average, minimum or maximum.
    NotConsumable,
}

/// What a feature needs to know about its meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterFacts {
    /// The meter.
    pub id: MeterId,
    /// Its slug.
    pub slug: String,
    /// How it aggregates.
    pub aggregation: Aggregation,
    /// Its group-by keys.
    pub group_by: BTreeSet<String>,
}

impl NewFeature {
    /// What makes the feature unreadable, before its meter is known; paths start with `feature`.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Violations::default();
        found.require(!self.key.is_empty(), "feature.key", "must not be empty");
        found.key(&self.key, "feature");
        found.require(
            !key::looks_like_ulid(&self.key),
            "feature.key",
            "must not be a valid ULID",
        );
        found.require(
            (1..=NAME_LENGTH_MAX).contains(&self.name.chars().count()),
            "feature.name",
            "must have 1 to 256 characters",
        );
        found.require(
            self.body.metadata.len() <= METADATA_COUNT_MAX,
            "feature.metadata",
            "must have at most 200 entries",
        );
        for (name, filter) in &self.body.filters {
            found.require(
                filter.depth() <= FILTER_DEPTH_MAX,
                format!("feature.meter_group_by_filters[{name}]"),
                "must not be nested deeper than 10 levels",
            );
        }
        if self.meter_slug.is_none() {
            found.require(
                self.body.filters.is_empty(),
                "feature.meter_group_by_filters",
                "need a meter",
            );
            found.require(
                self.body.unit_cost.is_none(),
                "feature.unit_cost",
                "needs a meter",
            );
        }
        match &self.body.unit_cost {
            Some(UnitCost::Manual { amount }) => found.require(
                *amount >= Decimal::ZERO,
                "feature.unit_cost.manual.amount",
                "must not be negative",
            ),
            Some(UnitCost::Llm {
                token_type: Dimension::Fixed(kind),
                ..
            }) => found.require(
                TOKEN_TYPES.contains(&kind.as_str()),
                "feature.unit_cost.llm.token_type",
                "must be one of input, output, cache_read, reasoning, cache_write",
            ),
            Some(UnitCost::Llm { .. }) | None => {}
        }
        found.into_vec()
    }

    /// What does not go together with the meter.
    pub fn meter_violations(&self, meter: &MeterFacts) -> Vec<Violation> {
        let mut found = Violations::default();
        found.require(
            meter.aggregation == Aggregation::Consumable,
            "feature.meter_slug",
            "the meter's aggregation must be SUM, COUNT, UNIQUE_COUNT or LATEST",
        );
        for name in self.body.filters.keys() {
            found.require(
                meter.group_by.contains(name),
                format!("feature.meter_group_by_filters[{name}]"),
                "is not a group-by key of the meter",
            );
        }
        if let Some(UnitCost::Llm {
            provider,
            model,
            token_type,
        }) = &self.body.unit_cost
        {
            let dimensions = [
                ("provider_property", provider),
                ("model_property", model),
                ("token_type_property", token_type),
            ];
            for (field, dimension) in dimensions {
                if let Dimension::Property(name) = dimension {
                    found.require(
                        meter.group_by.contains(name),
                        format!("feature.unit_cost.llm.{field}"),
                        "is not a group-by key of the meter",
                    );
                }
            }
        }
        found.into_vec()
    }
}

impl Filter {
    /// Levels of nesting; a plain condition has one.
    fn depth(&self) -> usize {
        match self {
            Self::Any | Self::Text(..) | Self::List(..) => 1,
            Self::AllOf(inner) | Self::AnyOf(inner) => {
                1 + inner.iter().map(Self::depth).max().unwrap_or(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn feature() -> NewFeature {
        NewFeature {
            key: "tokens".into(),
            name: "Tokens".into(),
            meter_slug: Some("tokens_total".into()),
            body: FeatureBody::default(),
        }
    }

    fn meter(aggregation: Aggregation) -> MeterFacts {
        MeterFacts {
            id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            slug: "tokens_total".into(),
            aggregation,
            group_by: BTreeSet::from(["model".to_owned()]),
        }
    }

    fn fields(violations: Vec<Violation>) -> Vec<String> {
        violations.into_iter().map(|v| v.field).collect()
    }

    #[test]
    fn a_manual_cost_is_exact_and_an_unknown_price_is_told() {
        let number = |text: &str| kernel::decimal::parse(text).unwrap();
        let manual = |amount: &str| UnitCost::Manual {
            amount: number(amount),
        };
        assert_eq!(manual("0.002").of(number("1500")), Ok(number("3")));
        assert_eq!(manual("0").of(number("1500")), Ok(Decimal::ZERO));
        let most = "999999999999999999";
        assert!(manual(most).of(number(most)).is_err());
        let fixed = || Dimension::Fixed("input".into());
        let llm = UnitCost::Llm {
            provider: fixed(),
            model: fixed(),
            token_type: fixed(),
        };
        assert!(llm.of(Decimal::ONE).is_err());
    }

    #[test]
    fn a_key_is_a_resource_key_and_no_ulid() {
        for key in [
            "",
            "Tokens",
            "a__b",
            "01arz3ndektsv4rrffq69g5fav",
            &"k".repeat(65),
        ] {
            let bad = NewFeature {
                key: key.into(),
                ..feature()
            };
            assert_eq!(fields(bad.violations()), ["feature.key"], "{key}");
        }
        assert!(feature().violations().is_empty());
    }

    #[test]
    fn filters_and_unit_costs_need_a_meter() {
        let mut bad = feature();
        bad.meter_slug = None;
        bad.body.filters.insert("model".into(), Filter::Any);
        bad.body.unit_cost = Some(UnitCost::Manual {
            amount: Decimal::ONE,
        });
        assert_eq!(
            fields(bad.violations()),
            ["feature.meter_group_by_filters", "feature.unit_cost"]
        );
    }

    #[test]
    fn the_meter_must_aggregate_something_consumable_and_know_the_keys() {
        let mut bad = feature();
        assert!(
            bad.meter_violations(&meter(Aggregation::Consumable))
                .is_empty()
        );
        assert_eq!(
            fields(bad.meter_violations(&meter(Aggregation::NotConsumable))),
            ["feature.meter_slug"]
        );
        let equals = Filter::Text(TextOperator::Equals, "gpt-4".into());
        bad.body.filters.insert("region".into(), equals.clone());
        bad.body.filters.insert("model".into(), equals);
        bad.body.unit_cost = Some(UnitCost::Llm {
            provider: Dimension::Fixed("openai".into()),
            model: Dimension::Property("model".into()),
            token_type: Dimension::Property("kind".into()),
        });
        assert_eq!(
            fields(bad.meter_violations(&meter(Aggregation::Consumable))),
            [
                "feature.meter_group_by_filters[region]",
                "feature.unit_cost.llm.token_type_property"
            ]
        );
    }

    #[test]
    fn filters_are_bounded_in_depth() {
        let mut filter = Filter::Any;
        for _ in 0..FILTER_DEPTH_MAX {
            filter = Filter::AllOf(vec![filter]);
        }
        let mut bad = feature();
        bad.body.filters.insert("model".into(), filter);
        assert_eq!(
            fields(bad.violations()),
            ["feature.meter_group_by_filters[model]"]
        );
    }
}

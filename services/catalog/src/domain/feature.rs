//! A feature: something that can be sold and that a customer can be entitled to.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{id::MeterId, key};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::model_price::ModelPricing;
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

/// Prices of models by provider and model.
pub type Prices = BTreeMap<(String, String), ModelPricing>;

impl UnitCost {
    /// The group-by keys of the meter that the cost depends on.
    pub fn properties(&self) -> Vec<String> {
        match self {
            Self::Manual { .. } => Vec::new(),
            Self::Llm {
                provider,
                model,
                token_type,
            } => {
                let all = [provider, model, token_type];
                let mut keys: Vec<String> =
                    all.into_iter().filter_map(Dimension::property).collect();
                keys.sort();
                keys.dedup();
                keys
            }
        }
    }

    /// The provider and model that some usage is of; none for a fixed cost.
    pub fn model_of(&self, group_by: &BTreeMap<String, String>) -> Option<(String, String)> {
        match self {
            Self::Manual { .. } => None,
            Self::Llm {
                provider, model, ..
            } => Some((provider.of(group_by), model.of(group_by))),
        }
    }

    /// The provider and model of all usage of the feature, where its filters leave just one.
    pub fn only_model(&self, filters: &BTreeMap<String, Filter>) -> Option<(String, String)> {
        match self {
            Self::Manual { .. } => None,
            Self::Llm {
                provider, model, ..
            } => provider.only(filters).zip(model.only(filters)),
        }
    }

    /// What some usage with these group-by values cost in US dollars, exactly; else why nobody can
    /// say.
    pub fn of(
        &self,
        usage: Decimal,
        group_by: &BTreeMap<String, String>,
        prices: &Prices,
    ) -> Result<Decimal, String> {
        let amount = match self {
            Self::Manual { amount } => *amount,
            Self::Llm {
                provider,
                model,
                token_type,
            } => {
                let name = (provider.of(group_by), model.of(group_by));
                let kind = token_type.of(group_by);
                let price = prices.get(&name).and_then(|pricing| pricing.of(&kind));
                price.ok_or_else(|| {
                    let (provider, model) = name;
                    format!("no price is known for provider `{provider}`, model `{model}` and token type `{kind}`")
                })?
            }
        };
        kernel::decimal::mul(usage, amount)
            .map_err(|_| "the cost has more digits than can be told exactly".to_owned())
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

impl Dimension {
    fn property(&self) -> Option<String> {
        match self {
            Self::Property(key) => Some(key.clone()),
            Self::Fixed(_) => None,
        }
    }

    /// Its value in some usage; empty where the usage does not say.
    fn of(&self, group_by: &BTreeMap<String, String>) -> String {
        match self {
            Self::Property(key) => group_by.get(key).cloned().unwrap_or_default(),
            Self::Fixed(value) => value.clone(),
        }
    }

    /// Its one value under these filters.
    fn only(&self, filters: &BTreeMap<String, Filter>) -> Option<String> {
        match self {
            Self::Property(key) => filters.get(key)?.only(),
            Self::Fixed(value) => Some(value.clone()),
        }
    }
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
                provider,
                model,
                token_type,
            }) => {
                for (field, dimension) in [("provider", provider), ("model", model)] {
                    found.require(
                        !matches!(dimension, Dimension::Fixed(name) if name.is_empty()),
                        format!("feature.unit_cost.llm.{field}"),
                        "must not be empty",
                    );
                }
                found.require(
                    !matches!(token_type, Dimension::Fixed(kind) if !TOKEN_TYPES.contains(&kind.as_str())),
                    "feature.unit_cost.llm.token_type",
                    "must be one of input, output, cache_read, reasoning, cache_write",
                );
            }
            None => {}
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
    /// The one value that it allows, where it is as simple as that.
    fn only(&self) -> Option<String> {
        match self {
            Self::Text(TextOperator::Equals, value) => Some(value.clone()),
            Self::List(ListOperator::OneOf, values) => match values.as_slice() {
                [value] => Some(value.clone()),
                [] | [_, ..] => None,
            },
            Self::Any | Self::Text(..) | Self::List(..) | Self::AllOf(_) | Self::AnyOf(_) => None,
        }
    }

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

    fn number(text: &str) -> Decimal {
        kernel::decimal::parse(text).unwrap()
    }

    #[test]
    fn a_manual_cost_is_exact() {
        let (rows, prices) = (BTreeMap::new(), Prices::new());
        let check = |amount: &str, usage: &str| {
            let manual = UnitCost::Manual {
                amount: number(amount),
            };
            manual.of(number(usage), &rows, &prices)
        };
        assert_eq!(check("0.002", "1500"), Ok(number("3")));
        assert_eq!(check("0", "1500"), Ok(Decimal::ZERO));
        let most = "999999999999999999";
        assert!(check(most, most).is_err());
    }

    #[test]
    fn tokens_cost_what_the_price_list_says_of_their_model() {
        let llm = UnitCost::Llm {
            provider: Dimension::Fixed("openai".into()),
            model: Dimension::Property("model".into()),
            token_type: Dimension::Property("kind".into()),
        };
        assert_eq!(llm.properties(), ["kind", "model"]);
        let pricing = ModelPricing {
            input: number("0.00001"),
            output: number("0.00003"),
            cache_read: None,
            reasoning: None,
            cache_write: None,
        };
        let prices = Prices::from([(("openai".to_owned(), "gpt-4".to_owned()), pricing)]);
        let check = |model: &str, kind: &str| {
            let row = [("model", model), ("kind", kind)];
            let row = row.map(|(key, value)| (key.to_owned(), value.to_owned()));
            llm.of(number("200"), &row.into(), &prices)
        };
        assert_eq!(check("gpt-4", "input"), Ok(number("0.002")));
        assert_eq!(check("gpt-4", "output"), Ok(number("0.006")));
        for (model, kind) in [("gpt-4", "cache_read"), ("gpt-5", "input"), ("gpt-4", "")] {
            let detail = check(model, kind).unwrap_err();
            assert!(detail.contains(model) && detail.contains(kind), "{detail}");
        }
    }

    #[test]
    fn filters_may_leave_just_one_model() {
        let llm = UnitCost::Llm {
            provider: Dimension::Fixed("openai".into()),
            model: Dimension::Property("model".into()),
            token_type: Dimension::Fixed("input".into()),
        };
        let check = |filter: Filter, expected: Option<&str>| {
            let found = llm.only_model(&BTreeMap::from([("model".to_owned(), filter)]));
            assert_eq!(found.map(|(_, model)| model).as_deref(), expected);
        };
        let one = || vec!["gpt-4".to_owned()];
        check(
            Filter::Text(TextOperator::Equals, "gpt-4".into()),
            Some("gpt-4"),
        );
        check(Filter::List(ListOperator::OneOf, one()), Some("gpt-4"));
        check(Filter::List(ListOperator::NoneOf, one()), None);
        check(Filter::Text(TextOperator::Like, "gpt-4".into()), None);
        check(Filter::Any, None);
        assert_eq!(llm.only_model(&BTreeMap::new()), None);
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
    fn fixed_parts_of_a_unit_cost_say_something() {
        let mut bad = feature();
        bad.body.unit_cost = Some(UnitCost::Llm {
            provider: Dimension::Fixed(String::new()),
            model: Dimension::Fixed(String::new()),
            token_type: Dimension::Fixed("words".into()),
        });
        let named = |part| format!("feature.unit_cost.llm.{part}");
        assert_eq!(
            fields(bad.violations()),
            ["provider", "model", "token_type"].map(named)
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

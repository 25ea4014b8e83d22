//! Features, their filters and unit costs.

use std::collections::BTreeMap;

use contract::catalog::v1 as pb;
use contract::convert::decimal as to_decimal;
use contract::metering::v1 as metering_pb;
use kernel::Decimal;
use kernel::id::{FeatureId, MeterId};

use super::{
    BATCH_COUNT_MAX, FILTER_COUNT_MAX, at, bounded, decimal, optional_text, optional_time,
    parse_id, required, time,
};
use crate::{
    domain::feature::{
        Aggregation, Dimension, FeatureBody, Filter, ListOperator, MeterFacts, NewFeature,
        TextOperator, UnitCost,
    },
    domain::model_price::ModelPricing,
    error::CatalogError,
    store::feature::{self, Feature, FeatureRef, Hold, Holder, Sort},
};

/// Reads a feature as a user sends it.
pub fn from_proto(wire: &pb::Feature) -> Result<NewFeature, CatalogError> {
    let filters = wire
        .meter_group_by_filters
        .iter()
        .map(|(name, filter)| (name.clone(), filter_from_proto(filter)))
        .collect();
    Ok(NewFeature {
        key: wire.key.clone(),
        name: wire.name.clone(),
        meter_slug: optional_text(&wire.meter_slug),
        body: FeatureBody {
            filters,
            unit_cost: wire
                .unit_cost
                .as_ref()
                .map(unit_cost_from_proto)
                .transpose()?,
            metadata: wire.metadata.clone(),
        },
    })
}

fn filter_from_proto(wire: &metering_pb::FilterString) -> Filter {
    use TextOperator as T;
    use metering_pb::filter_string::Operator;
    let text = |operator, operand: &String| Filter::Text(operator, operand.clone());
    let list = |operator, operands: &metering_pb::StringList| {
        Filter::List(operator, operands.values.clone())
    };
    let inner =
        |list: &metering_pb::FilterStringList| list.filters.iter().map(filter_from_proto).collect();
    match &wire.operator {
        None => Filter::Any,
        Some(Operator::Equals(value)) => text(T::Equals, value),
        Some(Operator::NotEquals(value)) => text(T::NotEquals, value),
        Some(Operator::OneOf(values)) => list(ListOperator::OneOf, values),
        Some(Operator::NoneOf(values)) => list(ListOperator::NoneOf, values),
        Some(Operator::Like(value)) => text(T::Like, value),
        Some(Operator::NotLike(value)) => text(T::NotLike, value),
        Some(Operator::LikeIgnoreCase(value)) => text(T::LikeIgnoreCase, value),
        Some(Operator::NotLikeIgnoreCase(value)) => text(T::NotLikeIgnoreCase, value),
        Some(Operator::GreaterThan(value)) => text(T::GreaterThan, value),
        Some(Operator::GreaterOrEqual(value)) => text(T::GreaterOrEqual, value),
        Some(Operator::LessThan(value)) => text(T::LessThan, value),
        Some(Operator::LessOrEqual(value)) => text(T::LessOrEqual, value),
        Some(Operator::Contains(value)) => text(T::Contains, value),
        Some(Operator::AllOf(filters)) => Filter::AllOf(inner(filters)),
        Some(Operator::AnyOf(filters)) => Filter::AnyOf(inner(filters)),
    }
}

fn filter_to_proto(filter: &Filter) -> metering_pb::FilterString {
    use metering_pb::filter_string::Operator;
    let inner = |filters: &[Filter]| metering_pb::FilterStringList {
        filters: filters.iter().map(filter_to_proto).collect(),
    };
    let operator = match filter {
        Filter::Any => None,
        Filter::Text(operator, value) => {
            let value = value.clone();
            Some(match operator {
                TextOperator::Equals => Operator::Equals(value),
                TextOperator::NotEquals => Operator::NotEquals(value),
                TextOperator::Like => Operator::Like(value),
                TextOperator::NotLike => Operator::NotLike(value),
                TextOperator::LikeIgnoreCase => Operator::LikeIgnoreCase(value),
                TextOperator::NotLikeIgnoreCase => Operator::NotLikeIgnoreCase(value),
                TextOperator::GreaterThan => Operator::GreaterThan(value),
                TextOperator::GreaterOrEqual => Operator::GreaterOrEqual(value),
                TextOperator::LessThan => Operator::LessThan(value),
                TextOperator::LessOrEqual => Operator::LessOrEqual(value),
                TextOperator::Contains => Operator::Contains(value),
            })
        }
        Filter::List(operator, values) => {
            let list = metering_pb::StringList {
                values: values.clone(),
            };
            Some(match operator {
                ListOperator::OneOf => Operator::OneOf(list),
                ListOperator::NoneOf => Operator::NoneOf(list),
            })
        }
        Filter::AllOf(filters) => Some(Operator::AllOf(inner(filters))),
        Filter::AnyOf(filters) => Some(Operator::AnyOf(inner(filters))),
    };
    metering_pb::FilterString { operator }
}

fn unit_cost_from_proto(wire: &pb::UnitCost) -> Result<UnitCost, CatalogError> {
    use pb::llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource};
    match required("feature.unit_cost", wire.source.as_ref())? {
        pb::unit_cost::Source::Manual(manual) => Ok(UnitCost::Manual {
            amount: decimal("feature.unit_cost.manual.amount", manual.amount.as_ref())?,
        }),
        pb::unit_cost::Source::Llm(llm) => {
            let field = |name: &str| format!("feature.unit_cost.llm.{name}");
            Ok(UnitCost::Llm {
                provider: match required(&field("provider"), llm.provider_source.as_ref())? {
                    ProviderSource::ProviderProperty(key) => Dimension::Property(key.clone()),
                    ProviderSource::Provider(value) => Dimension::Fixed(value.clone()),
                },
                model: match required(&field("model"), llm.model_source.as_ref())? {
                    ModelSource::ModelProperty(key) => Dimension::Property(key.clone()),
                    ModelSource::Model(value) => Dimension::Fixed(value.clone()),
                },
                token_type: match required(&field("token_type"), llm.token_type_source.as_ref())? {
                    TokenTypeSource::TokenTypeProperty(key) => Dimension::Property(key.clone()),
                    TokenTypeSource::TokenType(value) => Dimension::Fixed(value.clone()),
                },
            })
        }
    }
}

fn unit_cost_to_proto(cost: &UnitCost) -> pb::UnitCost {
    use pb::llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource};
    let source = match cost {
        UnitCost::Manual { amount } => pb::unit_cost::Source::Manual(pb::ManualUnitCost {
            amount: Some(to_decimal(*amount)),
        }),
        UnitCost::Llm {
            provider,
            model,
            token_type,
        } => pb::unit_cost::Source::Llm(pb::LlmUnitCost {
            provider_source: Some(match provider.clone() {
                Dimension::Property(key) => ProviderSource::ProviderProperty(key),
                Dimension::Fixed(value) => ProviderSource::Provider(value),
            }),
            model_source: Some(match model.clone() {
                Dimension::Property(key) => ModelSource::ModelProperty(key),
                Dimension::Fixed(value) => ModelSource::Model(value),
            }),
            token_type_source: Some(match token_type.clone() {
                Dimension::Property(key) => TokenTypeSource::TokenTypeProperty(key),
                Dimension::Fixed(value) => TokenTypeSource::TokenType(value),
            }),
            pricing: None,
        }),
    };
    pb::UnitCost {
        source: Some(source),
    }
}

/// What a feature needs to know about a meter.
pub fn meter_facts(wire: &metering_pb::Meter) -> Result<MeterFacts, CatalogError> {
    use metering_pb::meter::Aggregation as Wire;
    let aggregation = match wire.aggregation() {
        Wire::Sum | Wire::Count | Wire::UniqueCount | Wire::Latest => Aggregation::Consumable,
        Wire::Avg | Wire::Min | Wire::Max | Wire::Unspecified => Aggregation::NotConsumable,
    };
    Ok(MeterFacts {
        id: parse_id("meter.id", &wire.id)?,
        slug: wire.slug.clone(),
        aggregation,
        group_by: wire.group_by.keys().cloned().collect(),
    })
}

/// A stored feature for the wire.
pub fn to_proto(feature: &Feature) -> pb::Feature {
    let (meter_id, meter_slug) = feature
        .meter
        .as_ref()
        .map(|(id, slug)| (id.to_string(), slug.clone()))
        .unwrap_or_default();
    let filters: BTreeMap<String, metering_pb::FilterString> = feature
        .body
        .filters
        .iter()
        .map(|(name, filter)| (name.clone(), filter_to_proto(filter)))
        .collect();
    pb::Feature {
        id: feature.id.to_string(),
        key: feature.key.clone(),
        name: feature.name.clone(),
        meter_id,
        meter_slug,
        meter_group_by_filters: filters,
        unit_cost: feature.body.unit_cost.as_ref().map(unit_cost_to_proto),
        metadata: feature.body.metadata.clone(),
        archive_time: optional_time(feature.archive_time),
        etag: chassis::etag::of(feature.revision),
        create_time: time(feature.create_time),
        update_time: time(feature.update_time),
    }
}

/// Reads what a feature is found by.
pub fn reference(wire: Option<&pb::FeatureRef>) -> Result<FeatureRef, CatalogError> {
    use pb::feature_ref::Ref;
    let wire = required("feature", wire)?;
    Ok(match required("feature", wire.r#ref.as_ref())? {
        Ref::Id(text) => FeatureRef::Id(parse_id("feature.id", text)?),
        Ref::Key(key) => FeatureRef::Key(key.clone()),
        Ref::IdOrKey(text) => FeatureRef::IdOrKey(text.clone()),
    })
}

/// Reads the ids and keys of a batch.
pub fn batch(wire: &pb::BatchGetFeaturesRequest) -> Result<Vec<FeatureId>, CatalogError> {
    bounded("ids", wire.ids.len(), BATCH_COUNT_MAX)?;
    bounded("keys", wire.keys.len(), BATCH_COUNT_MAX)?;
    wire.ids.iter().map(|text| parse_id("ids", text)).collect()
}

/// A question about the usage of a feature as one to its meter: the feature's filters hold
/// besides those of the question.
pub fn usage_of(
    meter: MeterId,
    feature: &FeatureBody,
    asked: metering_pb::QueryMeterRequest,
) -> metering_pb::QueryMeterRequest {
    use metering_pb::filter_string::Operator;
    let own = feature
        .filters
        .iter()
        .map(|(key, filter)| (key.clone(), filter_to_proto(filter)));
    // A list without values allows all.
    let listed = asked
        .group_by_values
        .into_iter()
        .filter(|(_, list)| !list.values.is_empty())
        .map(|(key, list)| {
            let operator = Some(Operator::OneOf(list));
            (key, metering_pb::FilterString { operator })
        });
    let mut by_key: BTreeMap<String, Vec<metering_pb::FilterString>> = BTreeMap::new();
    for (key, filter) in own.chain(listed).chain(asked.group_by_filters) {
        by_key.entry(key).or_default().push(filter);
    }
    let group_by_filters = by_key
        .into_iter()
        .filter_map(|(key, mut filters)| {
            let filter = if filters.len() > 1 {
                let operator = Some(Operator::AllOf(metering_pb::FilterStringList { filters }));
                metering_pb::FilterString { operator }
            } else {
                filters.pop()?
            };
            Some((key, filter))
        })
        .collect();
    metering_pb::QueryMeterRequest {
        meter: Some(metering_pb::MeterRef {
            r#ref: Some(metering_pb::meter_ref::Ref::Id(meter.to_string())),
        }),
        group_by_values: Default::default(),
        group_by_filters,
        ..asked
    }
}

/// How much a row of usage is.
pub fn usage_value(usage: &metering_pb::UsageRow) -> Result<Decimal, CatalogError> {
    let value = contract::convert::from_required_decimal(usage.value.as_ref());
    at("usage", value)
}

/// A row of usage and what it cost, or why nobody can say.
pub fn cost_row(usage: metering_pb::UsageRow, cost: Result<Decimal, String>) -> pb::FeatureCostRow {
    let (cost, detail) = match cost {
        Ok(cost) => (Some(to_decimal(cost)), String::new()),
        Err(detail) => (None, detail),
    };
    pb::FeatureCostRow {
        usage: Some(usage),
        cost,
        detail,
    }
}

/// Adds the prices of its model to a feature.
pub fn set_pricing(feature: &mut pb::Feature, pricing: &ModelPricing) {
    let cost = feature.unit_cost.as_mut();
    if let Some(pb::unit_cost::Source::Llm(llm)) = cost.and_then(|cost| cost.source.as_mut()) {
        llm.pricing = Some(super::model_price::pricing_to_proto(pricing));
    }
}

/// Reads the filters of a list.
pub fn filter(wire: &pb::ListFeaturesRequest) -> Result<feature::Filter, CatalogError> {
    use pb::list_features_request::OrderBy;
    bounded("meter_slugs", wire.meter_slugs.len(), FILTER_COUNT_MAX)?;
    Ok(feature::Filter {
        meter_slugs: wire.meter_slugs.clone(),
        include_archived: wire.include_archived,
        sort: match at("order_by", OrderBy::try_from(wire.order_by))? {
            OrderBy::Unspecified | OrderBy::Key => Sort::Key,
            OrderBy::Id => Sort::Id,
            OrderBy::Name => Sort::Name,
            OrderBy::CreateTime => Sort::CreateTime,
            OrderBy::UpdateTime => Sort::UpdateTime,
        },
    })
}

/// Reads the holds of a holder.
pub fn holds(wire: &pb::ReplaceFeatureHoldsRequest) -> Result<(Holder, Vec<Hold>), CatalogError> {
    let reason = match wire.reason() {
        pb::feature_hold::Reason::Subscription => "subscription",
        pb::feature_hold::Reason::Unspecified => {
            return Err(CatalogError::invalid("reason", "is required"));
        }
    };
    if wire.holder_id.is_empty() {
        return Err(CatalogError::invalid("holder_id", "must not be empty"));
    }
    bounded("holds", wire.holds.len(), BATCH_COUNT_MAX)?;
    let hold = |(index, hold): (usize, &pb::FeatureHold)| {
        let field = |name: &str| format!("holds[{index}].{name}");
        let time = contract::convert::from_required_timestamp(hold.start_time.as_ref());
        let end = contract::convert::from_optional_timestamp(hold.end_time.as_ref());
        Ok(Hold {
            feature: parse_id(&field("feature_id"), &hold.feature_id)?,
            start: at(&field("start_time"), time)?,
            end: at(&field("end_time"), end)?,
        })
    };
    let holder = Holder {
        reason,
        id: wire.holder_id.clone(),
    };
    let holds = wire.holds.iter().enumerate().map(hold);
    Ok((holder, holds.collect::<Result<_, CatalogError>>()?))
}

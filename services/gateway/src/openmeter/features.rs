//! Features: what can be sold, and which usage it counts (metering text §7).

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use contract::catalog::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::decode::union;
use super::error::{Problem, ProblemDocument};
use super::extract::{Body, Call, Path, Query};
use super::filters::FilterString;
use super::page::{Listing, OffsetQuery, Page, PageQuery, SortOrder, Span};
use super::scalars::{Key, Label, Metadata, Numeric, Time, Ulid, metadata, optional};
use super::value::{numeric, numeric_or_zero, present, required_time, time};

/// A fixed cost per unit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureManualUnitCost {
    amount: Numeric,
}

/// A cost by provider, model and kind of token, each fixed or told by a group-by key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureLlmUnitCost {
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_property: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_property: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type_property: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<FeatureLlmUnitCostPricing>,
}

/// Prices that were found for a model.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureLlmUnitCostPricing {
    #[serde(skip_serializing_if = "Option::is_none")]
    input_per_token: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_per_token: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_per_token: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_per_token: Option<Numeric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_per_token: Option<Numeric>,
}

impl FeatureLlmUnitCostPricing {
    fn from_proto(wire: pb::ModelPricing) -> Result<Self, Problem> {
        Ok(Self {
            input_per_token: numeric(wire.input_per_token.as_ref())?,
            output_per_token: numeric(wire.output_per_token.as_ref())?,
            cache_read_per_token: numeric(wire.cache_read_per_token.as_ref())?,
            reasoning_per_token: numeric(wire.reasoning_per_token.as_ref())?,
            cache_write_per_token: numeric(wire.cache_write_per_token.as_ref())?,
        })
    }
}

/// What one unit costs the seller.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum FeatureUnitCost {
    /// A fixed cost.
    Manual(FeatureManualUnitCost),
    /// A cost by model.
    Llm(Box<FeatureLlmUnitCost>),
}
union!(FeatureUnitCost by "type" { "manual" => Manual, "llm" => Llm });

/// Exactly one form per dimension (metering text §7.1).
fn one_of<T>(
    name: &str,
    property: Option<String>,
    fixed: Option<String>,
    by_property: fn(String) -> T,
    by_value: fn(String) -> T,
) -> Result<Option<T>, Problem> {
    match (property, fixed) {
        (Some(property), None) => Ok(Some(by_property(property))),
        (None, Some(fixed)) => Ok(Some(by_value(fixed))),
        (None, None) | (Some(_), Some(_)) => Err(Problem::invalid(format!(
            "unitCost: exactly one of {name} and {name}Property is required"
        ))),
    }
}

impl FeatureUnitCost {
    fn into_proto(self) -> Result<pb::UnitCost, Problem> {
        use pb::llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource};
        let source = match self {
            Self::Manual(manual) => pb::unit_cost::Source::Manual(pb::ManualUnitCost {
                amount: Some(manual.amount.into()),
            }),
            Self::Llm(llm) => pb::unit_cost::Source::Llm(pb::LlmUnitCost {
                provider_source: one_of(
                    "provider",
                    llm.provider_property,
                    llm.provider,
                    ProviderSource::ProviderProperty,
                    ProviderSource::Provider,
                )?,
                model_source: one_of(
                    "model",
                    llm.model_property,
                    llm.model,
                    ModelSource::ModelProperty,
                    ModelSource::Model,
                )?,
                token_type_source: one_of(
                    "tokenType",
                    llm.token_type_property,
                    llm.token_type,
                    TokenTypeSource::TokenTypeProperty,
                    TokenTypeSource::TokenType,
                )?,
                // Read only (metering text §7.1): what is sent is ignored.
                pricing: None,
            }),
        };
        Ok(pb::UnitCost {
            source: Some(source),
        })
    }

    fn from_proto(wire: pb::UnitCost) -> Result<Self, Problem> {
        use pb::llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource};
        Ok(match present(wire.source)? {
            pb::unit_cost::Source::Manual(manual) => Self::Manual(FeatureManualUnitCost {
                amount: numeric_or_zero(manual.amount.as_ref())?,
            }),
            pb::unit_cost::Source::Llm(llm) => {
                let (provider_property, provider) = match llm.provider_source {
                    Some(ProviderSource::ProviderProperty(name)) => (Some(name), None),
                    Some(ProviderSource::Provider(name)) => (None, Some(name)),
                    None => (None, None),
                };
                let (model_property, model) = match llm.model_source {
                    Some(ModelSource::ModelProperty(name)) => (Some(name), None),
                    Some(ModelSource::Model(name)) => (None, Some(name)),
                    None => (None, None),
                };
                let (token_type_property, token_type) = match llm.token_type_source {
                    Some(TokenTypeSource::TokenTypeProperty(name)) => (Some(name), None),
                    Some(TokenTypeSource::TokenType(name)) => (None, Some(name)),
                    None => (None, None),
                };
                Self::Llm(Box::new(FeatureLlmUnitCost {
                    provider_property,
                    provider,
                    model_property,
                    model,
                    token_type_property,
                    token_type,
                    pricing: llm
                        .pricing
                        .map(FeatureLlmUnitCostPricing::from_proto)
                        .transpose()?,
                }))
            }
        })
    }
}

/// A feature.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Feature {
    created_at: Time,
    updated_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Time>,
    #[schema(value_type = Key)]
    key: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Key>)]
    meter_slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meter_group_by_filters: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_meter_group_by_filters: Option<BTreeMap<String, FilterString>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_cost: Option<FeatureUnitCost>,
    #[schema(value_type = Ulid)]
    id: String,
}

impl Feature {
    pub(crate) fn from_proto(wire: pb::Feature) -> Result<Self, Problem> {
        let filters = wire
            .meter_group_by_filters
            .into_iter()
            .map(|(key, filter)| Ok((key, FilterString::from_proto(filter)?)))
            .collect::<Result<BTreeMap<_, _>, Problem>>()?;
        // The older form can only say "equals" (metering text §7.1).
        let plain: Option<BTreeMap<String, String>> = filters
            .iter()
            .map(|(key, filter)| Some((key.clone(), filter.only_equals()?.to_owned())))
            .collect();
        Ok(Self {
            created_at: required_time(wire.create_time.as_ref())?,
            updated_at: required_time(wire.update_time.as_ref())?,
            deleted_at: None,
            archived_at: time(wire.archive_time.as_ref())?,
            key: wire.key,
            name: wire.name,
            metadata: metadata(wire.metadata),
            meter_slug: optional(wire.meter_slug),
            meter_group_by_filters: plain.filter(|filters| !filters.is_empty()),
            advanced_meter_group_by_filters: (!filters.is_empty()).then_some(filters),
            unit_cost: wire
                .unit_cost
                .map(FeatureUnitCost::from_proto)
                .transpose()?,
            id: wire.id,
        })
    }
}

/// A feature to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FeatureCreateInputs)]
pub(crate) struct FeatureCreate {
    key: Key,
    name: Label,
    metadata: Option<Metadata>,
    meter_slug: Option<Key>,
    meter_group_by_filters: Option<BTreeMap<String, String>>,
    advanced_meter_group_by_filters: Option<BTreeMap<String, FilterString>>,
    unit_cost: Option<FeatureUnitCost>,
}

impl FeatureCreate {
    fn into_proto(self) -> Result<pb::Feature, Problem> {
        // Where both forms are sent, the newer one counts (metering text §7.1).
        let filters = self.advanced_meter_group_by_filters.unwrap_or_else(|| {
            self.meter_group_by_filters
                .unwrap_or_default()
                .into_iter()
                .map(|(key, text)| (key, FilterString::equals(&text)))
                .collect()
        });
        let mut meter_group_by_filters = BTreeMap::new();
        for (key, filter) in filters {
            let field = format!("advancedMeterGroupByFilters.{key}");
            // One that sets nothing goes along: its key still has to exist.
            let filter = filter.into_proto(&field)?.unwrap_or_default();
            meter_group_by_filters.insert(key, filter);
        }
        Ok(pb::Feature {
            key: self.key.into(),
            name: self.name.into(),
            metadata: self.metadata.unwrap_or_default(),
            meter_slug: self.meter_slug.map(String::from).unwrap_or_default(),
            meter_group_by_filters,
            unit_cost: self
                .unit_cost
                .map(FeatureUnitCost::into_proto)
                .transpose()?,
            ..pb::Feature::default()
        })
    }
}

/// Sort key of a list of features.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FeatureOrderBy {
    /// By id.
    Id,
    /// By key.
    #[default]
    Key,
    /// By name.
    Name,
    /// By time of making.
    CreatedAt,
    /// By time of the last change.
    UpdatedAt,
}

/// Parameters of a list of features.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListFeaturesParams {
    /// Features of these meters.
    #[serde(default)]
    #[param(required = false)]
    meter_slug: Vec<String>,
    /// Archived features too.
    include_archived: Option<bool>,
    /// Direction.
    #[param(inline)]
    order: Option<SortOrder>,
    /// Sort key.
    #[param(inline)]
    order_by: Option<FeatureOrderBy>,
}

/// Lists features: as an array, or as a page when one is asked for.
#[utoipa::path(
    get, path = "/api/v1/features", operation_id = "listFeatures", tag = "Product Catalog",
    params(PageQuery, OffsetQuery, ListFeaturesParams),
    responses((status = 200, body = Listing<Feature>)),
)]
pub(crate) async fn list(
    call: Call,
    Query(page): Query<PageQuery>,
    Query(offset): Query<OffsetQuery>,
    Query(params): Query<ListFeaturesParams>,
) -> Result<Json<Listing<Feature>>, Problem> {
    use pb::list_features_request::OrderBy as Wire;
    let span: Span = page.or_offset(offset)?;
    let order_by = match params.order_by.unwrap_or_default() {
        FeatureOrderBy::Id => Wire::Id,
        FeatureOrderBy::Key => Wire::Key,
        FeatureOrderBy::Name => Wire::Name,
        FeatureOrderBy::CreatedAt => Wire::CreateTime,
        FeatureOrderBy::UpdatedAt => Wire::UpdateTime,
    };
    let wanted = pb::ListFeaturesRequest {
        meter_slugs: params.meter_slug,
        include_archived: params.include_archived.unwrap_or_default(),
        order_by: order_by.into(),
        descending: params.order.unwrap_or_default().descending(),
        ..pb::ListFeaturesRequest::default()
    };
    let (mut items, mut total) = (Vec::new(), 0);
    for window in &span.pages {
        let request = pb::ListFeaturesRequest {
            page: window.page,
            page_size: window.size,
            ..wanted.clone()
        };
        let answer = call
            .clients()
            .features()
            .list_features(call.rpc(request))
            .await;
        let answer = call.take(answer)?;
        items.extend(answer.features);
        total = answer.total_size;
    }
    let features = span
        .cut(items)
        .into_iter()
        .map(Feature::from_proto)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(if page.is_given() {
        Listing::Page(Page::new(span.shown, total, features))
    } else {
        Listing::All(features)
    }))
}

/// Makes a feature.
#[utoipa::path(
    post, path = "/api/v1/features", operation_id = "createFeature", tag = "Product Catalog",
    request_body = FeatureCreate,
    responses(
        (status = 201, body = Feature), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
    ),
)]
pub(crate) async fn create(
    call: Call,
    Body(new): Body<FeatureCreate>,
) -> Result<(StatusCode, Json<Feature>), Problem> {
    let request = pb::CreateFeatureRequest {
        feature: Some(new.into_proto()?),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .features()
        .create_feature(call.rpc(request))
        .await;
    let feature = Feature::from_proto(present(call.take(answer)?.feature)?)?;
    Ok((StatusCode::CREATED, Json(feature)))
}

/// The feature that a path names.
pub(crate) fn feature_ref(id_or_key: String) -> Option<pb::FeatureRef> {
    Some(pb::FeatureRef {
        r#ref: Some(pb::feature_ref::Ref::IdOrKey(id_or_key)),
    })
}

/// Shows a live feature.
#[utoipa::path(
    get, path = "/api/v1/features/{featureId}", operation_id = "getFeature", tag = "Product Catalog",
    params(("featureId" = String, Path)),
    responses((status = 200, body = Feature), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn get(call: Call, Path(id): Path<String>) -> Result<Json<Feature>, Problem> {
    let request = pb::GetFeatureRequest {
        feature: feature_ref(id),
        include_archived: false,
    };
    let answer = call
        .clients()
        .features()
        .get_feature(call.rpc(request))
        .await;
    Feature::from_proto(present(call.take(answer)?.feature)?).map(Json)
}

/// Archives a feature; what uses it goes on.
#[utoipa::path(
    delete, path = "/api/v1/features/{featureId}", operation_id = "deleteFeature", tag = "Product Catalog",
    params(("featureId" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)),
)]
pub(crate) async fn delete(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let request = pb::ArchiveFeatureRequest {
        feature: feature_ref(id),
        request_id: call.request_id(),
    };
    let answer = call
        .clients()
        .features()
        .archive_feature(call.rpc(request))
        .await;
    call.take(answer)?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::openmeter::decode::from_json;
    use serde_json::{Value, json};

    fn shown(body: Value) -> Value {
        let wire = from_json::<FeatureCreate>(&body)
            .unwrap()
            .into_proto()
            .unwrap();
        let feature = Feature::from_proto(pb::Feature {
            create_time: Some(prost_types::Timestamp::default()),
            update_time: Some(prost_types::Timestamp::default()),
            ..wire
        });
        serde_json::to_value(feature.unwrap()).unwrap()
    }

    #[test]
    fn legacy_filters_come_back_in_both_forms() {
        let feature = shown(json!({
            "key": "gpt", "name": "GPT", "meterSlug": "tokens",
            "meterGroupByFilters": {"model": "gpt-4"},
        }));
        assert_eq!(feature["meterGroupByFilters"], json!({"model": "gpt-4"}));
        assert_eq!(
            feature["advancedMeterGroupByFilters"],
            json!({"model": {"$eq": "gpt-4"}})
        );
    }

    #[test]
    fn advanced_filters_win_and_may_have_no_legacy_form() {
        let feature = shown(json!({
            "key": "gpt", "name": "GPT", "meterSlug": "tokens",
            "meterGroupByFilters": {"model": "gpt-4"},
            "advancedMeterGroupByFilters": {"model": {"$in": ["a", "b"]}},
        }));
        assert_eq!(feature.get("meterGroupByFilters"), None);
        assert_eq!(
            feature["advancedMeterGroupByFilters"],
            json!({"model": {"$in": ["a", "b"]}})
        );
    }

    #[test]
    fn unit_costs_take_one_form_per_dimension() {
        let both = from_json::<FeatureCreate>(&json!({
            "key": "gpt", "name": "GPT",
            "unitCost": {"type": "llm", "provider": "a", "providerProperty": "b", "model": "m", "tokenType": "input"},
        }))
        .unwrap();
        assert!(both.into_proto().is_err());
        let feature = shown(json!({
            "key": "gpt", "name": "GPT", "unitCost": {"type": "manual", "amount": "0.010"},
        }));
        assert_eq!(
            feature["unitCost"],
            json!({"type": "manual", "amount": "0.01"})
        );
    }
}

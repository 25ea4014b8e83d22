//! Prices of language models.

use contract::catalog::v1 as pb;
use contract::convert::decimal as to_decimal;

use super::{decimal, optional_decimal, required, time};
use crate::{
    domain::model_price::{ModelPrice, ModelPricing},
    error::CatalogError,
    store::model_price::Stored,
};

/// Reads a price as a user sends it.
pub fn from_proto(wire: &pb::ModelPrice) -> Result<ModelPrice, CatalogError> {
    let field = |name: &str| format!("model_price.pricing.{name}");
    let pricing = required("model_price.pricing", wire.pricing.as_ref())?;
    Ok(ModelPrice {
        provider: wire.provider.clone(),
        model: wire.model.clone(),
        pricing: ModelPricing {
            input: decimal(&field("input_per_token"), pricing.input_per_token.as_ref())?,
            output: decimal(
                &field("output_per_token"),
                pricing.output_per_token.as_ref(),
            )?,
            cache_read: optional_decimal(
                &field("cache_read_per_token"),
                pricing.cache_read_per_token.as_ref(),
            )?,
            reasoning: optional_decimal(
                &field("reasoning_per_token"),
                pricing.reasoning_per_token.as_ref(),
            )?,
            cache_write: optional_decimal(
                &field("cache_write_per_token"),
                pricing.cache_write_per_token.as_ref(),
            )?,
        },
    })
}

/// Prices for the wire.
pub fn pricing_to_proto(pricing: &ModelPricing) -> pb::ModelPricing {
    pb::ModelPricing {
        input_per_token: Some(to_decimal(pricing.input)),
        output_per_token: Some(to_decimal(pricing.output)),
        cache_read_per_token: pricing.cache_read.map(to_decimal),
        reasoning_per_token: pricing.reasoning.map(to_decimal),
        cache_write_per_token: pricing.cache_write.map(to_decimal),
    }
}

/// A stored price for the wire.
pub fn to_proto(stored: &Stored) -> pb::ModelPrice {
    pb::ModelPrice {
        provider: stored.price.provider.clone(),
        model: stored.price.model.clone(),
        pricing: Some(pricing_to_proto(&stored.price.pricing)),
        etag: chassis::etag::of(stored.stamp.revision),
        create_time: time(stored.stamp.create_time),
        update_time: time(stored.stamp.update_time),
    }
}

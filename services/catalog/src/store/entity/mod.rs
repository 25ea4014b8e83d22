//! The tables as sea-orm sees them, one per file.

pub mod entitlement_definition;
pub mod entitlement_product;
pub mod feature;
pub mod feature_hold;
pub mod meter_release;
pub mod model_price;
pub mod named_plan;
pub mod offer_feature;
pub mod offer_version;
pub mod offering;
pub mod package;
pub mod package_product;
pub mod plan_addon;
pub mod product;
pub mod store_app;

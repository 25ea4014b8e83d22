//! What the catalog keeps. Every function takes the project first.

pub mod entitlement_definition;
pub mod entity;
pub mod feature;
pub mod identity;
pub mod meter_release;
pub mod migration;
pub mod model_price;
pub mod named_plan;
pub mod offer;
pub mod offering;
pub mod package;
pub mod plan_addon;
pub mod product;
pub mod store_app;

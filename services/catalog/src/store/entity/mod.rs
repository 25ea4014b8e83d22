//! The tables as sea-orm sees them, one per file.

pub mod feature;
pub mod feature_hold;
pub mod offer_feature;
pub mod offer_version;
pub mod plan_addon;

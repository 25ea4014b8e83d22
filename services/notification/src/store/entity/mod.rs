//! The tables as sea-orm sees them, one per file.

pub mod attempt;
pub mod channel;
pub mod delivery;
pub mod event;
pub mod rule;
pub mod rule_channel;
pub mod rule_feature;

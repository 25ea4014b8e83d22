//! The tables as sea-orm sees them, one per file.

pub mod balance_checkpoint;
pub mod entitlement;
pub mod entitlement_grant;
pub mod product_right;
pub mod promotional_access;
pub mod subscription_applied;
pub mod subscription_reservation;
pub mod usage_reset;

//! Row models, one table per file.

pub mod pending_apply;
pub mod revenue_change;
pub mod subscription;
pub mod subscription_change;

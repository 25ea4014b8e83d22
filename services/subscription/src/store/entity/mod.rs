//! Row models, one table per file.

pub mod invoice_share;
pub mod payment;
pub mod pending_apply;
pub mod product_access;
pub mod purchase;
pub mod revenue_customer;
pub mod revenue_entry;
pub mod revenue_excluded;
pub mod revenue_stale;
pub mod revenue_state;
pub mod revenue_sum;
pub mod revenue_unconverted;
pub mod store_transaction;
pub mod subscription;
pub mod subscription_change;
pub mod term;

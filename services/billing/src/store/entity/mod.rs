//! The tables.

pub mod app;
pub mod billing_profile;
pub mod customer;
pub mod customer_app;
pub mod customer_override;
pub mod invoice;
pub mod invoice_line;
pub mod provider_event;
pub mod stale_hold;
pub mod subscription;

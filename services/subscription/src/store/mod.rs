//! Tables of the service. Every function takes the project first; nothing is read without it but the work that is due.

pub mod change;
pub mod entity;
pub mod erasure;
pub mod gate;
pub mod invoice_share;
pub mod migration;
pub mod name;
pub mod owned;
pub mod payment;
pub mod pending;
pub mod product_access;
pub mod purchase;
pub mod reported;
pub mod revenue;
pub mod revenue_kept;
pub mod revenue_spend;
pub mod revenue_sums;
pub mod standing;
pub mod store_line;
pub mod store_transaction;
pub mod subscription;
pub mod term;

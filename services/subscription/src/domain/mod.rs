//! The pure core: what a subscription is (`subscription`), when each part of it holds (`timeline`), what may be done to
//! it (`status`, `lifecycle`, `edit`, `addon`), how it is made from a plan (`plan`), what a
//! change does to its terms (`ledger`), and what it is worth (`revenue`); subscriptions that others run and report (`reported`).
//! Time and ids arrive as arguments.

pub mod addon;
pub mod edit;
pub mod ledger;
pub mod lifecycle;
pub mod multiple;
pub mod plan;
pub mod rate_card;
pub mod refusal;
pub mod reported;
pub mod revenue;
pub mod status;
pub mod store_transaction;
pub mod subscription;
pub mod term;
pub mod timeline;

#[cfg(test)]
pub mod fixture;

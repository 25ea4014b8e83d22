//! The rules of the catalog, pure: what a feature, a rate card, a plan and an add-on may be.
//!
//! `rate_card` (with `price`, `discount`, `entitlement_template`) is the piece that plans and
//! add-ons share. `plan` and `addon` check a whole resource and answer a list of `issue`s, each at a `field`;
//! `compatibility` checks an add-on against a plan; `versioning` computes states from
//! effective times. `store_app`, `product`, `access` and `package` are what stores sell and how
//! clients find it. A `violation` is a request that cannot be read as a resource at all.

pub mod access;
pub mod addon;
pub mod compatibility;
pub mod discount;
pub mod entitlement_template;
pub mod feature;
pub mod field;
#[cfg(test)]
pub mod fixture;
pub mod issue;
pub mod model_price;
pub mod package;
pub mod plan;
pub mod price;
pub mod product;
pub mod rate_card;
pub mod store_app;
pub mod versioning;
pub mod violation;

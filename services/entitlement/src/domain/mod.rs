//! The rules of entitlements, as functions from values to values: no database, no network, no clock.
//!
//! A balance is found in three steps. `timeline` and `grant` say where time is cut; `burn_down` plans
//! the phases between the cuts, and `usage` turns the plan into one batch of questions for metering;
//! with the answers `burn_down` burns phase by phase, and `balance` and `history` read the result.

pub mod balance;
pub mod burn_down;
pub mod creation;
pub mod entitlement;
pub mod grant;
pub mod history;
pub mod occupancy;
pub mod product_right;
pub mod promotion;
pub mod subscription;
pub mod timeline;
pub mod usage;

//! What the catalog keeps. Every function takes the project first.

pub mod entity;
pub mod feature;
pub mod migration;
pub mod offer;
pub mod plan_addon;

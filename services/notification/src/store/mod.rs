//! What the service keeps. Every function takes the project first.

pub mod channel;
pub mod entity;
pub mod migration;
pub mod rule;

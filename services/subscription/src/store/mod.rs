//! Tables of the service. Every function takes the project first; nothing is read without it but the work that is due.

pub mod change;
pub mod entity;
pub mod gate;
pub mod migration;
pub mod pending;
pub mod revenue;
pub mod subscription;

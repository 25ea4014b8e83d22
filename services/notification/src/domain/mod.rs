//! The rules of notifications, pure: `channel` is where to send, `rule` is when to send.

pub mod channel;
pub mod rule;
pub mod violation;

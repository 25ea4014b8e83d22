//! The rules of notifications, pure: `channel` is where to send, `rule` is when to send, `threshold` which marks were
//! crossed, `event` one firing, `delivery` its way to an endpoint.

pub mod channel;
pub mod delivery;
pub mod event;
pub mod rule;
pub mod threshold;
pub mod violation;

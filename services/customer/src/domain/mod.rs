//! The rules of the service as plain values: no storage, no clock, no randomness. Each file
//! holds one concept; `customer` is the largest, `handle` and `attribution` guard the names
//! by which it is found.

pub mod alias;
pub mod api_key;
pub mod attribute;
pub mod attribution;
pub mod clock;
pub mod currency;
pub mod customer;
pub mod display_name;
pub mod exchange_rate;
pub mod handle;
pub mod hold;
pub mod privacy;
pub mod project;
pub mod rate_limit;
pub mod retain;
pub mod subject;
pub mod text;
pub mod traits;

//! Client of the Perennial subscription backend. The clients and messages are generated
//! from `proto/`; this crate adds what every caller needs: the API key on each call,
//! deadlines, retries that cannot happen twice, pages as streams, exact decimals, and
//! errors by reason.

mod client;
mod clock;
mod error;
mod page;
mod retry;
mod services;

pub use client::{Builder, Client, Transport};
pub use error::{Error, Violation};
pub use page::pages;
pub use retry::Retry;

/// Exact decimals, and their form on the wire.
pub mod decimal {
    pub use contract::convert::{decimal as to_wire, from_decimal as from_wire};
    pub use rust_decimal::Decimal;
}

/// Instants, and their form on the wire.
pub mod time {
    pub use contract::convert::{from_timestamp as from_wire, timestamp as to_wire};
    pub use kernel::Timestamp;
}

/// The generated messages and clients, one module per service.
pub mod api {
    pub use contract::{
        audit, billing, catalog, clock, customer, entitlement, feed, kernel, metering,
        notification, subscription,
    };
}

//! The pure core of billing: prices and how they are rated, invoices and their states, and
//! what lines a subscription leads to. Values in, values out; time and ids are arguments.

pub mod app;
pub mod calculate;
pub mod collect;
pub mod edit;
pub mod explain;
pub mod header;
pub mod invoice;
pub mod issue;
pub mod numbering;
pub mod outside;
pub mod party;
pub mod price;
pub mod profile;
pub mod proration;
pub mod rating;
pub mod reconcile;
pub mod state;
pub mod stripe;
pub mod subscription;
pub mod sync;
pub mod tax;
pub mod totals;

//! Stories across services, one per file.

mod corrections;
mod one_ledger;
mod reconcile;
mod signup_to_paid;
mod store_events;
mod thirteen_months;

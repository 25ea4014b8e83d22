//! Stories across services, one per file.

mod command_line;
mod corrections;
mod documentation;
mod erasing;
mod one_ledger;
mod one_life;
mod reconcile;
mod signup_to_paid;
mod store_events;
mod thirteen_months;

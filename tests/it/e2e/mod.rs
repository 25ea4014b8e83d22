//! Stories across services, one per file.

mod corrections;
mod signup_to_paid;
mod thirteen_months;

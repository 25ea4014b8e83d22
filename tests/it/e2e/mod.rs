//! Stories across services, one per file.

mod signup_to_paid;

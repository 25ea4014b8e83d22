//! Rows, one table a file. The tables of events and of rollup rows have no entity: their
//! statements are written by hand.

pub mod meter;
pub mod meter_hold;
pub mod portal_token;
pub mod usage_rollup_delta;

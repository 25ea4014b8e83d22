//! Rows, one table a file. The tables of events have no entity: their statements are written by hand.

pub mod meter;
pub mod meter_hold;
pub mod portal_token;

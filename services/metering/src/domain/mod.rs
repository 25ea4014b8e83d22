//! The rules of metering, pure: [`event`] decides what may be stored, [`meter`] what may be
//! measured, [`jsonpath`] and [`value`] read a value out of an event, [`filter`] chooses among
//! texts, [`sum`] and [`aggregate`] add up, [`query`] folds events into rows,
//! [`rollup`] adds up ahead of time, [`delta`] is how what a commit adds is written down, and [`erasure`] decides what stays
//! of a customer who was erased.

pub mod aggregate;
pub mod delta;
pub mod erasure;
pub mod event;
pub mod filter;
pub mod jsonpath;
pub mod meter;
pub mod query;
pub mod rollup;
pub mod sum;
pub mod value;

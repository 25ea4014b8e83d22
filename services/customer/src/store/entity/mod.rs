//! The tables, one per file. Times are microseconds since 1970; every primary key starts with
//! the project.

pub mod api_key;
pub mod currency_reservation;
pub mod customer;
pub mod customer_attribute;
pub mod customer_handle;
pub mod customer_hold;
pub mod customer_opt_out;
pub mod customer_subject_key;
pub mod customer_subscription;
pub mod customer_trait;
pub mod exchange_rate;
pub mod project;
pub mod rate_charge;
pub mod subject;
pub mod subscription_report;
pub mod test_clock;

//! The schema, one step per file, forward only.

mod m0001_entitlement;
mod m0002_checkpoint_time;
mod m0003_promotional_access;
mod m0004_meter_hold;
mod m0005_product_right;
mod m0006_customer_gate;
mod m0007_right_renewal;

use sea_orm_migration::MigrationTrait;

/// All steps in order.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_entitlement::Migration),
        Box::new(m0002_checkpoint_time::Migration),
        Box::new(m0003_promotional_access::Migration),
        Box::new(m0004_meter_hold::Migration),
        Box::new(m0005_product_right::Migration),
        Box::new(m0006_customer_gate::Migration),
        Box::new(m0007_right_renewal::Migration),
    ]
}

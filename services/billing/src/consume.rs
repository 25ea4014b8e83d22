//! Customers as their service tells them: lists of customers are served from this copy.

use std::sync::Arc;

use chassis::{
    Write,
    feed::{Consume, ConsumerSpec, Event},
};
use contract::customer::v1::Customer;
use tonic::Status;

use crate::store;

/// Follows the customers.
pub fn customers() -> ConsumerSpec {
    ConsumerSpec {
        name: "billing.customers",
        source: "customer",
        handler: Arc::new(Customers),
    }
}

/// Keeps the copy of customers.
pub struct Customers;

#[async_trait::async_trait]
impl Consume for Customers {
    fn concerns(&self, event: &Event) -> bool {
        event.kind.starts_with("customer.")
    }

    async fn apply(&self, write: &mut Write, event: &Event) -> Result<(), Status> {
        if event.kind == "customer.erased" {
            // Whoever leads an erasure asks for it directly; this is for what came in between.
            match event.id.parse() {
                Ok(customer) => {
                    crate::erase::erase(write, customer).await?;
                }
                Err(_) => {
                    tracing::error!(customer.id = %event.id, "an erased customer has no ULID");
                }
            }
            return Ok(());
        }
        let customer: Customer = event.decode()?;
        if event.kind == "customer.anonymized" {
            crate::erase::anonymize(write, &customer).await?;
        }
        let mut row = store::customer::row(event.project, &customer);
        if event.kind == "customer.deleted" && row.delete_time.is_none() {
            row.delete_time = Some(chassis::db::micros(event.create_time));
        }
        store::customer::save(write.tx(), row).await?;
        Ok(())
    }
}

//! The gRPC services: parse, call, answer.

mod access;
mod batch;
mod creation;
mod entitlement;
mod grant;
mod list;
mod product_access;

use chassis::{Context, Db, Env};
use contract::customer::v1::CustomerRef;
use kernel::id::CustomerId;

use crate::{
    clients::Clients, convert, error::EntitlementError, memory::Memory, reserved::Reserved,
};

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(crate) db: Db,
    pub(crate) clients: Clients,
    remembered: Memory,
    pub(crate) reserved: Reserved,
    page_key: [u8; 32],
}

/// Most values of one filter of a list.
const FILTER_MAX: usize = 1_000;

impl Server {
    /// The handlers of a service.
    pub fn new(env: &Env, db: Db, clients: Clients) -> Self {
        Self {
            remembered: Memory::new(env, db.clone(), clients.clone()),
            reserved: Reserved::default(),
            db,
            clients,
            page_key: env.page_key(),
        }
    }

    /// What is remembered, once it has taken in what was written before this call.
    async fn memory(&self) -> Result<&Memory, EntitlementError> {
        self.remembered.look().await?;
        Ok(&self.remembered)
    }

    /// The customers that a list is about; none for all.
    async fn customers_of_list(
        &self,
        context: &Context,
        references: &[CustomerRef],
        ids: &[String],
    ) -> Result<Option<Vec<CustomerId>>, EntitlementError> {
        check_filter("customers", references)?;
        check_filter("customer_ids", ids)?;
        if references.is_empty() && ids.is_empty() {
            return Ok(None);
        }
        let mut found: Vec<CustomerId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let named = references
            .iter()
            .enumerate()
            .map(|(index, reference)| {
                convert::named_customer(&format!("customers[{index}]"), Some(reference))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let known = self.clients.customers_named(context, &named).await?;
        for (reference, known) in named.iter().zip(known) {
            if let Some(id) = known {
                found.push(id);
                continue;
            }
            match self.clients.customer(context, reference).await {
                Ok(customer) => found.push(customer.id),
                // A deleted customer has nothing to show, and is no mistake of the caller.
                Err(EntitlementError::CustomerDeleted(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(found))
    }
}

fn check_filter<T>(field: &str, values: &[T]) -> Result<(), EntitlementError> {
    if values.len() > FILTER_MAX {
        return Err(EntitlementError::invalid(field, "must be at most 1000"));
    }
    Ok(())
}

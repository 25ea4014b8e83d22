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

use crate::{clients::Clients, error::EntitlementError, memory::Memory, reserved::Reserved};

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(crate) db: Db,
    pub(crate) clients: Clients,
    pub(crate) memory: Memory,
    pub(crate) reserved: Reserved,
    page_key: [u8; 32],
}

/// Most customers that a list filters by, by reference.
const CUSTOMERS_MAX: usize = 100;
/// Most customers that a list filters by, by id.
const CUSTOMER_IDS_MAX: usize = 1_000;
/// Most features that a list filters by.
const FEATURES_MAX: usize = 100;

impl Server {
    /// The handlers of a service.
    pub fn new(env: &Env, db: Db, clients: Clients) -> Self {
        Self {
            memory: Memory::new(env, db.clone(), clients.clone()),
            reserved: Reserved::default(),
            db,
            clients,
            page_key: env.page_key(),
        }
    }

    /// The customers that a list is about; none for all.
    async fn customers_of_list(
        &self,
        context: &Context,
        references: &[CustomerRef],
        ids: &[String],
    ) -> Result<Option<Vec<CustomerId>>, EntitlementError> {
        if references.len() > CUSTOMERS_MAX {
            return Err(EntitlementError::invalid(
                "customers",
                "must be at most 100",
            ));
        }
        if ids.len() > CUSTOMER_IDS_MAX {
            return Err(EntitlementError::invalid(
                "customer_ids",
                "must be at most 1000",
            ));
        }
        if references.is_empty() && ids.is_empty() {
            return Ok(None);
        }
        let mut found: Vec<CustomerId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        for reference in references {
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

fn check_features(features: &[String]) -> Result<(), EntitlementError> {
    if features.len() > FEATURES_MAX {
        return Err(EntitlementError::invalid("features", "must be at most 100"));
    }
    Ok(())
}

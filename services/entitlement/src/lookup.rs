//! From the names that a request uses to the entitlement that it means.

use std::fmt;

use chassis::Context;
use contract::customer::v1::CustomerRef;
use kernel::{Timestamp, id::EntitlementId};
use sea_orm::ConnectionTrait;

use crate::{
    clients::{Clients, Customer},
    domain::entitlement::Entitlement,
    error::EntitlementError,
    store,
};

/// An entitlement as a request names it.
#[derive(Clone, Debug)]
pub enum Target {
    /// By id, whatever its customer.
    Id(String),
    /// One of a customer.
    OfCustomer {
        /// The customer.
        customer: CustomerRef,
        /// Which of its entitlements.
        which: Which,
    },
}

/// Which entitlement of a customer.
#[derive(Clone, Debug)]
pub enum Which {
    /// By id.
    Id(String),
    /// The active one for a feature.
    FeatureKey(String),
    /// By id, else by feature key.
    IdOrFeatureKey(String),
}

/// A feature as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureName {
    /// By id.
    Id(String),
    /// By key.
    Key(String),
}

/// What a target came to.
#[derive(Clone, Debug)]
pub struct Found {
    /// The customer, when the target named it.
    pub customer: Option<Customer>,
    /// The entitlement, if there is one.
    pub entitlement: Option<Entitlement>,
    /// How the request named it.
    pub name: String,
}

impl fmt::Display for FeatureName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(name) | Self::Key(name) => formatter.write_str(name),
        }
    }
}

impl Which {
    fn name(&self) -> &str {
        match self {
            Self::Id(name) | Self::FeatureKey(name) | Self::IdOrFeatureKey(name) => name,
        }
    }

    fn id(&self) -> Option<EntitlementId> {
        match self {
            Self::Id(text) | Self::IdOrFeatureKey(text) => text.parse().ok(),
            Self::FeatureKey(_) => None,
        }
    }

    fn feature_key(&self) -> Option<&str> {
        match self {
            Self::FeatureKey(key) | Self::IdOrFeatureKey(key) => Some(key),
            Self::Id(_) => None,
        }
    }
}

impl Found {
    /// The entitlement, or that there is none.
    pub fn entitlement(self) -> Result<Entitlement, EntitlementError> {
        self.entitlement
            .ok_or(EntitlementError::EntitlementNotFound(self.name))
    }
}

/// Finds an entitlement: by id one that is not deleted, by feature key the one active at an instant.
pub async fn find(
    connection: &impl ConnectionTrait,
    clients: &Clients,
    context: &Context,
    target: &Target,
    at: Timestamp,
) -> Result<Found, EntitlementError> {
    let project = context.project;
    match target {
        Target::Id(name) => {
            let entitlement = match name.parse() {
                Ok(id) => store::entitlement::by_id(connection, project, id).await?,
                Err(_) => None,
            };
            Ok(Found {
                customer: None,
                entitlement,
                name: name.clone(),
            })
        }
        Target::OfCustomer { customer, which } => {
            let customer = clients.customer(context, customer).await?;
            let mut entitlement = None;
            if let Some(id) = which.id() {
                entitlement = store::entitlement::by_id(connection, project, id)
                    .await?
                    .filter(|found| found.customer == customer.id);
            }
            if let Some(key) = which.feature_key().filter(|_| entitlement.is_none()) {
                let keys = [key.to_owned()];
                let found = store::entitlement::of_customers(
                    connection,
                    project,
                    &[customer.id],
                    Some(&keys),
                )
                .await?;
                entitlement = found.into_iter().find(|found| found.is_active(at));
            }
            Ok(Found {
                customer: Some(customer),
                entitlement,
                name: which.name().to_owned(),
            })
        }
    }
}

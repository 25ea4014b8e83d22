//! From the names that a request uses to the entitlement that it means.

use std::{fmt, sync::Arc};

use chassis::Context;
use contract::customer::v1::CustomerRef;
use kernel::{Timestamp, id::EntitlementId, period::OpenPeriod};

use crate::{
    bought::bought_one,
    clients::Customer,
    domain::promotion::joined,
    error::EntitlementError,
    memory::{Known, Memory},
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
    pub customer: Option<Arc<Customer>>,
    /// The entitlement, if there is one.
    pub entitlement: Option<Known>,
    /// How the request named it.
    pub name: String,
    /// Promotional access to the feature that the request named, or access by what was bought, if there is no entitlement.
    pub promoted: Option<OpenPeriod>,
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
    pub fn entitlement(self) -> Result<Known, EntitlementError> {
        self.entitlement
            .ok_or(EntitlementError::EntitlementNotFound(self.name))
    }
}

/// Finds an entitlement: by id one that is not deleted, by feature key the one active at an instant.
pub async fn find(
    memory: &Memory,
    context: &Context,
    target: &Target,
    at: Timestamp,
) -> Result<Found, EntitlementError> {
    match target {
        Target::Id(name) => {
            let entitlement = match name.parse() {
                Ok(id) => memory.entitlement(context, id).await?,
                Err(_) => None,
            };
            Ok(Found {
                customer: None,
                entitlement,
                name: name.clone(),
                promoted: None,
            })
        }
        Target::OfCustomer { customer, which } => {
            let customer = memory.customer(context, customer).await?;
            let rights = memory.rights_of(context, customer.id).await?;
            let by_id = which.id().and_then(|id| rights.by_id(id));
            let entitlement =
                by_id.or_else(|| which.feature_key().and_then(|key| rights.active(key, at)));
            let promoted = match (&entitlement, which.feature_key()) {
                (None, Some(key)) => {
                    let bought = bought_one(memory, context, customer.id, key, at).await?;
                    joined(rights.promoted(key, at).into_iter().chain(bought))
                }
                (Some(_), _) | (None, None) => None,
            };
            Ok(Found {
                customer: Some(customer),
                entitlement,
                promoted,
                name: which.name().to_owned(),
            })
        }
    }
}

//! Making an entitlement around its transaction: what must be asked of others before, the customer's
//! hold that stands in between, and what is told after.

use chassis::{Context, Write};
use contract::entitlement::v1 as pb;
use kernel::id::EntitlementId;

use super::Server;
use crate::{
    clients::Customer,
    convert,
    domain::{
        creation::NewEntitlement,
        entitlement::{Entitlement, Feature},
        grant::Grant,
    },
    error::EntitlementError,
    holds, provision, store,
};

/// An entitlement that is ready to be stored.
pub(super) struct Prepared {
    /// The entitlement.
    pub made: Entitlement,
    /// The grants that come along.
    grants: Vec<Grant>,
}

impl Prepared {
    /// Stores it, if its customer has nothing else for the feature. The customer must be locked.
    pub(super) async fn insert(self, write: &mut Write) -> Result<Entitlement, EntitlementError> {
        let project = write.context().project;
        let made = self.made;
        let there = provision::occupants(write, made.customer).await?;
        provision::ensure_free(&made.occupant(), &there, made.customer)?;
        store::entitlement::insert(write.tx(), project, &made).await?;
        provision::record(write, "entitlement.created", None, &made).await?;
        for grant in self.grants {
            store::grant::insert(write.tx(), project, &made, &grant).await?;
            provision::record_grant(write, &made, grant).await?;
        }
        Ok(made)
    }
}

impl Server {
    /// Everything of a creation that comes before its transaction.
    pub(super) async fn prepare_creation(
        &self,
        context: &Context,
        request: &pb::CreateEntitlementRequest,
    ) -> Result<Prepared, EntitlementError> {
        let asked = request.entitlement.clone().unwrap_or_default();
        let reference = convert::named_customer("entitlement.customer", asked.customer.as_ref())?;
        let feature_name = convert::feature_name(&asked)?;
        let new = convert::new_entitlement(asked)?;
        let customer = self.clients.customer(context, &reference).await?;
        let feature = self.clients.feature(context, &feature_name).await?;
        self.prepare(context, new, &customer, feature).await
    }

    /// Everything of an override that comes before its transaction; with the entitlement to replace.
    pub(super) async fn prepare_override(
        &self,
        context: &Context,
        request: &pb::OverrideEntitlementRequest,
    ) -> Result<(EntitlementId, Prepared), EntitlementError> {
        let target = convert::target(request.entitlement.clone())?;
        let asked = request.replacement.clone().unwrap_or_default();
        let replacement = |error: EntitlementError| error.moved("entitlement", "replacement");
        let feature_name = convert::feature_name(&asked).map_err(replacement)?;
        let reference = asked
            .customer
            .as_ref()
            .map(|named| convert::named_customer("replacement.customer", Some(named)))
            .transpose()?;
        let new = convert::new_entitlement(asked).map_err(replacement)?;
        let old = self.find(context, &target).await?;
        old.ensure_unmanaged()?;
        let feature = self.clients.feature(context, &feature_name).await?;
        if feature.key != old.feature_key {
            return Err(EntitlementError::OverrideOfOtherFeature {
                expected: old.feature_key.clone(),
                sent: feature.key,
            });
        }
        let customer = self.customer_of(context, old.customer).await?;
        if let Some(reference) = reference
            && self.clients.customer(context, &reference).await?.id != customer.id
        {
            return Err(EntitlementError::OverrideOfOtherCustomer(customer.id));
        }
        let prepared = self.prepare(context, new, &customer, feature).await;
        Ok((old.id, prepared.map_err(replacement)?))
    }

    async fn prepare(
        &self,
        context: &Context,
        new: NewEntitlement,
        customer: &Customer,
        feature: Feature,
    ) -> Result<Prepared, EntitlementError> {
        if customer.subjects.is_empty() {
            return Err(EntitlementError::CustomerWithoutSubjects(customer.id));
        }
        let id: EntitlementId = chassis::id::next();
        let (made, grants) = new.make(id, customer.id, feature, context.now, chassis::id::next)?;
        if made.metered().is_ok() {
            self.clients.hold_meters(context, &[&made]).await?;
        }
        holds::place_provisional(&self.clients, context, customer.id, id, &made.feature_key)
            .await?;
        Ok(Prepared { made, grants })
    }

    /// After a creation: the hold gets its real span, or goes when the entitlement did not come to be.
    pub(super) async fn after_creation(
        &self,
        context: &Context,
        made: Option<&Entitlement>,
        stored: Option<&pb::Entitlement>,
    ) {
        let Some(made) = made else { return };
        if stored.is_some_and(|stored| stored.id == made.id.to_string()) {
            self.tell_customers(context).await;
        } else {
            holds::drop_provisional(&self.clients, context, made.customer, made.id).await;
        }
    }

    /// Tells the customer service what it must know; what fails, the timer tells.
    pub(super) async fn tell_customers(&self, context: &Context) {
        match store::entitlement::with_hold_due(self.db.reader(), context.project, 100).await {
            Ok(due) => {
                holds::tell(&self.db, &self.clients, context, &due).await;
            }
            Err(error) => {
                tracing::warn!(%error, "entitlements with news for customers cannot be read");
            }
        }
    }
}

//! The entitlements that subscriptions bring along: reserved before a subscription is committed, made
//! fact afterwards by its full state. A state can come again, late, or not at all before the feed
//! brings it; only the revision decides.

use std::collections::BTreeMap;

use chassis::{Context, Write, clock::system_now};
use contract::entitlement::v1 as pb;
use jiff::SignedDuration;
use kernel::{
    Timestamp,
    id::{CustomerId, FeatureId},
};

use crate::{
    clients::Clients,
    convert,
    domain::{
        entitlement::{Entitlement, Feature},
        occupancy::{Holder, Occupant, clash},
        subscription::{ItemRight, SubscriptionRights, difference},
    },
    error::EntitlementError,
    store::{self, grant::OwnedGrant, subscription::Reservation},
};

/// How long a reservation is held, in system time.
const RESERVATION: SignedDuration = SignedDuration::from_secs(60);

/// Features by the names that rate cards use.
#[derive(Clone, Debug, Default)]
pub struct Features {
    by_id: BTreeMap<FeatureId, Feature>,
    by_key: BTreeMap<String, Feature>,
}

impl Features {
    /// Reads the features of all rights; archived ones keep working.
    pub async fn of(
        clients: &Clients,
        context: &Context,
        rights: &[ItemRight],
    ) -> Result<Self, EntitlementError> {
        let mut ids: Vec<String> = rights
            .iter()
            .filter_map(|right| right.feature_id)
            .map(|id| id.to_string())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut keys: Vec<String> = rights
            .iter()
            .filter(|right| right.feature_id.is_none())
            .map(|right| right.feature_key.clone())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let mut features = Self::default();
        for feature in clients.features(context, ids, keys, true).await? {
            // The live one of a key comes first.
            features
                .by_key
                .entry(feature.key.clone())
                .or_insert_with(|| feature.clone());
            features.by_id.insert(feature.id, feature);
        }
        Ok(features)
    }

    fn get(&self, right: &ItemRight) -> Result<&Feature, EntitlementError> {
        match right.feature_id {
            Some(id) => self.by_id.get(&id),
            None => self.by_key.get(&right.feature_key),
        }
        .ok_or_else(|| EntitlementError::FeatureNotFound(right.feature_key.clone()))
    }
}

/// Everything that takes features of a customer: entitlements and reservations. For a subscription, its
/// own are left out, and other subscriptions count as they are about to become.
pub async fn occupants(
    write: &Write,
    customer: CustomerId,
    subscription: Option<&SubscriptionRights>,
) -> Result<Vec<Occupant>, EntitlementError> {
    let project = write.context().project;
    let own = subscription.map(|rights| rights.id);
    let reservations =
        store::subscription::reservations_of(write.tx(), project, customer, system_now()).await?;
    let mut found = Vec::new();
    let entitlements =
        store::entitlement::of_customers(write.tx(), project, &[customer], None).await?;
    for entitlement in entitlements {
        let manager = entitlement.managed_by.map(|manager| manager.subscription);
        let is_own = manager.is_some() && manager == own;
        // Two subscriptions may change together: what the other one is about to become counts.
        let is_about_to_change = own.is_some()
            && reservations
                .iter()
                .any(|reservation| Some(reservation.subscription) == manager);
        if !is_own && !is_about_to_change {
            found.push(entitlement.occupant());
        }
    }
    for reservation in reservations {
        if Some(reservation.subscription) != own {
            found.extend(reservation.occupants);
        }
    }
    Ok(found)
}

/// Refuses what would clash.
pub fn ensure_free(
    wanted: &Occupant,
    there: &[Occupant],
    customer: CustomerId,
) -> Result<(), EntitlementError> {
    let Some(other) = clash(wanted, there) else {
        return Ok(());
    };
    let feature_key = wanted.feature_key.clone();
    Err(match other.holder {
        Holder::Entitlement(existing) => EntitlementError::EntitlementExists {
            existing,
            feature_key,
            customer,
        },
        Holder::Reservation(subscription) => EntitlementError::ReservedBySubscription {
            subscription,
            feature_key,
            customer,
        },
    })
}

/// Reserves what a state will need; answers until when.
pub async fn reserve(
    write: &Write,
    rights: &SubscriptionRights,
) -> Result<Timestamp, EntitlementError> {
    let project = write.context().project;
    let expires = system_now()
        .checked_add(RESERVATION)
        .unwrap_or(Timestamp::MAX);
    store::lock_customer(write, rights.customer).await?;
    let applied = store::subscription::applied_revision(write.tx(), project, rights.id).await?;
    if applied.is_some_and(|applied| applied >= rights.revision) {
        return Ok(expires);
    }
    let there = occupants(write, rights.customer, Some(rights)).await?;
    let wanted: Vec<Occupant> = rights
        .rights
        .iter()
        .map(|right| right.occupant(rights.id))
        .collect();
    for occupant in &wanted {
        ensure_free(occupant, &there, rights.customer)?;
    }
    let reservation = Reservation {
        subscription: rights.id,
        customer: rights.customer,
        revision: rights.revision,
        occupants: wanted,
        expires,
    };
    store::subscription::put_reservation(write.tx(), project, &reservation).await?;
    Ok(expires)
}

/// Refuses rights that could not be made.
pub fn check(rights: &SubscriptionRights, features: &Features) -> Result<(), EntitlementError> {
    for right in &rights.rights {
        right.check(features.get(right)?)?;
    }
    Ok(())
}

/// Whether a state is newer than the one applied.
pub async fn is_news(
    connection: &impl sea_orm::ConnectionTrait,
    context: &Context,
    rights: &SubscriptionRights,
) -> Result<bool, EntitlementError> {
    let applied =
        store::subscription::applied_revision(connection, context.project, rights.id).await?;
    Ok(applied.is_none_or(|applied| applied < rights.revision))
}

/// Makes the entitlements of a subscription what its state says; answers those that changed.
pub async fn apply(
    write: &mut Write,
    rights: SubscriptionRights,
    features: &Features,
) -> Result<Vec<Entitlement>, EntitlementError> {
    let context = write.context().clone();
    let (project, now) = (context.project, context.now);
    let (subscription, customer) = (rights.id, rights.customer);
    store::lock_customer(write, customer).await?;
    if !is_news(write.tx(), &context, &rights).await? {
        return Ok(Vec::new());
    }
    let there = store::entitlement::of_subscription(write.tx(), project, subscription).await?;
    let before: BTreeMap<_, _> = there
        .iter()
        .map(|entitlement| (entitlement.id, entitlement.clone()))
        .collect();
    let difference = difference(rights.rights, there, now);
    let mut changed = Vec::new();
    for gone in difference.delete {
        delete(write, before.get(&gone.id), &gone).await?;
        changed.push(gone);
    }
    for retimed in difference.retime {
        store::entitlement::update(write.tx(), project, &retimed, true).await?;
        record(
            write,
            "entitlement.updated",
            before.get(&retimed.id),
            &retimed,
        )
        .await?;
        changed.push(retimed);
    }
    for right in difference.create {
        let feature = match features.get(&right) {
            Ok(feature) => feature,
            Err(error) => {
                tracing::error!(subscription.id = %subscription, %error, "an item of a subscription brings no entitlement");
                continue;
            }
        };
        let wanted = right.occupant(subscription);
        changed.extend(give_way(write, customer, &wanted).await?);
        let made = right.make(
            chassis::id::next(),
            subscription,
            customer,
            feature,
            now,
            chassis::id::next,
        );
        let (entitlement, grant) = match made {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(subscription.id = %subscription, %error, "an item of a subscription brings no entitlement");
                continue;
            }
        };
        store::entitlement::insert(write.tx(), project, &entitlement).await?;
        record(write, "entitlement.created", None, &entitlement).await?;
        if let Some(grant) = grant {
            store::grant::insert(write.tx(), project, &entitlement, &grant).await?;
            record_grant(write, &entitlement, grant).await?;
        }
        changed.push(entitlement);
    }
    store::subscription::put_applied(write.tx(), project, subscription, customer, rights.revision)
        .await?;
    Ok(changed)
}

/// Ends whatever would clash with an item of a committed subscription. Its reservation keeps that from
/// happening; when it ran out before the state came, the subscription still cannot be refused.
async fn give_way(
    write: &mut Write,
    customer: CustomerId,
    wanted: &Occupant,
) -> Result<Vec<Entitlement>, EntitlementError> {
    let context = write.context().clone();
    let (project, now) = (context.project, context.now);
    let keys = [wanted.feature_key.clone()];
    let there =
        store::entitlement::of_customers(write.tx(), project, &[customer], Some(&keys)).await?;
    let mut ended = Vec::new();
    for other in there {
        if !wanted.clashes_with(&other.occupant()) {
            continue;
        }
        tracing::warn!(entitlement.id = %other.id, "an entitlement ends because a committed subscription takes its feature");
        let after = Entitlement {
            active_to: Some(wanted.span.start.max(other.active_from)),
            updated: now,
            revision: other.revision + 1,
            ..other.clone()
        };
        store::entitlement::update(write.tx(), project, &after, true).await?;
        record(write, "entitlement.updated", Some(&other), &after).await?;
        ended.push(after);
    }
    Ok(ended)
}

/// Stores the deletion of an entitlement with its grants, and records it.
pub async fn delete(
    write: &mut Write,
    before: Option<&Entitlement>,
    gone: &Entitlement,
) -> Result<(), EntitlementError> {
    let (project, now) = (write.context().project, write.context().now);
    store::entitlement::update(write.tx(), project, gone, true).await?;
    store::grant::delete_of(write.tx(), project, gone.id, now).await?;
    record(write, "entitlement.deleted", before, gone).await
}

/// Records a change of an entitlement.
pub async fn record(
    write: &mut Write,
    kind: &'static str,
    before: Option<&Entitlement>,
    after: &Entitlement,
) -> Result<(), EntitlementError> {
    let now = write.context().now;
    let before = before
        .map(|before| convert::entitlement(before, now))
        .transpose()?;
    let state: pb::Entitlement = convert::entitlement(after, now)?;
    write
        .record(
            kind,
            &state.id,
            after.revision,
            before.as_ref(),
            Some(&state),
        )
        .await?;
    Ok(())
}

/// Records a new grant; answers it as it is shown.
pub async fn record_grant(
    write: &mut Write,
    entitlement: &Entitlement,
    grant: crate::domain::grant::Grant,
) -> Result<pb::Grant, EntitlementError> {
    let now = write.context().now;
    let revision = grant.revision;
    let owned = OwnedGrant {
        grant,
        customer: entitlement.customer,
        feature_key: entitlement.feature_key.clone(),
    };
    let state = convert::grant(&owned, now)?;
    write
        .record("grant.created", &state.id, revision, None, Some(&state))
        .await?;
    Ok(state)
}

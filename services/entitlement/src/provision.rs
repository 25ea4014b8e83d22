//! The entitlements that subscriptions bring along: reserved before a subscription is committed, made
//! fact afterwards by its full state. A state can come again, late, or not at all before the feed
//! brings it; only the revision decides.

use std::collections::BTreeMap;

use chassis::{Context, Guard, Write, clock::system_now};
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
    store::{
        self,
        grant::OwnedGrant,
        subscription::{Reservation, Standing},
    },
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

    /// Whether the features of all rights are known.
    pub fn cover(&self, rights: &[ItemRight]) -> bool {
        rights.iter().all(|right| self.get(right).is_ok())
    }

    fn get(&self, right: &ItemRight) -> Result<&Feature, EntitlementError> {
        match right.feature_id {
            Some(id) => self.by_id.get(&id),
            None => self.by_key.get(&right.feature_key),
        }
        .ok_or_else(|| EntitlementError::FeatureNotFound(right.feature_key.clone()))
    }
}

/// Everything that takes features of a customer: entitlements and reservations.
pub async fn occupants(
    write: &Write,
    customer: CustomerId,
) -> Result<Vec<Occupant>, EntitlementError> {
    let project = write.context().project;
    let reservations =
        store::subscription::reservations_of(write.tx(), project, customer, system_now()).await?;
    let entitlements =
        store::entitlement::of_customers(write.tx(), project, &[customer], None).await?;
    Ok(occupants_beside(None, entitlements, reservations))
}

/// The same of what is known. For a subscription, its own are left out, and other subscriptions count as they are about to become.
fn occupants_beside(
    subscription: Option<&SubscriptionRights>,
    entitlements: Vec<Entitlement>,
    reservations: Vec<Reservation>,
) -> Vec<Occupant> {
    let own = subscription.map(|rights| rights.id);
    let mut found = Vec::new();
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
    found
}

/// What decides about a subscription, and the customer's live entitlements; whoever would change either waits.
async fn standing(
    write: &Write,
    rights: &SubscriptionRights,
) -> Result<(Standing, Vec<Entitlement>), EntitlementError> {
    let (tx, project, customer) = (write.tx(), write.context().project, rights.customer);
    store::lock_customer(write, customer).await?;
    let standing =
        store::subscription::standing(tx, project, customer, rights.id, system_now()).await?;
    let there = if standing.entitled {
        store::entitlement::of_customers(tx, project, &[customer], None).await?
    } else {
        Vec::new()
    };
    Ok((standing, there))
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

/// Reserves what a state will need; answers until when. Where the customer has nothing that could be in the way, nobody is waited for and
/// nothing looked at: the commit makes sure of that.
pub async fn reserve(
    write: &Write,
    rights: &SubscriptionRights,
    guard: Guard,
) -> Result<Timestamp, EntitlementError> {
    let project = write.context().project;
    let expires = system_now()
        .checked_add(RESERVATION)
        .unwrap_or(Timestamp::MAX);
    let wanted: Vec<Occupant> = rights
        .rights
        .iter()
        .map(|right| right.occupant(rights.id))
        .collect();
    match guard {
        Guard::Checked => store::subscription::check_alone(write, rights, system_now()),
        Guard::Locked => {
            let (standing, there) = standing(write, rights).await?;
            if standing.knows(rights.revision) {
                return Ok(expires);
            }
            let there = occupants_beside(Some(rights), there, standing.reservations);
            for occupant in &wanted {
                ensure_free(occupant, &there, rights.customer)?;
            }
        }
    }
    let reservation = Reservation {
        subscription: rights.id,
        customer: rights.customer,
        revision: rights.revision,
        occupants: wanted,
        expires,
    };
    store::subscription::put_reservation_later(write, project, &reservation, system_now())?;
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

/// What an applied state brought about.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Entitlements that changed, deleted ones and those of others too, as far as other services have to be told of them.
    pub changed: Vec<Entitlement>,
    /// Live entitlements of the subscription now, by start of activity.
    pub there: Vec<Entitlement>,
}

/// Makes the entitlements of a subscription what its state says; none when the state is not newer than what was applied.
pub async fn apply(
    write: &mut Write,
    rights: SubscriptionRights,
    features: &Features,
    guard: Guard,
) -> Result<Option<Applied>, EntitlementError> {
    let context = write.context().clone();
    let (project, now) = (context.project, context.now);
    let (subscription, customer) = (rights.id, rights.customer);
    let all = match guard {
        Guard::Checked => {
            store::subscription::check_alone(write, &rights, system_now());
            Vec::new()
        }
        Guard::Locked => {
            let (standing, all) = standing(write, &rights).await?;
            if standing.knows(rights.revision) {
                return Ok(None);
            }
            all
        }
    };
    let is_own = |found: &Entitlement| {
        found
            .managed_by
            .is_some_and(|by| by.subscription == subscription)
    };
    let (there, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_own);
    let (mut made_entitlements, mut made_grants) = (Vec::new(), Vec::new());
    let before: BTreeMap<_, _> = there
        .iter()
        .map(|entitlement| (entitlement.id, entitlement.clone()))
        .collect();
    let mut now_there = before.clone();
    let difference = difference(rights.rights, there, now);
    let mut changed = Vec::new();
    for gone in difference.delete {
        delete(write, before.get(&gone.id), &gone).await?;
        now_there.remove(&gone.id);
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
        now_there.insert(retimed.id, retimed.clone());
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
        changed.extend(give_way(write, &mut others, &wanted).await?);
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
        record(write, "entitlement.created", None, &entitlement).await?;
        if let Some(grant) = grant {
            record_grant(write, &entitlement, grant.clone()).await?;
            made_grants.push((entitlement.clone(), grant));
        }
        made_entitlements.push(entitlement);
    }
    store::entitlement::insert_later(write, project, &made_entitlements)?;
    store::grant::insert_later(write, project, &made_grants)?;
    let mut there: Vec<Entitlement> = now_there.into_values().collect();
    there.extend(made_entitlements.iter().cloned());
    there.sort_by_key(|found| (found.active_from, found.id));
    changed.append(&mut made_entitlements);
    changed.retain(Entitlement::concerns_others);
    let revision = rights.revision;
    store::subscription::put_applied_later(write, project, subscription, customer, revision);
    Ok(Some(Applied { changed, there }))
}

/// Ends whatever would clash with an item of a committed subscription. Its reservation keeps that from
/// happening; when it ran out before the state came, the subscription still cannot be refused.
async fn give_way(
    write: &mut Write,
    others: &mut [Entitlement],
    wanted: &Occupant,
) -> Result<Vec<Entitlement>, EntitlementError> {
    let context = write.context().clone();
    let (project, now) = (context.project, context.now);
    let mut ended = Vec::new();
    for other in others {
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
        record(write, "entitlement.updated", Some(other), &after).await?;
        *other = after.clone();
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

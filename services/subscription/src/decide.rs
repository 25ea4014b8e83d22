//! What a change makes of a customer's subscriptions: pure decisions on what is stored, for the engine to carry out.

use chassis::Context;
use kernel::id::{CustomerId, SubscriptionId, Ulid};

use crate::domain::lifecycle::Timing;
use crate::domain::plan::{NewSubscription, Plan, subscribe};
use crate::domain::rate_card::Labels;
use crate::domain::status::Status;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;
use crate::provision::{Reservation, Saved};

/// A change of plan to be decided.
pub struct Succession {
    /// Whose.
    pub customer: CustomerId,
    /// The one that ends.
    pub current: SubscriptionId,
    /// The plan of the next.
    pub plan: Plan,
    /// When.
    pub timing: Timing,
    /// What the caller says about the next.
    pub new: NewSubscription,
    /// Only a newer version of the same plan will do.
    pub migration: bool,
}

impl Succession {
    /// The end of the current one and the start of the next.
    pub fn decide(
        &self,
        stored: &[Subscription],
        context: &Context,
    ) -> Result<Vec<Saved>, SubscriptionError> {
        let before = pick(stored, self.current)?;
        if self.migration {
            before.check_migration(self.plan.reference.as_ref().map_or(0, |plan| plan.version))?;
        }
        let current = before.canceled(self.timing, context.now)?;
        let mut new = self.new.clone();
        new.active_from = current.active_to.unwrap_or(context.now);
        new.billing_anchor = Some(new.billing_anchor.unwrap_or(before.billing_anchor));
        if self.migration {
            new.name.clone_from(&before.name);
            new.description.clone_from(&before.description);
            new.metadata.clone_from(&before.metadata);
        }
        let next = subscribe(&self.plan, new, context.now, &mut mint)?;
        let next = next.linked_after(Some(&before.id.to_string()));
        let current = current.linked_before(Some(&next.id.to_string()));
        Ok(vec![
            Saved {
                before: Some(before.clone()),
                after: current,
                reservation: Reservation::Entitlements,
            },
            Saved {
                before: None,
                after: next,
                reservation: Reservation::All,
            },
        ])
    }
}

/// Takes the end of a subscription back; whatever was to follow it is deleted, if it has not begun.
pub fn restore(
    stored: &[Subscription],
    id: SubscriptionId,
    context: &Context,
) -> Result<Vec<Saved>, SubscriptionError> {
    let before = pick(stored, id)?;
    let mut saved = vec![Saved {
        before: Some(before.clone()),
        after: before.restored(context.now)?,
        reservation: Reservation::All,
    }];
    for other in stored {
        if other.id != id && other.status_at(context.now) != Status::Inactive {
            saved.push(Saved {
                before: Some(other.clone()),
                after: other.deleted(context.now)?,
                reservation: Reservation::Entitlements,
            });
        }
    }
    Ok(saved)
}

/// Deletes a subscription and links its neighbours to each other.
pub fn delete(
    stored: &[Subscription],
    id: SubscriptionId,
    context: &Context,
) -> Result<Vec<Saved>, SubscriptionError> {
    let before = pick(stored, id)?;
    let deleted = Saved {
        before: Some(before.clone()),
        after: before.deleted(context.now)?,
        reservation: Reservation::None,
    };
    let relinked = relinked(stored, before, context);
    Ok(std::iter::once(deleted).chain(relinked).collect())
}

/// A fresh id.
pub fn mint() -> Ulid {
    chassis::id::next()
}

/// One of the customer's subscriptions.
pub fn pick(
    stored: &[Subscription],
    id: SubscriptionId,
) -> Result<&Subscription, SubscriptionError> {
    stored
        .iter()
        .find(|subscription| subscription.id == id)
        .ok_or_else(|| SubscriptionError::NotFound(id.to_string()))
}

/// A plan of its own names the subscription; else the caller does, or the plan.
pub fn named(
    plan: &Plan,
    customer: CustomerId,
    name: &str,
    description: &str,
    metadata: &Labels,
) -> NewSubscription {
    let custom = plan.reference.is_none();
    NewSubscription {
        customer_id: customer,
        name: if custom {
            plan.name.clone()
        } else {
            name.to_owned()
        },
        description: if custom {
            plan.description.clone()
        } else {
            description.to_owned()
        },
        metadata: if custom {
            plan.metadata.clone()
        } else {
            metadata.clone()
        },
        active_from: jiff::Timestamp::UNIX_EPOCH,
        billing_anchor: None,
        starting_phase: None,
    }
}

/// The phase that the caller wants to start with.
pub fn starting_phase(plan: &Plan, key: &str) -> Result<Option<String>, SubscriptionError> {
    if key.is_empty() {
        return Ok(None);
    }
    if plan.reference.is_none() {
        return Err(SubscriptionError::field(
            "starting_phase_key",
            "does not apply to a custom plan",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// The neighbours of a subscription that goes away, linked to each other.
fn relinked(stored: &[Subscription], gone: &Subscription, context: &Context) -> Vec<Saved> {
    let gone_id = gone.id.to_string();
    let relink = |subscription: &Subscription| {
        let before = subscription.superseding_id() == Some(&gone_id);
        let after = subscription.previous_id() == Some(&gone_id);
        let mut linked = subscription.clone();
        if before {
            linked = linked.linked_before(gone.superseding_id());
        }
        if after {
            linked = linked.linked_after(gone.previous_id());
        }
        (before || after).then(|| Saved {
            before: Some(subscription.clone()),
            after: linked.written(context.now),
            reservation: Reservation::None,
        })
    };
    stored
        .iter()
        .filter(|subscription| subscription.id != gone.id)
        .filter_map(relink)
        .collect()
}

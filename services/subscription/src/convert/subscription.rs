//! Subscriptions as they are shown and as they are told to other services.

use contract::convert::timestamp;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::period::OpenPeriod;

use super::rate_card;
use crate::domain::status::Status;
use crate::domain::subscription::{Phase, Proration, Subscription};
use crate::domain::timeline::PhaseTimes;
use crate::error::SubscriptionError;

/// A subscription without its phases, at an instant.
pub fn to_proto(subscription: &Subscription, now: Timestamp) -> pb::Subscription {
    pb::Subscription {
        id: subscription.id.to_string(),
        customer_id: subscription.customer_id.to_string(),
        plan: subscription.plan.as_ref().map(|plan| pb::PlanReference {
            id: plan.id.clone(),
            key: plan.key.clone(),
            version: plan.version,
        }),
        name: subscription.name.clone(),
        description: subscription.description.clone(),
        metadata: subscription.metadata.clone().into_iter().collect(),
        annotations: subscription.annotations.clone().into_iter().collect(),
        currency_code: subscription.currency.code().to_owned(),
        status: status(subscription.status_at(now)).into(),
        active_from_time: Some(timestamp(subscription.active_from)),
        active_to_time: subscription.active_to.map(timestamp),
        billing_cadence: subscription.billing_cadence.as_str().to_owned(),
        billing_anchor_time: Some(timestamp(subscription.billing_anchor)),
        proration_mode: match subscription.proration {
            Proration::None => pb::ProrationMode::None,
            Proration::ProratePrices => pb::ProrationMode::ProratePrices,
        }
        .into(),
        etag: chassis::etag::of(subscription.revision),
        create_time: Some(timestamp(subscription.created_at)),
        update_time: Some(timestamp(subscription.updated_at)),
        delete_time: subscription.deleted_at.map(timestamp),
        revision: subscription.revision,
        is_reported: false,
    }
}

/// The full state that other services apply.
pub fn state(
    subscription: &Subscription,
    now: Timestamp,
) -> Result<pb::SubscriptionState, SubscriptionError> {
    let times = subscription
        .times()
        .map_err(crate::domain::refusal::Refusal::from)?;
    Ok(pb::SubscriptionState {
        subscription: Some(to_proto(subscription, now)),
        phases: subscription
            .phases
            .iter()
            .zip(&times)
            .map(|(phase, times)| phase_to(phase, times))
            .collect(),
        deleted: subscription.deleted_at.is_some(),
    })
}

/// The subscription as it stands at an instant: the one asked for, else now.
pub fn view(
    subscription: &Subscription,
    asked: Option<Timestamp>,
    now: Timestamp,
) -> Result<pb::SubscriptionView, SubscriptionError> {
    let times = subscription
        .times()
        .map_err(crate::domain::refusal::Refusal::from)?;
    let at = asked.unwrap_or(now).max(subscription.active_from);
    let started = asked.is_some() || now >= subscription.active_from;
    let period = started
        .then(|| subscription.billing_period_at(at))
        .transpose()?;
    let phases = subscription
        .phases
        .iter()
        .zip(&times)
        .map(|(phase, times)| {
            let shown = Subscription::shown_items(times, phase, at);
            let items = shown
                .into_iter()
                .map(|(timeline, version)| item_to(phase, times, timeline, version))
                .collect();
            pb::PhaseView {
                phase: Some(phase_to(phase, times)),
                items,
            }
        });
    Ok(pb::SubscriptionView {
        subscription: Some(to_proto(subscription, now)),
        current_billing_period_start_time: period.map(|period| timestamp(period.start)),
        current_billing_period_end_time: period.map(|period| timestamp(period.end)),
        phases: phases.collect(),
    })
}

/// Reads a status of a filter.
pub fn status_from(value: i32) -> Result<Status, SubscriptionError> {
    match pb::SubscriptionStatus::try_from(value) {
        Ok(pb::SubscriptionStatus::Scheduled) => Ok(Status::Scheduled),
        Ok(pb::SubscriptionStatus::Active) => Ok(Status::Active),
        Ok(pb::SubscriptionStatus::Canceled) => Ok(Status::Canceled),
        Ok(pb::SubscriptionStatus::Inactive) => Ok(Status::Inactive),
        Ok(pb::SubscriptionStatus::Unspecified) | Err(_) => {
            Err(SubscriptionError::field("statuses", "is not a status"))
        }
    }
}

fn status(status: Status) -> pb::SubscriptionStatus {
    match status {
        Status::Scheduled => pb::SubscriptionStatus::Scheduled,
        Status::Active => pb::SubscriptionStatus::Active,
        Status::Canceled => pb::SubscriptionStatus::Canceled,
        Status::Inactive => pb::SubscriptionStatus::Inactive,
    }
}

fn phase_to(phase: &Phase, times: &PhaseTimes) -> pb::Phase {
    let timelines = phase
        .timelines
        .iter()
        .enumerate()
        .map(|(index, timeline)| pb::ItemTimeline {
            key: timeline.key.clone(),
            versions: (0..timeline.versions.len())
                .map(|version| item_to(phase, times, index, version))
                .collect(),
        });
    pb::Phase {
        id: phase.id.to_string(),
        key: phase.key.clone(),
        name: phase.name.clone(),
        description: phase.description.clone(),
        start_time: Some(timestamp(times.period.start)),
        end_time: times.period.end.map(timestamp),
        timelines: timelines.collect(),
        start_after_duration: phase.start_after.as_str().to_owned(),
        create_time: Some(timestamp(phase.created_at)),
        update_time: Some(timestamp(phase.updated_at)),
    }
}

fn item_to(phase: &Phase, times: &PhaseTimes, timeline: usize, index: usize) -> pb::Item {
    let version = &phase.timelines[timeline].versions[index];
    let OpenPeriod { start, end } = times.items[timeline][index];
    pb::Item {
        id: version.id.to_string(),
        key: phase.timelines[timeline].key.clone(),
        version_index: i32::try_from(index).unwrap_or(i32::MAX),
        rate_card: Some(rate_card::to_proto(&version.card)),
        start_time: Some(timestamp(start)),
        end_time: end.map(timestamp),
        create_time: Some(timestamp(version.created_at)),
        update_time: Some(timestamp(version.updated_at)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::fixture::{Sketch, time};

    #[test]
    fn a_view_before_the_start_is_that_of_the_start() {
        let subscription = Sketch::new("2024-02-01T00:00:00Z")
            .phases(&["P1M", ""])
            .build();
        let now = time("2024-01-20T00:00:00Z");
        let scheduled = view(&subscription, None, now).unwrap();
        assert_eq!(scheduled.current_billing_period_start_time, None);
        assert_eq!(scheduled.phases[0].items.len(), 1);
        let asked = view(&subscription, Some(time("2024-01-01T00:00:00Z")), now).unwrap();
        assert_eq!(
            asked.current_billing_period_start_time,
            Some(timestamp(subscription.active_from))
        );
        assert_eq!(
            asked.subscription.unwrap().status(),
            pb::SubscriptionStatus::Scheduled
        );
    }

    #[test]
    fn a_state_holds_every_version_in_absolute_times() {
        let subscription = Sketch::new("2024-01-01T00:00:00Z")
            .phases(&["P1M", ""])
            .build();
        let state = state(&subscription, subscription.active_from).unwrap();
        let second = &state.phases[1].timelines[0].versions[0];
        assert_eq!(
            second.start_time,
            Some(timestamp(time("2024-02-01T00:00:00Z")))
        );
        assert_eq!((second.end_time, state.deleted), (None, false));
        assert_eq!(state.subscription.unwrap().etag, chassis::etag::of(1));
    }
}

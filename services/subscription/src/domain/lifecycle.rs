//! Ends and beginnings: cancel, take a cancellation back, delete, and the links between a subscription and the one that
//! follows it. Every function gives the next state; the old one stays as it was.

use jiff::Timestamp;

use super::refusal::Refusal;
use super::status::Action;
use super::subscription::{PREVIOUS_ID, SUPERSEDING_ID, Subscription};

/// When a change is to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Now.
    Immediate,
    /// At the end of the current aligned billing period.
    NextBillingCycle,
    /// At an instant of the caller's choice.
    At(Timestamp),
}

impl Subscription {
    /// Gives it an end.
    pub fn canceled(&self, timing: Timing, now: Timestamp) -> Result<Self, Refusal> {
        self.permit(Action::Cancel, now)?;
        let end = match timing {
            Timing::Immediate => now,
            Timing::NextBillingCycle => self.billing_period_at(now)?.end,
            Timing::At(end) => {
                let period = self.billing_period_at(end)?;
                if end != period.start && end != period.end {
                    return Err(Refusal::MisalignedTiming);
                }
                end
            }
        };
        Ok(Self {
            active_to: Some(end),
            ..self.clone()
        }
        .written(now))
    }

    /// Ends it now, also where an end lies ahead: what was paid for is given back and no longer used.
    pub fn ended(&self, now: Timestamp) -> Result<Self, Refusal> {
        self.permit(Action::End, now)?;
        Ok(Self {
            active_to: Some(now),
            ..self.clone()
        }
        .written(now))
    }

    /// Takes its end back.
    pub fn continued(&self, now: Timestamp) -> Result<Self, Refusal> {
        self.permit(Action::Continue, now)?;
        Ok(Self {
            active_to: None,
            ..self.clone()
        }
        .written(now))
    }

    /// Takes its end back and cuts the link to what was to follow.
    pub fn restored(&self, now: Timestamp) -> Result<Self, Refusal> {
        self.permit(Action::Restore, now)?;
        let mut restored = Self {
            active_to: None,
            ..self.clone()
        };
        restored.annotations.remove(SUPERSEDING_ID);
        Ok(restored.written(now))
    }

    /// Deletes it.
    pub fn deleted(&self, now: Timestamp) -> Result<Self, Refusal> {
        self.permit(Action::Delete, now)?;
        Ok(Self {
            deleted_at: Some(now),
            ..self.clone()
        }
        .written(now))
    }

    /// The number of the plan version that a migration leads to, which must be newer.
    pub fn check_migration(&self, target: i32) -> Result<(), Refusal> {
        let plan = self
            .plan
            .as_ref()
            .ok_or_else(|| Refusal::NoPlan(self.id.to_string()))?;
        if target > plan.version {
            Ok(())
        } else {
            Err(Refusal::AlreadyAtVersion(plan.version))
        }
    }

    /// The id of the one before it.
    pub fn previous_id(&self) -> Option<&str> {
        self.annotations.get(PREVIOUS_ID).map(String::as_str)
    }

    /// The id of the one after it.
    pub fn superseding_id(&self) -> Option<&str> {
        self.annotations.get(SUPERSEDING_ID).map(String::as_str)
    }

    /// Names the one before it; `None` cuts the link.
    pub fn linked_after(mut self, previous: Option<&str>) -> Self {
        set_link(&mut self, PREVIOUS_ID, previous);
        self
    }

    /// Names the one after it; `None` cuts the link.
    pub fn linked_before(mut self, next: Option<&str>) -> Self {
        set_link(&mut self, SUPERSEDING_ID, next);
        self
    }
}

fn set_link(subscription: &mut Subscription, name: &str, id: Option<&str>) {
    match id {
        Some(id) => subscription
            .annotations
            .insert(name.to_owned(), id.to_owned()),
        None => subscription.annotations.remove(name),
    };
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::fixture::{Sketch, monthly, time};
    use super::super::status::Status;
    use super::*;

    const NOW: &str = "2024-02-10T08:00:00Z";

    #[test]
    fn a_cancellation_ends_now_or_with_the_billing_period_or_phase() {
        let subscription = Sketch::new("2024-01-01T00:00:00Z")
            .phases(&["P6W", ""])
            .build();
        let now = time(NOW);
        let ended = subscription.canceled(Timing::Immediate, now).unwrap();
        assert_eq!(
            (ended.active_to, ended.status_at(now)),
            (Some(now), Status::Inactive)
        );
        let canceled = subscription
            .canceled(Timing::NextBillingCycle, now)
            .unwrap();
        assert_eq!(canceled.active_to, Some(time("2024-02-12T00:00:00Z")));
        assert_eq!(
            (canceled.status_at(now), canceled.revision),
            (Status::Canceled, 2)
        );
    }

    #[test]
    fn a_chosen_end_must_be_a_boundary() {
        let subscription = monthly("2024-01-01T00:00:00.5Z");
        let now = time(NOW);
        let cancel = |end: &str| subscription.canceled(Timing::At(time(end)), now);
        assert!(cancel("2024-04-01T00:00:00.5Z").is_ok());
        assert_eq!(
            cancel("2024-04-01T00:00:00Z"),
            Err(Refusal::MisalignedTiming)
        );
        assert_eq!(cancel("2023-04-01T00:00:00Z"), Err(Refusal::BeforeStart));
    }

    #[test]
    fn canceling_twice_is_refused_and_unscheduling_restores() {
        let subscription = monthly("2024-01-01T00:00:00Z");
        let now = time(NOW);
        let canceled = subscription
            .canceled(Timing::NextBillingCycle, now)
            .unwrap();
        assert!(canceled.canceled(Timing::Immediate, now).is_err());
        let continued = canceled.continued(now).unwrap();
        assert_eq!(continued.active_to, None);
        assert_eq!(continued.times().unwrap(), subscription.times().unwrap());
        assert!(continued.continued(now).is_err());
    }

    #[test]
    fn what_holds_is_ended_now_whatever_end_it_was_given() {
        let subscription = monthly("2024-01-01T00:00:00Z");
        let now = time(NOW);
        let canceled = subscription
            .canceled(Timing::NextBillingCycle, now)
            .unwrap();
        for held in [&subscription, &canceled] {
            let ended = held.ended(now).unwrap();
            assert_eq!(
                (ended.active_to, ended.revision),
                (Some(now), held.revision + 1)
            );
            assert!(ended.ended(now).is_err());
        }
        assert!(subscription.ended(time("2023-12-31T00:00:00Z")).is_err());
    }

    #[test]
    fn only_what_has_not_started_is_deleted() {
        let subscription = monthly("2024-01-01T00:00:00Z");
        assert!(subscription.deleted(time(NOW)).is_err());
        let deleted = subscription.deleted(time("2023-12-31T00:00:00Z")).unwrap();
        assert_eq!(deleted.status_at(time(NOW)), Status::Inactive);
    }

    #[test]
    fn a_migration_goes_forward_only() {
        let mut subscription = monthly("2024-01-01T00:00:00Z");
        assert!(matches!(
            subscription.check_migration(2),
            Err(Refusal::NoPlan(_))
        ));
        subscription.plan = Some(super::super::subscription::PlanReference {
            id: "p".into(),
            key: "pro".into(),
            version: 2,
        });
        assert_eq!(subscription.check_migration(3), Ok(()));
        assert_eq!(
            subscription.check_migration(2),
            Err(Refusal::AlreadyAtVersion(2))
        );
    }

    #[test]
    fn links_are_set_and_cut() {
        let linked = monthly("2024-01-01T00:00:00Z")
            .linked_before(Some("b"))
            .linked_after(Some("a"));
        assert_eq!(
            (linked.previous_id(), linked.superseding_id()),
            (Some("a"), Some("b"))
        );
        let cut = linked.linked_before(None);
        assert_eq!((cut.previous_id(), cut.superseding_id()), (Some("a"), None));
    }
}

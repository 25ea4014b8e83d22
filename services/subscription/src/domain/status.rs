//! Where a subscription stands in its life and what may be done to it there: one table.

use std::fmt;

use jiff::Timestamp;

use super::refusal::Refusal;
use super::subscription::Subscription;

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Its start lies ahead.
    Scheduled,
    /// Started, no end known.
    Active,
    /// Started, an end lies ahead.
    Canceled,
    /// Ended or deleted.
    Inactive,
}

/// What can be asked of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Edit its phases and items.
    Update,
    /// Buy or change add-ons.
    ChangeAddons,
    /// Give it an end.
    Cancel,
    /// End it now, whatever end it was given.
    End,
    /// Take its end back.
    Continue,
    /// Take its end back and drop what was to follow.
    Restore,
    /// Delete it.
    Delete,
}

impl Status {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 4] = [
        Self::Scheduled,
        Self::Active,
        Self::Canceled,
        Self::Inactive,
    ];

    /// The table of what a state allows.
    pub fn allows(self, action: Action) -> bool {
        match action {
            Action::Update | Action::ChangeAddons | Action::Cancel => self == Self::Active,
            Action::End => matches!(self, Self::Active | Self::Canceled),
            Action::Continue | Action::Restore => self == Self::Canceled,
            Action::Delete => self == Self::Scheduled,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scheduled => "scheduled",
            Self::Active => "active",
            Self::Canceled => "canceled",
            Self::Inactive => "inactive",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Update => "update",
            Self::ChangeAddons => "change_addons",
            Self::Cancel => "cancel",
            Self::End => "end",
            Self::Continue => "continue",
            Self::Restore => "restore",
            Self::Delete => "delete",
        })
    }
}

impl Subscription {
    /// Where it stands at an instant: the start is inside, the end is not.
    pub fn status_at(&self, t: Timestamp) -> Status {
        if self.deleted_at.is_some_and(|deleted| deleted <= t) {
            return Status::Inactive;
        }
        if self.active_from > t {
            return Status::Scheduled;
        }
        match self.active_to {
            None => Status::Active,
            Some(end) if end > t => Status::Canceled,
            Some(_) => Status::Inactive,
        }
    }

    /// Refuses what the state at `now` does not allow.
    pub fn permit(&self, action: Action, now: Timestamp) -> Result<(), Refusal> {
        let status = self.status_at(now);
        if status.allows(action) {
            Ok(())
        } else {
            Err(Refusal::TransitionNotAllowed { action, status })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{monthly, time};
    use super::*;

    #[test]
    fn the_start_is_active_and_the_end_is_not() {
        let mut subscription = monthly("2024-01-01T00:00:00Z");
        let check = |subscription: &Subscription, at: &str, expected| {
            assert_eq!(subscription.status_at(time(at)), expected, "{at}");
        };
        check(&subscription, "2023-12-31T23:59:59Z", Status::Scheduled);
        check(&subscription, "2024-01-01T00:00:00Z", Status::Active);
        subscription.active_to = Some(time("2024-02-01T00:00:00Z"));
        check(&subscription, "2024-01-31T23:59:59Z", Status::Canceled);
        check(&subscription, "2024-02-01T00:00:00Z", Status::Inactive);
        subscription.deleted_at = Some(time("2023-12-01T00:00:00Z"));
        check(&subscription, "2023-12-31T00:00:00Z", Status::Inactive);
    }

    #[test]
    fn each_state_allows_what_the_table_says() {
        let allowed = |status: Status| {
            [
                Action::Update,
                Action::ChangeAddons,
                Action::Cancel,
                Action::End,
                Action::Continue,
                Action::Restore,
                Action::Delete,
            ]
            .into_iter()
            .filter(|action| status.allows(*action))
            .map(|action| action.to_string())
            .collect::<Vec<_>>()
            .join(" ")
        };
        assert_eq!(allowed(Status::Scheduled), "delete");
        assert_eq!(allowed(Status::Active), "update change_addons cancel end");
        assert_eq!(allowed(Status::Canceled), "end continue restore");
        assert_eq!(allowed(Status::Inactive), "");
    }

    #[test]
    fn a_refused_action_says_action_and_state() {
        let mut subscription = monthly("2024-01-01T00:00:00Z");
        subscription.active_to = Some(time("2024-02-01T00:00:00Z"));
        let refusal = subscription
            .permit(Action::Update, time("2024-01-10T00:00:00Z"))
            .expect_err("a canceled one is not edited");
        assert_eq!(
            refusal.to_string(),
            "transition update in state canceled not allowed"
        );
    }
}

//! The life of a standard invoice as one table: which trigger leads from which state to
//! which, under which conditions, and what can be done next.

use kernel::Timestamp;

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Collects pending lines.
    Gathering,
    /// Just made.
    DraftCreated,
    /// Waits for late usage.
    DraftWaitingForCollection,
    /// Takes the final quantities.
    DraftCollecting,
    /// Was edited.
    DraftUpdating,
    /// Is checked by the app.
    DraftValidating,
    /// A critical issue was found.
    DraftInvalid,
    /// Is copied to the app.
    DraftSyncing,
    /// The copy failed.
    DraftSyncFailed,
    /// Waits for a person.
    DraftManualApprovalNeeded,
    /// Waits for the draft period.
    DraftWaitingAutoApproval,
    /// Approved.
    DraftReadyToIssue,
    /// Is finalized by the app.
    IssuingSyncing,
    /// Finalizing failed.
    IssuingFailed,
    /// Issued.
    Issued,
    /// Waits for the payment.
    PaymentPending,
    /// The payment failed.
    PaymentFailed,
    /// The payer has to act.
    PaymentActionRequired,
    /// Not paid when due.
    Overdue,
    /// Paid.
    Paid,
    /// Given up.
    Uncollectible,
    /// Void.
    Voided,
    /// Deletion began.
    DeleteInProgress,
    /// Is deleted in the app.
    DeleteSyncing,
    /// Deletion failed.
    DeleteFailed,
    /// Deleted.
    Deleted,
}

/// What can happen to an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The automatic step.
    Next,
    /// The step that was just entered failed.
    Failed,
    /// A person approves.
    Approve,
    /// A person retries.
    Retry,
    /// A person deletes.
    Delete,
    /// A person edits.
    Update,
    /// A person takes the quantities now.
    SnapshotQuantities,
    /// The payment arrived.
    Paid,
    /// The payment was given up.
    Uncollectible,
    /// The due date passed.
    Overdue,
    /// The payer has to act.
    ActionRequired,
    /// A person voids.
    Void,
}

/// What the conditions of the table look at.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Project time.
    pub now: Timestamp,
    /// When the lines are collected.
    pub collection_time: Option<Timestamp>,
    /// Until when a draft can be reviewed.
    pub draft_until: Option<Timestamp>,
    /// Whether drafts are issued without approval.
    pub auto_advance: bool,
    /// Whether a critical issue stands.
    pub critical: bool,
    /// Whether the app lets drafts pass.
    pub draft_may_advance: bool,
    /// Whether the app lets issuing pass.
    pub issuing_may_advance: bool,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 26] = [
        Self::Gathering,
        Self::DraftCreated,
        Self::DraftWaitingForCollection,
        Self::DraftCollecting,
        Self::DraftUpdating,
        Self::DraftValidating,
        Self::DraftInvalid,
        Self::DraftSyncing,
        Self::DraftSyncFailed,
        Self::DraftManualApprovalNeeded,
        Self::DraftWaitingAutoApproval,
        Self::DraftReadyToIssue,
        Self::IssuingSyncing,
        Self::IssuingFailed,
        Self::Issued,
        Self::PaymentPending,
        Self::PaymentFailed,
        Self::PaymentActionRequired,
        Self::Overdue,
        Self::Paid,
        Self::Uncollectible,
        Self::Voided,
        Self::DeleteInProgress,
        Self::DeleteSyncing,
        Self::DeleteFailed,
        Self::Deleted,
    ];

    /// The text form.
    pub fn text(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::DraftCreated => "draft.created",
            Self::DraftWaitingForCollection => "draft.waiting_for_collection",
            Self::DraftCollecting => "draft.collecting",
            Self::DraftUpdating => "draft.updating",
            Self::DraftValidating => "draft.validating",
            Self::DraftInvalid => "draft.invalid",
            Self::DraftSyncing => "draft.syncing",
            Self::DraftSyncFailed => "draft.sync_failed",
            Self::DraftManualApprovalNeeded => "draft.manual_approval_needed",
            Self::DraftWaitingAutoApproval => "draft.waiting_auto_approval",
            Self::DraftReadyToIssue => "draft.ready_to_issue",
            Self::IssuingSyncing => "issuing.syncing",
            Self::IssuingFailed => "issuing.failed",
            Self::Issued => "issued",
            Self::PaymentPending => "payment_processing.pending",
            Self::PaymentFailed => "payment_processing.failed",
            Self::PaymentActionRequired => "payment_processing.action_required",
            Self::Overdue => "overdue",
            Self::Paid => "paid",
            Self::Uncollectible => "uncollectible",
            Self::Voided => "voided",
            Self::DeleteInProgress => "delete.in_progress",
            Self::DeleteSyncing => "delete.syncing",
            Self::DeleteFailed => "delete.failed",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the text form.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.text() == text)
    }

    /// The text form before the first dot.
    pub fn status(self) -> &'static str {
        self.text().split('.').next().unwrap_or_default()
    }

    /// Whether the last step failed and waits for a retry.
    pub fn is_failed(self) -> bool {
        matches!(self, Self::DraftSyncFailed | Self::IssuingFailed | Self::DeleteFailed | Self::PaymentFailed)
    }

    /// Whether the customer is free of this invoice.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Deleted | Self::Paid | Self::Uncollectible | Self::Voided)
    }

    /// Whether lines and header can be edited.
    pub fn is_mutable(self) -> bool {
        target(self, Trigger::Update, true).is_some()
    }
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 12] = [
        Self::Next,
        Self::Failed,
        Self::Approve,
        Self::Retry,
        Self::Delete,
        Self::Update,
        Self::SnapshotQuantities,
        Self::Paid,
        Self::Uncollectible,
        Self::Overdue,
        Self::ActionRequired,
        Self::Void,
    ];
}

/// The table without its conditions. A gathering invoice is not in it: it never becomes a
/// standard one, its lines move.
#[expect(clippy::too_many_lines, reason = "one table, one line per transition")]
pub fn target(state: State, trigger: Trigger, auto_advance: bool) -> Option<State> {
    use State as S;
    use Trigger as T;
    match state {
        S::Gathering | S::Paid | S::Voided | S::Deleted => None,
        S::DraftCreated => match trigger {
            T::Next => Some(S::DraftWaitingForCollection),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftWaitingForCollection => match trigger {
            T::Next | T::SnapshotQuantities => Some(S::DraftCollecting),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed | T::Approve | T::Retry | T::Paid | T::Uncollectible | T::Overdue | T::ActionRequired
            | T::Void => None,
        },
        S::DraftCollecting => match trigger {
            T::Next => Some(S::DraftValidating),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftUpdating => match trigger {
            T::Next => Some(S::DraftWaitingForCollection),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update | T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftValidating => match trigger {
            T::Next => Some(S::DraftSyncing),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftInvalid | S::DraftSyncFailed => match trigger {
            T::Retry => Some(S::DraftValidating),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Next | T::Failed | T::Approve | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftSyncing => match trigger {
            T::Next if auto_advance => Some(S::DraftWaitingAutoApproval),
            T::Next => Some(S::DraftManualApprovalNeeded),
            T::Failed => Some(S::DraftSyncFailed),
            T::Delete => Some(S::DeleteInProgress),
            T::Update | T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftManualApprovalNeeded => match trigger {
            T::Approve => Some(S::DraftReadyToIssue),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Next | T::Failed | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftWaitingAutoApproval => match trigger {
            T::Next | T::Approve => Some(S::DraftReadyToIssue),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::DraftReadyToIssue => match trigger {
            T::Next => Some(S::IssuingSyncing),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed | T::Approve | T::Retry | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::IssuingSyncing => match trigger {
            T::Next => Some(S::Issued),
            T::Failed => Some(S::IssuingFailed),
            T::Delete => Some(S::DeleteInProgress),
            T::Approve | T::Retry | T::Update | T::SnapshotQuantities | T::Paid | T::Uncollectible | T::Overdue
            | T::ActionRequired | T::Void => None,
        },
        S::IssuingFailed => match trigger {
            T::Retry => Some(S::IssuingSyncing),
            T::Delete => Some(S::DeleteInProgress),
            T::Next | T::Failed | T::Approve | T::Update | T::SnapshotQuantities | T::Paid | T::Uncollectible
            | T::Overdue | T::ActionRequired | T::Void => None,
        },
        S::Issued => match trigger {
            T::Next => Some(S::PaymentPending),
            T::Void => Some(S::Voided),
            T::Failed | T::Approve | T::Retry | T::Delete | T::Update | T::SnapshotQuantities | T::Paid
            | T::Uncollectible | T::Overdue | T::ActionRequired => None,
        },
        S::PaymentPending => match trigger {
            T::Failed => Some(S::PaymentFailed),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::Overdue => Some(S::Overdue),
            T::ActionRequired => Some(S::PaymentActionRequired),
            T::Void => Some(S::Voided),
            T::Next | T::Approve | T::Retry | T::Delete | T::Update | T::SnapshotQuantities => None,
        },
        S::PaymentFailed => match trigger {
            T::Retry => Some(S::PaymentPending),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::Overdue => Some(S::Overdue),
            T::ActionRequired => Some(S::PaymentActionRequired),
            T::Void => Some(S::Voided),
            T::Next | T::Failed | T::Approve | T::Delete | T::Update | T::SnapshotQuantities => None,
        },
        S::PaymentActionRequired => match trigger {
            T::Failed => Some(S::PaymentFailed),
            T::Retry => Some(S::PaymentPending),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::Overdue => Some(S::Overdue),
            T::Void => Some(S::Voided),
            T::Next | T::Approve | T::Delete | T::Update | T::SnapshotQuantities | T::ActionRequired => None,
        },
        S::Overdue => match trigger {
            T::Failed => Some(S::PaymentFailed),
            T::Retry => Some(S::PaymentPending),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::ActionRequired => Some(S::PaymentActionRequired),
            T::Next | T::Approve | T::Delete | T::Update | T::SnapshotQuantities | T::Overdue | T::Void => None,
        },
        S::Uncollectible => match trigger {
            T::Paid => Some(S::Paid),
            T::Void => Some(S::Voided),
            T::Next | T::Failed | T::Approve | T::Retry | T::Delete | T::Update | T::SnapshotQuantities
            | T::Uncollectible | T::Overdue | T::ActionRequired => None,
        },
        S::DeleteInProgress => match trigger {
            T::Next => Some(S::DeleteSyncing),
            T::Failed => Some(S::DeleteFailed),
            T::Approve | T::Retry | T::Delete | T::Update | T::SnapshotQuantities | T::Paid | T::Uncollectible
            | T::Overdue | T::ActionRequired | T::Void => None,
        },
        S::DeleteSyncing => match trigger {
            T::Next => Some(S::Deleted),
            T::Failed => Some(S::DeleteFailed),
            T::Approve | T::Retry | T::Delete | T::Update | T::SnapshotQuantities | T::Paid | T::Uncollectible
            | T::Overdue | T::ActionRequired | T::Void => None,
        },
        S::DeleteFailed => match trigger {
            T::Retry => Some(S::DeleteInProgress),
            T::Next | T::Failed | T::Approve | T::Delete | T::Update | T::SnapshotQuantities | T::Paid
            | T::Uncollectible | T::Overdue | T::ActionRequired | T::Void => None,
        },
    }
}

/// Where a trigger leads now; `None` when it may not fire.
pub fn fire(state: State, trigger: Trigger, conditions: &Conditions) -> Option<State> {
    let target = target(state, trigger, conditions.auto_advance)?;
    let reached = |time: Option<Timestamp>| time.is_none_or(|time| conditions.now >= time);
    let met = match (state, trigger) {
        (State::DraftWaitingForCollection, Trigger::Next) => reached(conditions.collection_time),
        (State::DraftValidating, Trigger::Next)
        | (State::DraftManualApprovalNeeded | State::DraftWaitingAutoApproval, Trigger::Approve) => {
            !conditions.critical
        }
        (State::DraftSyncing, Trigger::Next) => !conditions.critical && conditions.draft_may_advance,
        (State::DraftWaitingAutoApproval, Trigger::Next) => {
            conditions.auto_advance && reached(conditions.draft_until) && !conditions.critical
        }
        (State::IssuingSyncing, Trigger::Next) => conditions.issuing_may_advance,
        (_, _) => true,
    };
    met.then_some(target)
}

/// What can be done with an invoice now: per action the state it leads to, when all
/// automatic steps after it succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Advance.
    pub advance: Option<State>,
    /// Approve.
    pub approve: Option<State>,
    /// Retry.
    pub retry: Option<State>,
    /// Delete.
    pub delete: Option<State>,
    /// Take the quantities now.
    pub snapshot_quantities: Option<State>,
    /// Void.
    pub void: Option<State>,
}

/// The actions of a state. Issues are ignored: an action may be what clears them.
pub fn actions(state: State, conditions: &Conditions) -> Actions {
    let conditions = Conditions { critical: false, ..*conditions };
    let leads_to = |trigger| {
        let mut reached = fire(state, trigger, &conditions)?;
        // A chain of automatic steps never visits a state twice.
        for _ in State::ALL {
            match fire(reached, Trigger::Next, &conditions) {
                Some(next) => reached = next,
                None => break,
            }
        }
        Some(reached)
    };
    Actions {
        advance: leads_to(Trigger::Next),
        approve: leads_to(Trigger::Approve),
        retry: leads_to(Trigger::Retry),
        delete: leads_to(Trigger::Delete),
        snapshot_quantities: leads_to(Trigger::SnapshotQuantities),
        void: leads_to(Trigger::Void),
    }
}

/// The table as Markdown, as the README prints it.
pub fn table() -> String {
    let mut text = String::from("| state | trigger | leads to |\n|---|---|---|\n");
    for state in State::ALL {
        for trigger in Trigger::ALL {
            let targets: Vec<&str> = [true, false]
                .into_iter()
                .filter_map(|auto_advance| target(state, trigger, auto_advance))
                .map(State::text)
                .collect();
            let (Some(first), Some(last)) = (targets.first(), targets.last()) else {
                continue;
            };
            let to = if first == last { (*first).to_owned() } else { format!("{first} or {last}") };
            text.push_str(&format!("| {} | {trigger:?} | {to} |\n", state.text()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn conditions() -> Conditions {
        Conditions {
            now: at(100),
            collection_time: Some(at(50)),
            draft_until: Some(at(50)),
            auto_advance: true,
            critical: false,
            draft_may_advance: true,
            issuing_may_advance: true,
        }
    }

    #[test]
    fn the_readme_prints_this_table() {
        let readme = include_str!("../../README.md");
        assert!(readme.contains(&table()), "put this into README.md:\n{}", table());
    }

    #[test]
    fn texts_are_distinct_and_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_text(state.text()), Some(state));
        }
        assert_eq!(State::DraftWaitingAutoApproval.status(), "draft");
        assert_eq!(State::Paid.status(), "paid");
    }

    #[test]
    fn which_states_are_mutable_failed_and_final() {
        let texts = |choose: fn(State) -> bool| -> Vec<&str> {
            State::ALL.into_iter().filter(|state| choose(*state)).map(State::text).collect()
        };
        assert_eq!(
            texts(State::is_mutable),
            [
                "draft.created",
                "draft.waiting_for_collection",
                "draft.collecting",
                "draft.validating",
                "draft.invalid",
                "draft.sync_failed",
                "draft.manual_approval_needed",
                "draft.waiting_auto_approval",
                "draft.ready_to_issue",
            ]
        );
        assert_eq!(
            texts(State::is_failed),
            ["draft.sync_failed", "issuing.failed", "payment_processing.failed", "delete.failed"]
        );
        assert_eq!(texts(State::is_final), ["paid", "uncollectible", "voided", "deleted"]);
    }

    #[test]
    fn actions_follow_the_documented_table() {
        use State as S;
        let base = conditions();
        let waiting = Conditions { collection_time: Some(at(200)), draft_until: Some(at(200)), ..base };
        let manual = Conditions { auto_advance: false, draft_until: None, ..base };
        let to_delete = Some(S::Deleted);
        let check = |state, conditions: &Conditions, expected: Actions| {
            assert_eq!(actions(state, conditions), expected, "{state:?}");
        };
        check(
            S::DraftWaitingForCollection,
            &waiting,
            Actions { delete: to_delete, snapshot_quantities: Some(S::DraftWaitingAutoApproval), ..Actions::default() },
        );
        check(
            S::DraftWaitingForCollection,
            &base,
            Actions {
                advance: Some(S::PaymentPending),
                delete: to_delete,
                snapshot_quantities: Some(S::PaymentPending),
                ..Actions::default()
            },
        );
        check(
            S::DraftInvalid,
            &Conditions { critical: true, ..manual },
            Actions { retry: Some(S::DraftManualApprovalNeeded), delete: to_delete, ..Actions::default() },
        );
        check(
            S::DraftSyncing,
            &Conditions { draft_may_advance: false, ..base },
            Actions { delete: to_delete, ..Actions::default() },
        );
        check(
            S::DraftManualApprovalNeeded,
            &manual,
            Actions { approve: Some(S::PaymentPending), delete: to_delete, ..Actions::default() },
        );
        check(
            S::DraftManualApprovalNeeded,
            &Conditions { issuing_may_advance: false, ..manual },
            Actions { approve: Some(S::IssuingSyncing), delete: to_delete, ..Actions::default() },
        );
        check(
            S::DraftWaitingAutoApproval,
            &waiting,
            Actions { approve: Some(S::PaymentPending), delete: to_delete, ..Actions::default() },
        );
        check(
            S::DraftWaitingAutoApproval,
            &base,
            Actions {
                advance: Some(S::PaymentPending),
                approve: Some(S::PaymentPending),
                delete: to_delete,
                ..Actions::default()
            },
        );
        check(
            S::IssuingFailed,
            &base,
            Actions { retry: Some(S::PaymentPending), delete: to_delete, ..Actions::default() },
        );
        check(S::PaymentFailed, &base, Actions { retry: Some(S::PaymentPending), void: Some(S::Voided), ..Actions::default() });
        check(S::Overdue, &base, Actions { retry: Some(S::PaymentPending), ..Actions::default() });
        check(S::DeleteFailed, &base, Actions { retry: to_delete, ..Actions::default() });
        for state in [S::Paid, S::Voided, S::Deleted, S::Gathering] {
            check(state, &base, Actions::default());
        }
    }

    proptest! {
        #[test]
        fn no_sequence_of_triggers_leaves_the_table(
            steps in proptest::collection::vec((0usize..12, any::<bool>(), any::<bool>(), any::<bool>()), 0..60),
        ) {
            let mut state = State::DraftCreated;
            for (index, critical, auto_advance, late) in steps {
                let conditions = Conditions {
                    critical,
                    auto_advance,
                    now: if late { at(100) } else { at(0) },
                    ..conditions()
                };
                if let Some(next) = fire(state, Trigger::ALL[index], &conditions) {
                    prop_assert!(!matches!(state, State::Paid | State::Voided | State::Deleted));
                    state = next;
                }
                prop_assert!(state != State::Gathering);
            }
        }

        #[test]
        fn automatic_steps_always_come_to_rest(index in 0usize..26, auto_advance in any::<bool>()) {
            let conditions = Conditions { auto_advance, ..conditions() };
            let mut state = State::ALL[index];
            let mut steps = 0;
            while let Some(next) = fire(state, Trigger::Next, &conditions) {
                state = next;
                steps += 1;
                prop_assert!(steps < 26);
            }
        }
    }
}

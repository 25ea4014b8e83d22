//! The table, its texts and the actions that follow from it.

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
        outside: false,
    }
}

#[test]
fn the_readme_prints_this_table() {
    let readme = include_str!("../../../README.md");
    assert!(
        readme.contains(&table()),
        "put this into README.md:\n{}",
        table()
    );
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
        State::ALL
            .into_iter()
            .filter(|state| choose(*state))
            .map(State::text)
            .collect()
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
        [
            "draft.sync_failed",
            "issuing.failed",
            "payment_processing.failed",
            "delete.failed"
        ]
    );
    assert_eq!(
        texts(State::is_final),
        ["paid", "uncollectible", "voided", "deleted"]
    );
}

#[test]
fn actions_follow_the_documented_table() {
    use State as S;
    let base = conditions();
    let waiting = Conditions {
        collection_time: Some(at(200)),
        draft_until: Some(at(200)),
        ..base
    };
    let manual = Conditions {
        auto_advance: false,
        draft_until: None,
        ..base
    };
    let to_delete = Some(S::Deleted);
    let check = |state, conditions: &Conditions, expected: Actions| {
        assert_eq!(actions(state, conditions), expected, "{state:?}");
    };
    check(
        S::DraftWaitingForCollection,
        &waiting,
        Actions {
            delete: to_delete,
            snapshot_quantities: Some(S::DraftWaitingAutoApproval),
            ..Actions::default()
        },
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
        &Conditions {
            critical: true,
            ..manual
        },
        Actions {
            retry: Some(S::DraftManualApprovalNeeded),
            delete: to_delete,
            ..Actions::default()
        },
    );
    for (conditions, target) in [
        (&manual, S::DraftManualApprovalNeeded),
        (&waiting, S::DraftWaitingAutoApproval),
        (&base, S::PaymentPending),
    ] {
        let failed = Conditions {
            critical: true,
            ..*conditions
        };
        check(
            S::DraftSyncFailed,
            &failed,
            Actions {
                retry: Some(target),
                delete: to_delete,
                ..Actions::default()
            },
        );
    }
    check(
        S::DraftSyncing,
        &Conditions {
            draft_may_advance: false,
            ..base
        },
        Actions {
            delete: to_delete,
            ..Actions::default()
        },
    );
    check(
        S::DraftManualApprovalNeeded,
        &manual,
        Actions {
            approve: Some(S::PaymentPending),
            delete: to_delete,
            ..Actions::default()
        },
    );
    check(
        S::DraftManualApprovalNeeded,
        &Conditions {
            issuing_may_advance: false,
            ..manual
        },
        Actions {
            approve: Some(S::IssuingSyncing),
            delete: to_delete,
            ..Actions::default()
        },
    );
    check(
        S::DraftWaitingAutoApproval,
        &waiting,
        Actions {
            approve: Some(S::PaymentPending),
            delete: to_delete,
            ..Actions::default()
        },
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
        S::IssuingSyncing,
        &Conditions {
            issuing_may_advance: false,
            ..base
        },
        Actions {
            delete: to_delete,
            ..Actions::default()
        },
    );
    check(
        S::IssuingFailed,
        &base,
        Actions {
            retry: Some(S::PaymentPending),
            delete: to_delete,
            ..Actions::default()
        },
    );
    for state in [S::PaymentFailed, S::PaymentActionRequired] {
        check(
            state,
            &base,
            Actions {
                retry: Some(S::PaymentPending),
                void: Some(S::Voided),
                ..Actions::default()
            },
        );
    }
    for state in [S::PaymentPending, S::Uncollectible] {
        check(
            state,
            &base,
            Actions {
                void: Some(S::Voided),
                ..Actions::default()
            },
        );
    }
    check(
        S::Overdue,
        &base,
        Actions {
            retry: Some(S::PaymentPending),
            ..Actions::default()
        },
    );
    check(
        S::DeleteFailed,
        &base,
        Actions {
            retry: to_delete,
            ..Actions::default()
        },
    );
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

//! The state table itself: one arm per state, one line per trigger.

use super::{State, Trigger};

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
            T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftWaitingForCollection => match trigger {
            T::Next | T::SnapshotQuantities => Some(S::DraftCollecting),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed
            | T::Approve
            | T::Retry
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftCollecting => match trigger {
            T::Next => Some(S::DraftValidating),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftUpdating => match trigger {
            T::Next => Some(S::DraftWaitingForCollection),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update
            | T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftValidating => match trigger {
            T::Next => Some(S::DraftSyncing),
            T::Failed => Some(S::DraftInvalid),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftInvalid | S::DraftSyncFailed => match trigger {
            T::Retry => Some(S::DraftValidating),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Next
            | T::Failed
            | T::Approve
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftSyncing => match trigger {
            T::Next if auto_advance => Some(S::DraftWaitingAutoApproval),
            T::Next => Some(S::DraftManualApprovalNeeded),
            T::Failed => Some(S::DraftSyncFailed),
            T::Delete => Some(S::DeleteInProgress),
            T::Update
            | T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftManualApprovalNeeded => match trigger {
            T::Approve => Some(S::DraftReadyToIssue),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Next
            | T::Failed
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftWaitingAutoApproval => match trigger {
            T::Next | T::Approve => Some(S::DraftReadyToIssue),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DraftReadyToIssue => match trigger {
            T::Next => Some(S::IssuingSyncing),
            T::Delete => Some(S::DeleteInProgress),
            T::Update => Some(S::DraftUpdating),
            T::Failed
            | T::Approve
            | T::Retry
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::IssuingSyncing => match trigger {
            T::Next => Some(S::Issued),
            T::Failed => Some(S::IssuingFailed),
            T::Delete => Some(S::DeleteInProgress),
            T::Approve
            | T::Retry
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::IssuingFailed => match trigger {
            T::Retry => Some(S::IssuingSyncing),
            T::Delete => Some(S::DeleteInProgress),
            T::Next
            | T::Failed
            | T::Approve
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::Issued => match trigger {
            T::Next => Some(S::PaymentPending),
            T::Void => Some(S::Voided),
            T::Failed
            | T::Approve
            | T::Retry
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired => None,
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
            T::Next | T::Failed | T::Approve | T::Delete | T::Update | T::SnapshotQuantities => {
                None
            }
        },
        S::PaymentActionRequired => match trigger {
            T::Failed => Some(S::PaymentFailed),
            T::Retry => Some(S::PaymentPending),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::Overdue => Some(S::Overdue),
            T::Void => Some(S::Voided),
            T::Next
            | T::Approve
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::ActionRequired => None,
        },
        S::Overdue => match trigger {
            T::Failed => Some(S::PaymentFailed),
            T::Retry => Some(S::PaymentPending),
            T::Paid => Some(S::Paid),
            T::Uncollectible => Some(S::Uncollectible),
            T::ActionRequired => Some(S::PaymentActionRequired),
            T::Next
            | T::Approve
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Overdue
            | T::Void => None,
        },
        S::Uncollectible => match trigger {
            T::Paid => Some(S::Paid),
            T::Void => Some(S::Voided),
            T::Next
            | T::Failed
            | T::Approve
            | T::Retry
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired => None,
        },
        S::DeleteInProgress => match trigger {
            T::Next => Some(S::DeleteSyncing),
            T::Failed => Some(S::DeleteFailed),
            T::Approve
            | T::Retry
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DeleteSyncing => match trigger {
            T::Next => Some(S::Deleted),
            T::Failed => Some(S::DeleteFailed),
            T::Approve
            | T::Retry
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
        S::DeleteFailed => match trigger {
            T::Retry => Some(S::DeleteInProgress),
            T::Next
            | T::Failed
            | T::Approve
            | T::Delete
            | T::Update
            | T::SnapshotQuantities
            | T::Paid
            | T::Uncollectible
            | T::Overdue
            | T::ActionRequired
            | T::Void => None,
        },
    }
}

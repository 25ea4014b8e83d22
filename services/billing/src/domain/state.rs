//! The life of a standard invoice as one table: which trigger leads from which state to
//! which, under which conditions, and what can be done next.

mod table;
#[cfg(test)]
mod tests;

use kernel::Timestamp;

pub use table::target;

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
    /// Whether an outside system still has to do what the state asks for.
    pub outside: bool,
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
        matches!(
            self,
            Self::DraftSyncFailed | Self::IssuingFailed | Self::DeleteFailed | Self::PaymentFailed
        )
    }

    /// Whether the customer is free of this invoice.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Deleted | Self::Paid | Self::Uncollectible | Self::Voided
        )
    }

    /// Whether lines and header can be edited.
    pub fn is_mutable(self) -> bool {
        target(self, Trigger::Update, true).is_some()
    }
}

impl Trigger {
    /// Every trigger.
    #[cfg(test)]
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
        (State::DraftSyncing, Trigger::Next) => {
            !conditions.critical && conditions.draft_may_advance
        }
        (State::DraftWaitingAutoApproval, Trigger::Next) => {
            conditions.auto_advance && reached(conditions.draft_until) && !conditions.critical
        }
        (State::IssuingSyncing, Trigger::Next) => conditions.issuing_may_advance,
        (_, _) => true,
    };
    let held = conditions.outside && trigger == Trigger::Next;
    (met && !held).then_some(target)
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
    let conditions = Conditions {
        critical: false,
        ..*conditions
    };
    let leads_to = |trigger| {
        let mut reached = fire(state, trigger, &conditions)?;
        // What is outstanding belongs to the state that is left.
        let conditions = Conditions {
            outside: false,
            ..conditions
        };
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
#[cfg(test)]
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
            let to = if first == last {
                (*first).to_owned()
            } else {
                format!("{first} or {last}")
            };
            text.push_str(&format!("| {} | {trigger:?} | {to} |\n", state.text()));
        }
    }
    text
}

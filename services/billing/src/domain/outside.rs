//! What an invoice still has to have done by an outside system. It is recorded in the same
//! write that enters the state that asks for it, carried out after the commit, and concluded
//! by another write: whoever finds it recorded carries it out, and none is forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{issue::Finding, state::State};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Check that the customer can be billed.
    Validate,
    /// Copy the draft.
    Upsert,
    /// Copy the draft for the last time and make it final.
    Finalize,
    /// Delete the copy.
    Delete,
}

impl Step {
    /// What entering a state asks for.
    pub fn of(state: State) -> Option<Self> {
        match state {
            State::DraftUpdating | State::DraftValidating => Some(Self::Validate),
            State::DraftSyncing => Some(Self::Upsert),
            State::IssuingSyncing => Some(Self::Finalize),
            State::DeleteSyncing => Some(Self::Delete),
            State::Gathering
            | State::DraftCreated
            | State::DraftWaitingForCollection
            | State::DraftCollecting
            | State::DraftInvalid
            | State::DraftSyncFailed
            | State::DraftManualApprovalNeeded
            | State::DraftWaitingAutoApproval
            | State::DraftReadyToIssue
            | State::IssuingFailed
            | State::Issued
            | State::PaymentPending
            | State::PaymentFailed
            | State::PaymentActionRequired
            | State::Overdue
            | State::Paid
            | State::Uncollectible
            | State::Voided
            | State::DeleteInProgress
            | State::DeleteFailed
            | State::Deleted => None,
        }
    }

    /// The operation in the name of the component that reports issues.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Upsert => "sync",
            Self::Finalize => "finalize",
            Self::Delete => "delete",
        }
    }
}

/// A recorded intent. The revision at which it was recorded tells it from a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What is to be done.
    pub step: Step,
    /// The invoice's revision when it was recorded.
    pub revision: i64,
}

/// How far the copy outside has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// A copy may exist, even if its id is not known.
    pub attempted: bool,
    /// How often making the copy was answered without one: each further attempt is a new one
    /// for the outside system.
    pub refusals: u32,
}

/// What became of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conclusion {
    /// Id of the copy, once it is known.
    pub external_id: Option<String>,
    /// Making the copy was answered without one.
    pub refused: bool,
    /// The final number.
    pub number: Option<String>,
    /// Id of the payment.
    pub payment_id: Option<String>,
    /// Ids of children and discounts there, by ours.
    pub line_ids: BTreeMap<String, String>,
    /// What is wrong; it then failed.
    pub findings: Vec<Finding>,
}

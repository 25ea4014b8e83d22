//! Values of many entitlements at once: what stands from memory, else grants and checkpoints from the store,
//! all usage in one call to metering, then the pure calculation.

use std::{collections::HashMap, sync::Arc};

use chassis::Context;
use jiff::SignedDuration;
use kernel::{
    Timestamp,
    id::{CustomerId, EntitlementId},
};

use crate::{
    clients::{Customer, UsageQuestion},
    domain::{
        balance::{BalanceQuestion, MeteredValue, horizon},
        burn_down::Checkpoint,
        entitlement::{Entitlement, Kind, Metered},
        history::{History, HistoryQuestion, HistoryRequest},
    },
    error::EntitlementError,
    memory::{Ground, Known, Ledger, Memory, Stamp},
    store::{
        self,
        checkpoint::{Kept, digest},
    },
    usage,
};

/// How far back a late event may reach: resets before that are closed.
const LATE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Spans from which a checkpoint is worth its row.
const SPANS_WORTH_A_CHECKPOINT: usize = 24;

/// What an entitlement allows at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is not active then.
    Inactive,
    /// Yes.
    Boolean,
    /// Yes, with a configuration.
    Static {
        /// A JSON document.
        config: String,
    },
    /// As the balance says.
    Metered(MeteredValue),
}

/// An entitlement with what it allows.
#[derive(Clone, Debug)]
pub struct Valued {
    /// The entitlement.
    pub entitlement: Arc<Entitlement>,
    /// What it allows.
    pub access: Access,
}

impl Access {
    /// Whether the feature may be used.
    pub fn is_given(&self) -> bool {
        match self {
            Self::Inactive => false,
            Self::Boolean | Self::Static { .. } => true,
            Self::Metered(value) => value.has_access,
        }
    }
}

/// A value that must be worked out.
struct Pending<'a> {
    known: &'a Known,
    metered: &'a Metered,
    ledger: Ledger,
    subjects: &'a [String],
    ground: Option<Ground>,
    stamp: Option<Stamp>,
}

/// Values at an instant, in the order given. All customers must be among `customers`. Values that
/// stand are taken from memory; the usage of all others is asked at once.
pub async fn values(
    memory: &Memory,
    context: &Context,
    customers: &[Arc<Customer>],
    entitlements: Vec<Known>,
    at: Timestamp,
) -> Result<Vec<Valued>, EntitlementError> {
    let until = horizon(at, context.now);
    // Before anything is read, so that what is written meanwhile makes the value old.
    let grounds: HashMap<CustomerId, (&[String], Option<Ground>)> = customers
        .iter()
        .map(|customer| {
            let subjects = customer.subjects.as_slice();
            let ground = memory.ground(context, customer.id, subjects);
            (customer.id, (subjects, ground))
        })
        .collect();
    let mut values: Vec<Option<MeteredValue>> = vec![None; entitlements.len()];
    let mut missing = Vec::new();
    let mut places = Vec::new();
    for (place, known) in entitlements.iter().enumerate() {
        let entitlement = &known.entitlement;
        let Kind::Metered(metered) = &entitlement.kind else {
            continue;
        };
        if !entitlement.is_active(at) {
            continue;
        }
        let ground = grounds.get(&entitlement.customer).copied();
        let (subjects, ground) = ground.unwrap_or_default();
        let stamp = ground.and_then(|ground| ground.stamp(known, until));
        match memory.value(context, entitlement.id, stamp.as_ref()).await {
            Some(value) => values[place] = Some(value),
            None => {
                missing.push((known, metered, (subjects, ground), stamp));
                places.push(place);
            }
        }
    }
    // Only who asks for one value waits: whoever wants several would wait for others who wait for it.
    let mut turn = None;
    if let ([(known, .., Some(stamp))], [place]) = (missing.as_slice(), places.as_slice()) {
        let id = known.entitlement.id;
        turn = memory.turn(context, id).await;
        if let Some(value) = memory.value(context, id, Some(stamp)).await {
            values[*place] = Some(value);
            missing.clear();
        }
    }
    if !missing.is_empty() {
        let asked: Vec<&Entitlement> = missing
            .iter()
            .map(|(known, ..)| known.entitlement.as_ref())
            .collect();
        let mut ledgers = memory.ledgers(context, &asked).await?;
        let pending: Vec<Pending<'_>> = missing
            .into_iter()
            .map(|(known, metered, (subjects, ground), stamp)| Pending {
                ledger: ledgers.remove(&known.entitlement.id).unwrap_or_default(),
                known,
                metered,
                subjects,
                ground,
                stamp,
            })
            .collect();
        let answers = work_out(memory, context, pending, until).await?;
        for (place, value) in places.into_iter().zip(answers) {
            values[place] = Some(value);
        }
    }
    drop(turn);
    Ok(entitlements
        .into_iter()
        .zip(values)
        .map(|(known, value)| {
            let entitlement = known.entitlement;
            let access = if entitlement.is_active(at) {
                match &entitlement.kind {
                    Kind::Boolean { .. } => Access::Boolean,
                    Kind::Static { config, .. } => Access::Static {
                        config: config.clone(),
                    },
                    Kind::Metered(_) => value.map_or(Access::Inactive, Access::Metered),
                }
            } else {
                Access::Inactive
            };
            Valued {
                entitlement,
                access,
            }
        })
        .collect())
}

/// Works values out, in the order given: one question about usage for all of them, then the pure calculation.
async fn work_out(
    memory: &Memory,
    context: &Context,
    pending: Vec<Pending<'_>>,
    until: Timestamp,
) -> Result<Vec<MeteredValue>, EntitlementError> {
    let mut asked = Vec::with_capacity(pending.len());
    let mut questions = Vec::with_capacity(pending.len());
    for one in &pending {
        let id = one.known.entitlement.id;
        let checkpoint = checkpoint(memory, context, id, one.subjects, &one.ledger, until).await?;
        let question = BalanceQuestion::new(one.metered, &one.ledger.grants, checkpoint, until)?;
        let spans = question.spans();
        let worth = spans.len() >= SPANS_WORTH_A_CHECKPOINT;
        asked.push((question, worth));
        questions.push(UsageQuestion {
            source: &one.metered.source,
            subjects: one.subjects,
            spans,
        });
    }
    let of: Vec<EntitlementId> = pending.iter().map(|one| one.known.entitlement.id).collect();
    let answers = usage::ask_for(memory, context, &questions, &of).await?;
    drop(questions);
    let mut values = Vec::with_capacity(pending.len());
    let mut closed = Vec::new();
    for ((one, (question, worth)), usage) in pending.iter().zip(asked).zip(answers) {
        let closed_until = if worth {
            closed_until(one.metered, context.now)?
        } else {
            Timestamp::MIN
        };
        let (value, checkpoint) = question.answer(usage, closed_until)?;
        let id = one.known.entitlement.id;
        memory
            .keep_value(context, id, one.stamp, &one.ledger, &value)
            .await;
        values.push(value);
        closed.extend(checkpoint.map(|checkpoint| {
            let subjects = digest(one.subjects);
            let kept = Kept {
                checkpoint,
                subjects,
            };
            (one, kept)
        }));
    }
    keep(memory, context, closed).await;
    Ok(values)
}

/// The checkpoint to start from: the last one, unless the question is about an earlier time, or usage has
/// moved to or from the customer since.
async fn checkpoint(
    memory: &Memory,
    context: &Context,
    entitlement: EntitlementId,
    subjects: &[String],
    ledger: &Ledger,
    until: Timestamp,
) -> Result<Option<Checkpoint>, EntitlementError> {
    let Some(last) = &ledger.checkpoint else {
        return Ok(None);
    };
    let subjects = digest(subjects);
    let fits = |kept: &Kept| kept.subjects == subjects;
    if last.checkpoint.at <= until {
        return Ok(fits(last).then(|| last.checkpoint.clone()));
    }
    let reader = memory.db.reader();
    let mut found =
        store::checkpoint::latest(reader, context.project, &[entitlement], until).await?;
    let found = found.remove(&entitlement).filter(fits);
    Ok(found.map(|kept| kept.checkpoint))
}

/// The history of a metered entitlement.
pub async fn history(
    memory: &Memory,
    context: &Context,
    customer: &Customer,
    entitlement: &Entitlement,
    request: &HistoryRequest,
) -> Result<History, EntitlementError> {
    let metered = entitlement.metered()?;
    let start = request.start(metered)?;
    let mut ledgers = memory.ledgers(context, &[entitlement]).await?;
    let ledger = ledgers.remove(&entitlement.id).unwrap_or_default();
    let subjects = &customer.subjects;
    let checkpoint = checkpoint(memory, context, entitlement.id, subjects, &ledger, start).await?;
    let question = HistoryQuestion::new(metered, &ledger.grants, checkpoint, request, context.now)?;
    let questions = [UsageQuestion {
        source: &metered.source,
        subjects,
        spans: question.spans(),
    }];
    let mut usage = usage::ask(&memory.clients, context, &questions, context.now).await?;
    question.answer(usage.pop().unwrap_or_default())
}

/// Up to when resets are closed: no late event reaches them, and no reset, grant or void either, since
/// those stay inside the current usage period.
fn closed_until(metered: &Metered, now: Timestamp) -> Result<Timestamp, EntitlementError> {
    let before_late = now.checked_sub(LATE).unwrap_or(Timestamp::MIN);
    let period_start = metered.timeline.period_at(now)?.start;
    let before_period = period_start
        .checked_sub(SignedDuration::from_micros(1))
        .unwrap_or(Timestamp::MIN);
    Ok(before_late.min(before_period))
}

/// Keeps checkpoints for later. They only save work, so a failure is no failure of the answer.
async fn keep(memory: &Memory, context: &Context, mut closed: Vec<(&Pending<'_>, Kept)>) {
    if closed.is_empty() {
        return;
    }
    // What was reported since the question may be missing in them.
    if let Err(error) = memory.look().await {
        tracing::warn!(%error, "checkpoints of balances could not be kept");
        return;
    }
    closed.retain(|(one, _)| {
        let customer = one.known.entitlement.customer;
        memory.usage_stands(context, customer, one.subjects, one.ground)
    });
    if closed.is_empty() {
        return;
    }
    let kept = async {
        let write = memory.db.system_write(context).await?;
        for (one, kept) in &closed {
            let id = one.known.entitlement.id;
            store::checkpoint::put(write.tx(), context.project, id, kept).await?;
        }
        write.commit().await?;
        Ok::<_, EntitlementError>(())
    };
    match kept.await {
        Ok(()) => {
            for (one, kept) in closed {
                let id = one.known.entitlement.id;
                memory.keep_checkpoint(context, id, &one.ledger, kept).await;
            }
        }
        Err(error) => {
            tracing::warn!(error = %error, "checkpoints of balances could not be kept");
        }
    }
}

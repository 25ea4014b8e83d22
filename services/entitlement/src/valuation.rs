//! Values of many entitlements at once: grants and checkpoints from the store, all usage in one call to
//! metering, then the pure calculation.

use std::collections::HashMap;

use chassis::{Context, Db};
use jiff::SignedDuration;
use kernel::{
    Timestamp,
    id::{CustomerId, EntitlementId},
};

use crate::{
    clients::{Clients, Customer, UsageQuestion},
    domain::{
        balance::{BalanceQuestion, MeteredValue, horizon},
        burn_down::Checkpoint,
        entitlement::{Entitlement, Kind, Metered},
        grant::Grant,
        history::{History, HistoryQuestion, HistoryRequest},
    },
    error::EntitlementError,
    store,
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
    pub entitlement: Entitlement,
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

/// Values at an instant, in the order given. All customers must be among `customers`.
pub async fn values(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customers: &HashMap<CustomerId, Customer>,
    entitlements: Vec<Entitlement>,
    at: Timestamp,
) -> Result<Vec<Valued>, EntitlementError> {
    let measured: Vec<(&Entitlement, &Metered)> = entitlements
        .iter()
        .filter(|entitlement| entitlement.is_active(at))
        .filter_map(|entitlement| entitlement.metered().ok().map(|part| (entitlement, part)))
        .collect();
    let ids: Vec<EntitlementId> = measured.iter().map(|(found, _)| found.id).collect();
    let (grants, mut checkpoints) = ledgers(db, context, &ids, at).await?;
    let until = horizon(at, context.now);
    let none: Vec<Grant> = Vec::new();
    let nobody: Vec<String> = Vec::new();
    let mut asked = Vec::with_capacity(measured.len());
    let mut questions = Vec::with_capacity(measured.len());
    for (entitlement, metered) in &measured {
        let own = grants.get(&entitlement.id).unwrap_or(&none);
        let checkpoint = checkpoints.remove(&entitlement.id);
        let question = BalanceQuestion::new(metered, own, checkpoint, until)?;
        let spans = question.spans();
        let worth = (spans.len() >= SPANS_WORTH_A_CHECKPOINT).then_some(metered);
        asked.push((entitlement.id, question, worth));
        questions.push(UsageQuestion {
            source: &metered.source,
            subjects: customers
                .get(&entitlement.customer)
                .map_or(&nobody, |customer| &customer.subjects),
            spans,
        });
    }
    let usage = if questions.is_empty() {
        Vec::new()
    } else {
        clients.usage(context, &questions).await?
    };
    let mut metered_values: HashMap<EntitlementId, MeteredValue> = HashMap::new();
    let mut closed = Vec::new();
    for ((id, question, worth), usage) in asked.into_iter().zip(usage) {
        let closed_until = match worth {
            Some(metered) => closed_until(metered, context.now)?,
            None => Timestamp::MIN,
        };
        let (value, checkpoint) = question.answer(usage, closed_until)?;
        metered_values.insert(id, value);
        closed.extend(checkpoint.map(|checkpoint| (id, checkpoint)));
    }
    keep(db, context, closed).await;
    Ok(entitlements
        .into_iter()
        .map(|entitlement| {
            let access = if !entitlement.is_active(at) {
                Access::Inactive
            } else {
                match &entitlement.kind {
                    Kind::Boolean { .. } => Access::Boolean,
                    Kind::Static { config, .. } => Access::Static {
                        config: config.clone(),
                    },
                    Kind::Metered(_) => metered_values
                        .remove(&entitlement.id)
                        .map_or(Access::Inactive, Access::Metered),
                }
            };
            Valued {
                entitlement,
                access,
            }
        })
        .collect())
}

/// The history of a metered entitlement.
pub async fn history(
    db: &Db,
    clients: &Clients,
    context: &Context,
    customer: &Customer,
    entitlement: &Entitlement,
    request: &HistoryRequest,
) -> Result<History, EntitlementError> {
    let metered = entitlement.metered()?;
    let start = request.start(metered)?;
    let (grants, mut checkpoints) = ledgers(db, context, &[entitlement.id], start).await?;
    let own = grants.get(&entitlement.id).map_or(&[][..], Vec::as_slice);
    let checkpoint = checkpoints.remove(&entitlement.id);
    let question = HistoryQuestion::new(metered, own, checkpoint, request, context.now)?;
    let questions = [UsageQuestion {
        source: &metered.source,
        subjects: &customer.subjects,
        spans: question.spans(),
    }];
    let mut usage = clients.usage(context, &questions).await?;
    question.answer(usage.pop().unwrap_or_default())
}

type Ledgers = (
    HashMap<EntitlementId, Vec<Grant>>,
    HashMap<EntitlementId, Checkpoint>,
);

/// Grants of some entitlements, and their last checkpoints until an instant.
async fn ledgers(
    db: &Db,
    context: &Context,
    ids: &[EntitlementId],
    until: Timestamp,
) -> Result<Ledgers, EntitlementError> {
    if ids.is_empty() {
        return Ok((HashMap::new(), HashMap::new()));
    }
    let reader = db.reader();
    let grants = store::grant::of_entitlements(reader, context.project, ids).await?;
    let checkpoints = store::checkpoint::latest(reader, context.project, ids, until).await?;
    Ok((grants, checkpoints))
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
async fn keep(db: &Db, context: &Context, closed: Vec<(EntitlementId, Checkpoint)>) {
    if closed.is_empty() {
        return;
    }
    let kept = async {
        let write = db.system_write(context).await?;
        for (id, checkpoint) in &closed {
            store::checkpoint::put(write.tx(), context.project, *id, checkpoint).await?;
        }
        write.commit().await?;
        Ok::<_, EntitlementError>(())
    };
    if let Err(error) = kept.await {
        tracing::warn!(error = %error, "checkpoints of balances could not be kept");
    }
}

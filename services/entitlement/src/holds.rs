//! Holds on customers and meters: while an entitlement is live, its customer cannot be deleted, nor the meter
//! that its feature measures with (one hold per feature, as many entitlements as it may have). The customer of
//! what a subscription manages is held by the subscription. What must be
//! told is marked on the row in the same transaction, told right after, and told again by a timer until it was
//! heard. An entitlement that ends by time is marked by that timer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chassis::{Context, Db, timer::Timer};
use jiff::SignedDuration;
use kernel::{
    Timestamp,
    id::{CustomerId, EntitlementId, ProjectId},
    period::OpenPeriod,
};
use tonic::{Code, Status};

use crate::{clients::Clients, domain::entitlement::Entitlement, error::EntitlementError, store};

/// Entitlements of one round of the timer.
const ROUND: u64 = 100;
/// How long a provisional hold lasts when its entitlement never comes to be.
const PROVISIONAL: SignedDuration = SignedDuration::from_hours(1);

/// Holds a customer before an entitlement is committed, so that it cannot be deleted in between.
pub async fn place_provisional(
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
    entitlement: EntitlementId,
    feature_key: &str,
) -> Result<(), EntitlementError> {
    let span = OpenPeriod {
        start: context.now,
        end: context.now.checked_add(PROVISIONAL).ok(),
    };
    clients
        .place_hold(context, customer, entitlement, feature_key, span)
        .await
}

/// Takes a provisional hold back. If that fails, it ends by itself.
pub async fn drop_provisional(
    clients: &Clients,
    context: &Context,
    customer: CustomerId,
    entitlement: EntitlementId,
) {
    if let Err(error) = clients.release_hold(context, customer, entitlement).await {
        tracing::warn!(entitlement.id = %entitlement, %error, "a provisional hold could not be released");
    }
}

/// Why others could not be told of entitlements.
type Untold = BTreeMap<EntitlementId, Arc<EntitlementError>>;

/// Tells others of changed entitlements. What fails stays marked for the timer.
pub async fn tell(db: &Db, clients: &Clients, context: &Context, changed: &[Entitlement]) -> u64 {
    let is_over = |entitlement: &Entitlement| {
        entitlement.deleted.is_some()
            || entitlement.span().is_empty()
            || entitlement.active_to.is_some_and(|end| end <= context.now)
    };
    let metered = changed
        .iter()
        .filter(|entitlement| entitlement.metered().is_ok());
    let (over, lasting): (Vec<_>, Vec<_>) = metered.partition(|found| is_over(found));
    let mut untold = tell_customers(clients, context, changed).await;
    untold.extend(hold_meters(clients, context, &lasting).await);
    untold.extend(release_meters(db, clients, context, &over).await);
    for (id, error) in &untold {
        tracing::warn!(entitlement.id = %id, %error, "other services could not be told of an entitlement");
    }
    let held: BTreeSet<EntitlementId> = lasting.iter().map(|found| found.id).collect();
    let told: Vec<(&Entitlement, bool)> = changed
        .iter()
        .filter(|entitlement| !untold.contains_key(&entitlement.id))
        .map(|entitlement| (entitlement, held.contains(&entitlement.id)))
        .collect();
    if told.is_empty() {
        return 0;
    }
    let noted = async {
        let write = db.system_write(context).await?;
        store::entitlement::clear_hold_due(write.tx(), context.project, &told).await?;
        write.commit().await?;
        Ok::<_, EntitlementError>(())
    };
    match noted.await {
        Ok(()) => u64::try_from(told.len()).unwrap_or(u64::MAX),
        Err(error) => {
            tracing::warn!(%error, "holds were told but not noted; they are told again");
            0
        }
    }
}

/// Has metering hold the meters of entitlements, all at once; one by one where that is refused, so that one that cannot be held keeps none
/// of the others from it.
async fn hold_meters(clients: &Clients, context: &Context, measuring: &[&Entitlement]) -> Untold {
    let together = clients.hold_meters(context, measuring).await;
    let refused = matches!(&together, Err(EntitlementError::Remote(status)) if is_refusal(status));
    let mut untold = Untold::new();
    if refused && measuring.len() > 1 {
        for entitlement in measuring {
            let alone = clients.hold_meters(context, &[entitlement]).await;
            let failed = heard(alone).err();
            untold.extend(failed.map(|error| (entitlement.id, Arc::new(error))));
        }
    } else if let Err(error) = heard(together) {
        let error = Arc::new(error);
        let ids = measuring.iter().map(|entitlement| entitlement.id);
        untold.extend(ids.map(|id| (id, error.clone())));
    }
    untold
}

/// Lets the meters of entitlements go that nothing else measures with.
async fn release_meters(
    db: &Db,
    clients: &Clients,
    context: &Context,
    over: &[&Entitlement],
) -> Untold {
    let mut untold = Untold::new();
    for entitlement in over {
        let released = release_meter(db, clients, context, entitlement).await;
        let failed = heard(released).err();
        untold.extend(failed.map(|error| (entitlement.id, Arc::new(error))));
    }
    untold
}

async fn release_meter(
    db: &Db,
    clients: &Clients,
    context: &Context,
    entitlement: &Entitlement,
) -> Result<(), EntitlementError> {
    let (db, project, now) = (db.reader(), context.project, context.now);
    if store::entitlement::measures_too(db, project, entitlement, now).await? {
        return Ok(());
    }
    clients.release_meter(context, entitlement).await
}

/// Tells the customer service, of all that hold a customer at once. What a subscription manages does not: the subscription does.
async fn tell_customers(clients: &Clients, context: &Context, changed: &[Entitlement]) -> Untold {
    let mut untold = Untold::new();
    let mut holding: BTreeMap<CustomerId, Vec<(EntitlementId, &str, OpenPeriod)>> = BTreeMap::new();
    for entitlement in changed.iter().filter(|found| found.managed_by.is_none()) {
        let (id, customer, span) = (entitlement.id, entitlement.customer, entitlement.span());
        if entitlement.deleted.is_some() || span.is_empty() {
            if let Err(error) = heard(clients.release_hold(context, customer, id).await) {
                untold.insert(id, Arc::new(error));
            }
        } else {
            let holders = holding.entry(customer).or_default();
            holders.push((id, &entitlement.feature_key, span));
        }
    }
    for (customer, holders) in holding {
        if let Err(error) = heard(clients.place_holds(context, customer, &holders).await) {
            let error = Arc::new(error);
            untold.extend(holders.iter().map(|(id, ..)| (*id, error.clone())));
        }
    }
    untold
}

/// A customer or meter that is gone needs no hold.
fn heard(done: Result<(), EntitlementError>) -> Result<(), EntitlementError> {
    match done {
        Err(EntitlementError::Remote(status)) if is_gone(&status) => Ok(()),
        other => other,
    }
}

fn is_gone(status: &Status) -> bool {
    matches!(status.code(), Code::NotFound | Code::FailedPrecondition)
}

/// Whether a call failed by what it asked for, which may be one thing of many.
fn is_refusal(status: &Status) -> bool {
    is_gone(status) || status.code() == Code::InvalidArgument
}

/// Tells what was not heard the first time.
pub struct HoldTimer {
    db: Db,
    clients: Clients,
}

impl HoldTimer {
    /// The timer of a service.
    pub fn new(db: Db, clients: Clients) -> Arc<Self> {
        Arc::new(Self { db, clients })
    }
}

#[async_trait::async_trait]
impl Timer for HoldTimer {
    fn name(&self) -> &'static str {
        "entitlement.holds"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let projects = store::entitlement::projects_with_hold_due(self.db.reader()).await?;
        let mut due = store::entitlement::first_ends(self.db.reader()).await?;
        due.extend(
            projects
                .into_iter()
                .map(|project| (project, Timestamp::MIN)),
        );
        Ok(due)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let ended = async {
            let write = self.db.system_write(context).await?;
            let (project, now) = (context.project, context.now);
            store::entitlement::mark_ended(write.tx(), project, now).await?;
            Ok::<_, EntitlementError>(write.commit().await?)
        };
        ended.await?;
        let due =
            store::entitlement::with_hold_due(self.db.reader(), context.project, ROUND).await?;
        Ok(tell(&self.db, &self.clients, context, &due).await)
    }
}

//! Holds on customers: while an entitlement is live, its customer cannot be deleted. What the customer
//! service must be told is marked on the row in the same transaction, told right after, and told again
//! by a timer until it was heard.

use std::sync::Arc;

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

/// Tells the customer service of changed entitlements. What fails stays marked for the timer.
pub async fn tell(db: &Db, clients: &Clients, context: &Context, changed: &[Entitlement]) -> u64 {
    let mut told = Vec::new();
    for entitlement in changed {
        match tell_one(clients, context, entitlement).await {
            Ok(()) => told.push(entitlement),
            Err(error) => {
                tracing::warn!(entitlement.id = %entitlement.id, %error, "the customer service could not be told of an entitlement");
            }
        }
    }
    if told.is_empty() {
        return 0;
    }
    let noted = async {
        let write = db.system_write(context).await?;
        for entitlement in &told {
            store::entitlement::clear_hold_due(
                write.tx(),
                context.project,
                entitlement.id,
                entitlement.revision,
            )
            .await?;
        }
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

async fn tell_one(
    clients: &Clients,
    context: &Context,
    entitlement: &Entitlement,
) -> Result<(), EntitlementError> {
    let span = entitlement.span();
    let done = if entitlement.deleted.is_some() || span.is_empty() {
        clients
            .release_hold(context, entitlement.customer, entitlement.id)
            .await
    } else {
        clients
            .place_hold(
                context,
                entitlement.customer,
                entitlement.id,
                &entitlement.feature_key,
                span,
            )
            .await
    };
    match done {
        // A customer that is gone needs no hold.
        Err(EntitlementError::Remote(status))
            if matches!(status.code(), Code::NotFound | Code::FailedPrecondition) =>
        {
            Ok(())
        }
        other => other,
    }
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
        Ok(projects
            .into_iter()
            .map(|project| (project, Timestamp::MIN))
            .collect())
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let due =
            store::entitlement::with_hold_due(self.db.reader(), context.project, ROUND).await?;
        Ok(tell(&self.db, &self.clients, context, &due).await)
    }
}

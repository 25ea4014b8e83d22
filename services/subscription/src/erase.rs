//! Erasing a customer, whatever depends on it: here at once, then in entitlement, catalog and billing, last the customer itself.
//! The call answers when all of it is done. What a crash or a service that is down interrupts is finished by a timer; each
//! step may be done twice.

use chassis::clock::system_now;
use chassis::timer::Timer;
use chassis::{Context, Db};
use contract::billing::v1 as billing;
use contract::catalog::v1::{self as catalog, feature_hold};
use contract::convert::timestamp;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1::{self as pb, SubscriptionState};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId};
use tonic::{Response, Status};

use crate::clients::Clients;
use crate::engine::{Engine, HEAD_START};
use crate::error::SubscriptionError;
use crate::store::{self, erasure::Pending};

/// Erases a customer; answers when every service has.
pub async fn erase(
    engine: &Engine,
    context: &Context,
    request: &pb::EraseCustomerRequest,
) -> Result<Response<pb::EraseCustomerResponse>, Status> {
    let customer: CustomerId = request
        .customer_id
        .parse()
        .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))?;
    let now = system_now();
    let free_at = now.checked_add(HEAD_START).unwrap_or(now);
    let (db, project) = (&engine.db, context.project);
    let answer = db
        .write(
            context,
            "EraseCustomer",
            &request.request_id,
            request,
            |write| async move {
                let tx = write.tx();
                let (all, told) = store::erasure::subscriptions(tx, project, customer).await?;
                // A change that was decided before the erasure must not commit after it.
                let seen = store::gate::read(tx, project, customer).await?;
                store::gate::advance(tx, project, customer, seen).await?;
                for id in &all {
                    write.redact(&id.to_string(), |_, _| None).await?;
                }
                store::erasure::remove(tx, project, customer).await?;
                store::erasure::begin(tx, project, customer, &told, (context.now, free_at)).await?;
                let answer = pb::EraseCustomerResponse {
                    subscription_count: i64::try_from(all.len()).unwrap_or(i64::MAX),
                };
                Ok::<_, SubscriptionError>((write, answer))
            },
        )
        .await?;
    if let Some(pending) = store::erasure::find(db.reader(), project, customer).await? {
        finish(db, &engine.clients, context, &pending).await?;
    }
    Ok(answer)
}

/// Has every other service erase the customer, and forgets that it was to be done.
async fn finish(
    db: &Db,
    clients: &Clients,
    context: &Context,
    pending: &Pending,
) -> Result<(), Status> {
    let told = tell(clients, context, pending).await;
    let write = db
        .system_write(context)
        .await
        .map_err(SubscriptionError::from)?;
    let (project, customer) = (pending.project, pending.customer);
    match &told {
        Ok(()) => store::erasure::done(write.tx(), project, customer).await?,
        Err(status) => {
            tracing::warn!(customer.id = %customer, code = ?status.code(), message = status.message(),
                "a customer could not be erased everywhere; it is tried again");
            let tx = write.tx();
            store::erasure::failed(tx, project, customer, pending.attempts, system_now()).await?;
        }
    }
    write.commit().await.map_err(SubscriptionError::from)?;
    told
}

async fn tell(clients: &Clients, context: &Context, pending: &Pending) -> Result<(), Status> {
    let customer_id = pending.customer.to_string();
    let request = entitlement::EraseCustomerRightsRequest {
        customer_id: customer_id.clone(),
        request_id: String::new(),
    };
    let mut rights = clients.rights.clone();
    rights
        .erase_customer_rights(context.request(request))
        .await?;
    for gone in &pending.gone {
        let request = catalog::ReplaceFeatureHoldsRequest {
            reason: feature_hold::Reason::Subscription.into(),
            holder_id: gone.id.to_string(),
            holds: Vec::new(),
            revision: gone.revision,
            request_id: String::new(),
        };
        let mut features = clients.features.clone();
        features
            .replace_feature_holds(context.request(request))
            .await?;
        let state = SubscriptionState {
            subscription: Some(pb::Subscription {
                id: gone.id.to_string(),
                customer_id: customer_id.clone(),
                billing_anchor_time: Some(timestamp(pending.began_at)),
                active_from_time: Some(timestamp(pending.began_at)),
                delete_time: Some(timestamp(pending.began_at)),
                revision: gone.revision,
                ..Default::default()
            }),
            phases: Vec::new(),
            deleted: true,
        };
        let request = billing::ApplySubscriptionRequest {
            state: Some(state),
            request_id: String::new(),
        };
        let mut billing = clients.billing.clone();
        billing.apply_subscription(context.request(request)).await?;
    }
    let request = customer::EraseCustomerRequest {
        customer_id,
        request_id: String::new(),
    };
    let mut privacy = clients.privacy.clone();
    privacy.erase_customer(context.request(request)).await?;
    Ok(())
}

/// Finishes the erasures that were interrupted.
pub struct EraseTimer {
    engine: Engine,
    fresh_until: Timestamp,
}

impl EraseTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        let now = system_now();
        Self {
            engine,
            fresh_until: now.checked_add(HEAD_START).unwrap_or(now),
        }
    }

    async fn pending(&self) -> Result<Vec<Pending>, SubscriptionError> {
        let db = self.engine.db.reader();
        store::erasure::due(db, system_now(), self.fresh_until).await
    }
}

#[async_trait::async_trait]
impl Timer for EraseTimer {
    fn name(&self) -> &'static str {
        "erase"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let mut due: Vec<(ProjectId, Timestamp)> = self
            .pending()
            .await?
            .iter()
            .map(|pending| (pending.project, pending.began_at))
            .collect();
        due.sort_unstable();
        due.dedup_by_key(|(project, _)| *project);
        Ok(due)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let mut done = 0;
        for pending in self.pending().await? {
            if pending.project != context.project {
                continue;
            }
            let (db, clients) = (&self.engine.db, &self.engine.clients);
            done += u64::from(finish(db, clients, context, &pending).await.is_ok());
        }
        Ok(done)
    }
}

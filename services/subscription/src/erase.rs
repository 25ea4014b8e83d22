//! Erasing a customer, whatever depends on it: here at once, then in entitlement, catalog and billing, last the customer itself.
//! The call answers when all of it is done. What a crash or a service that is down interrupts is finished by a timer; each
//! step may be done twice.

use chassis::timer::Timer;
use chassis::{Context, Db};
use contract::billing::v1 as billing;
use contract::catalog::v1::{self as catalog, feature_hold};
use contract::convert::timestamp;
use contract::customer::v1 as customer;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId};
use tonic::{Response, Status};

use crate::clients::Clients;
use crate::due::{self, Turn};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::store::{self, erasure::Pending};

/// Erases a customer; answers when every service has. One who is named may be gone by now: a retry has the first answer.
pub async fn erase(
    engine: &Engine,
    context: &Context,
    request: &pb::EraseCustomerRequest,
) -> Result<Response<pb::EraseCustomerResponse>, Status> {
    let (db, project) = (&engine.db, context.project);
    let id = |text: &str| {
        text.parse::<CustomerId>()
            .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))
    };
    let (customer, name) = if request.handle.is_empty() {
        (id(&request.customer_id)?, String::new())
    } else if !request.customer_id.is_empty() {
        let what = "must be empty beside customer_id";
        return Err(SubscriptionError::field("handle", what).into());
    } else {
        let (operation, key) = ("EraseCustomer", request.request_id.as_str());
        let replayed = db
            .replayed::<_, pb::EraseCustomerResponse>(context, operation, key, request)
            .await?;
        if let Some(answer) = replayed {
            let customer = id(&answer.get_ref().customer_id)?;
            go_on(engine, context, customer).await?;
            return Ok(answer);
        }
        let found = named(engine, context, &request.handle).await?;
        let name = if found.key.is_empty() {
            found.id.clone()
        } else {
            found.key
        };
        (id(&found.id)?, name)
    };
    let free_at = due::free_at();
    let name = &name;
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
                    customer_key: name.clone(),
                    erase_time: Some(timestamp(context.now)),
                    customer_id: customer.to_string(),
                };
                Ok::<_, SubscriptionError>((write, answer))
            },
        )
        .await?;
    go_on(engine, context, customer).await?;
    Ok(answer)
}

/// The live customer with a name.
async fn named(
    engine: &Engine,
    context: &Context,
    handle: &str,
) -> Result<customer::Customer, SubscriptionError> {
    let by = customer::customer_ref::Ref::Handle(handle.to_owned());
    let request = customer::GetCustomerRequest {
        customer_ref: Some(customer::CustomerRef { r#ref: Some(by) }),
        include_deleted: false,
        for_subscription: false,
    };
    let mut customers = engine.clients.customers.clone();
    let answer = customers.get_customer(context.request(request)).await?;
    answer
        .into_inner()
        .customer
        .ok_or_else(|| SubscriptionError::field("handle", "names no customer"))
}

/// Goes on with an erasure that is not over everywhere.
async fn go_on(engine: &Engine, context: &Context, customer: CustomerId) -> Result<(), Status> {
    let db = &engine.db;
    match store::erasure::find(db.reader(), context.project, customer).await? {
        Some(pending) => finish(db, &engine.clients, context, &pending).await,
        None => Ok(()),
    }
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
            store::erasure::failed(tx, project, customer, pending.attempts).await?;
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
    }
    let request = billing::EraseCustomerInvoicesRequest {
        customer_id: customer_id.clone(),
        request_id: String::new(),
    };
    let mut invoices = clients.billing.clone();
    invoices
        .erase_customer_invoices(context.request(request))
        .await?;
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
    turn: Turn,
}

impl EraseTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            turn: Turn::new(),
        }
    }

    async fn pending(&self) -> Result<Vec<Pending>, SubscriptionError> {
        let db = self.engine.db.reader();
        store::erasure::due(db, self.turn).await
    }
}

#[async_trait::async_trait]
impl Timer for EraseTimer {
    fn name(&self) -> &'static str {
        "erase"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let pending = self.pending().await?;
        let since = |pending: &Pending| (pending.project, pending.began_at);
        Ok(due::oldest(pending.iter().map(since)))
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

//! How every change of a customer's subscriptions goes: decide on what is stored, reserve, commit, apply. Nothing is held
//! open while another service is asked; the customer's gate tells at the commit whether the decision still stands.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use chassis::clock::system_now;
use chassis::{Context, Db, Write};
use jiff::{SignedDuration, Timestamp};
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use prost::Message;
use tokio::sync::{Mutex, MutexGuard};
use tonic::{Code, Response, Status};

use crate::clients::Clients;
use crate::convert;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;
use crate::provision::{self, Saved};
use crate::store;

/// How long the worker leaves a fresh change to the call that made it.
const HEAD_START: SignedDuration = SignedDuration::from_secs(15);
const LOCKS: usize = 256;
/// What the look for an earlier answer says when there is none. Its code is not one of those that are remembered.
const NOT_ANSWERED: &str = "not answered before";

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub db: Db,
    /// The other services.
    pub clients: Clients,
    /// Signs page tokens.
    pub page_key: [u8; 32],
    locks: Arc<Vec<Mutex<()>>>,
}

/// A mutating call.
pub struct Call<'a, Request> {
    /// Project, caller and time.
    pub context: &'a Context,
    /// Name of the RPC.
    pub operation: &'static str,
    /// What makes a retry safe.
    pub request_id: &'a str,
    /// The request.
    pub request: &'a Request,
}

impl Engine {
    /// An engine on a database.
    pub fn new(db: Db, clients: Clients, page_key: [u8; 32]) -> Self {
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        Self {
            db,
            clients,
            page_key,
            locks: Arc::new(locks),
        }
    }

    /// The answer that the same request got before. A retry must not be judged by a state that it brought about itself.
    pub async fn replayed<Request: Message, Answer: Message + Default>(
        &self,
        call: &Call<'_, Request>,
    ) -> Result<Option<Response<Answer>>, Status> {
        if call.request_id.is_empty() {
            return Ok(None);
        }
        let look =
            |_write: Write| async { Err::<(Write, Answer), _>(Status::aborted(NOT_ANSWERED)) };
        match self
            .db
            .write(
                call.context,
                call.operation,
                call.request_id,
                call.request,
                look,
            )
            .await
        {
            Ok(answer) => Ok(Some(answer)),
            Err(status) if status.code() == Code::Aborted && status.message() == NOT_ANSWERED => {
                Ok(None)
            }
            Err(status) => Err(status),
        }
    }

    /// One subscription that was not deleted.
    pub async fn find(
        &self,
        project: ProjectId,
        id: SubscriptionId,
    ) -> Result<Subscription, SubscriptionError> {
        store::subscription::find(self.db.reader(), project, id)
            .await?
            .ok_or_else(|| SubscriptionError::NotFound(id.to_string()))
    }

    /// Changes subscriptions of one customer. `decide` gets all that are not deleted; what it gives back is checked
    /// against the single-subscription rule, reserved, committed and applied.
    pub async fn change<Request, Answer, Decide, Reply>(
        &self,
        call: &Call<'_, Request>,
        customer: CustomerId,
        decide: Decide,
        reply: Reply,
    ) -> Result<Response<Answer>, Status>
    where
        Request: Message,
        Answer: Message + Default,
        Decide: FnOnce(&[Subscription]) -> Result<Vec<Saved>, SubscriptionError>,
        Reply: FnOnce(&[Saved]) -> Result<Answer, SubscriptionError>,
    {
        let context = call.context;
        let turn = self.turn(context.project, customer).await;
        // The same request may have had its turn meanwhile.
        if let Some(answer) = self.replayed(call).await? {
            return Ok(answer);
        }
        let seen = store::gate::read(self.db.reader(), context.project, customer).await?;
        let stored =
            store::subscription::of_customer(self.db.reader(), context.project, customer).await?;
        let saved = decide(&stored)?;
        check_single(&stored, &saved)?;
        let answer = reply(&saved)?;
        provision::reserve(&self.clients, context, &saved).await?;
        let change = Change {
            context,
            customer,
            seen,
            saved: &saved,
        };
        let response = self
            .db
            .write(
                context,
                call.operation,
                call.request_id,
                call.request,
                |write| change.commit(write, answer),
            )
            .await?;
        if let Err(error) = provision::apply(&self.db, &self.clients, context, customer).await {
            tracing::warn!(customer.id = %customer, %error, "what was committed is applied later");
        }
        drop(turn);
        Ok(response)
    }

    /// Waits for this process' other changes of the customer, so that the gate refuses only those of other replicas.
    async fn turn(&self, project: ProjectId, customer: CustomerId) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        (project, customer).hash(&mut hasher);
        let slot = usize::try_from(hasher.finish() % (LOCKS as u64)).unwrap_or_default();
        self.locks[slot].lock().await
    }
}

/// A decided change on its way into the database.
struct Change<'a> {
    context: &'a Context,
    customer: CustomerId,
    seen: i64,
    saved: &'a [Saved],
}

impl Change<'_> {
    async fn commit<Answer>(
        &self,
        mut write: Write,
        answer: Answer,
    ) -> Result<(Write, Answer), SubscriptionError> {
        let (project, now) = (self.context.project, self.context.now);
        store::gate::advance(write.tx(), project, self.customer, self.seen).await?;
        let free_at = free_at();
        for saved in self.saved {
            let after = &saved.after;
            match &saved.before {
                None => store::subscription::insert(write.tx(), project, after).await?,
                Some(_) => store::subscription::update(write.tx(), project, after).await?,
            }
            store::revenue::replace(write.tx(), project, after).await?;
            store::pending::put(write.tx(), project, after, now, free_at).await?;
            let before = saved
                .before
                .as_ref()
                .map(|before| convert::subscription::state(before, now))
                .transpose()?;
            let state = convert::subscription::state(after, now)?;
            let kind = match (&saved.before, after.deleted_at) {
                (None, _) => "subscription.created",
                (Some(_), None) => "subscription.updated",
                (Some(_), Some(_)) => "subscription.deleted",
            };
            write
                .record(
                    kind,
                    &after.id.to_string(),
                    after.revision,
                    before.as_ref(),
                    Some(&state),
                )
                .await?;
        }
        Ok((write, answer))
    }
}

fn free_at() -> Timestamp {
    let now = system_now();
    now.checked_add(HEAD_START).unwrap_or(now)
}

/// No two subscriptions of a customer hold at the same time once the change is made.
fn check_single(stored: &[Subscription], saved: &[Saved]) -> Result<(), SubscriptionError> {
    let mut after: Vec<Subscription> = stored
        .iter()
        .filter(|subscription| saved.iter().all(|saved| saved.after.id != subscription.id))
        .cloned()
        .collect();
    after.extend(saved.iter().map(|saved| saved.after.clone()));
    for saved in saved
        .iter()
        .filter(|saved| saved.after.deleted_at.is_none())
    {
        saved.after.check_single(&after)?;
    }
    Ok(())
}

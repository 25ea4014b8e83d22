//! How every change of a customer's subscriptions goes: decide on what is stored, reserve, commit, apply. Nothing is held
//! open while another service is asked; the customer's gate tells at the commit whether the decision still stands. Where it
//! does not, the change is decided again. A reservation that stands in the way and that nobody stands behind any more, because
//! its process died before the commit, is made void.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chassis::{Batch, Context, Db, Problem as _, Write};
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use prost::Message;
use sea_orm::ConnectionTrait as _;
use tokio::sync::{Mutex, MutexGuard};
use tonic::{Code, Response, Status};

use crate::clients::Clients;
use crate::convert;
use crate::domain::ledger::Cause;
use crate::domain::subscription::Subscription;
use crate::error::SubscriptionError;
use crate::multiple::Multiple;
use crate::provision::{self, Committed, Saved};
use crate::rights::Left;
use crate::{due, plan_terms, rights, store};

const LOCKS: usize = 256;
/// How often a change is decided before it gives way to those that keep coming first.
const ATTEMPTS_MAX: u32 = 10;
/// How long a call waits for another one whose reservation stands in its way, before it takes that one for dead.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// How often it looks meanwhile.
const LOOK: Duration = Duration::from_millis(50);
/// Why entitlement refuses what another subscription has reserved.
const RESERVED: &str = "FEATURE_RESERVED_BY_SUBSCRIPTION";

/// What all handlers share. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub db: Db,
    /// The other services.
    pub clients: Clients,
    /// Signs page tokens.
    pub page_key: [u8; 32],
    /// Projects whose customers may have several subscriptions at a time.
    pub multiple: Multiple,
    locks: Arc<Vec<Mutex<()>>>,
}

/// A mutating call.
pub struct Call<'a, Request> {
    /// Project, caller and time.
    pub context: &'a Context,
    /// Name of the RPC.
    pub operation: &'static str,
    /// What the change is called in the ledger.
    pub cause: Cause,
    /// What makes a retry safe.
    pub request_id: &'a str,
    /// The request.
    pub request: &'a Request,
}

impl Engine {
    /// An engine on a database.
    pub fn new(db: Db, clients: Clients, page_key: [u8; 32], multiple: Multiple) -> Self {
        let locks = (0..LOCKS).map(|_| Mutex::new(())).collect();
        Self {
            db,
            clients,
            page_key,
            multiple,
            locks: Arc::new(locks),
        }
    }

    /// The answer that the same request got before. A retry must not be judged by a state that it brought about itself.
    pub async fn replayed<Request: Message, Answer: Message + Default>(
        &self,
        call: &Call<'_, Request>,
    ) -> Result<Option<Response<Answer>>, Status> {
        let Call {
            context,
            operation,
            request_id,
            request,
            ..
        } = call;
        self.db
            .replayed(context, operation, request_id, *request)
            .await
    }

    /// One subscription from a plan that was not deleted.
    pub async fn find(
        &self,
        project: ProjectId,
        id: SubscriptionId,
    ) -> Result<Subscription, SubscriptionError> {
        let db = self.db.reader();
        if let Some(found) = store::subscription::find(db, project, id).await? {
            return Ok(found);
        }
        match store::reported::find_any(db, project, id).await? {
            Some(_) => Err(SubscriptionError::ReadOnly(id.to_string())),
            None => Err(SubscriptionError::NotFound(id.to_string())),
        }
    }

    /// Changes subscriptions of one customer. `decide` gets all that are not deleted; what it gives back is checked
    /// against the single-subscription rule, reserved, committed and applied. It may be asked again, about what others have
    /// left meanwhile.
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
        Decide: Fn(&[Subscription]) -> Result<Vec<Saved>, SubscriptionError>,
        Reply: Fn(&[Saved]) -> Result<Answer, SubscriptionError>,
    {
        let context = call.context;
        let turn = self.turn(context.project, customer).await;
        let mut voided = BTreeSet::new();
        let mut attempt = 0;
        let (response, committed) = loop {
            attempt += 1;
            match self
                .attempt(call, customer, &decide, &reply, &mut voided)
                .await
            {
                Ok(Some(done)) => break done,
                Ok(None) if attempt < ATTEMPTS_MAX => {}
                Err(error) if attempt < ATTEMPTS_MAX && came_second(&error) => {}
                Ok(None) => return Err(SubscriptionError::Raced.into()),
                Err(error) => return Err(error),
            }
        };
        if let Err(error) = self.inform(context, customer, committed.as_ref()).await {
            tracing::warn!(customer.id = %customer, %error, "what was committed is applied later");
        }
        drop(turn);
        Ok(response)
    }

    /// The answer that the same request got before, or a refusal.
    pub async fn or_replayed<Request: Message, Answer: Message + Default>(
        &self,
        call: &Call<'_, Request>,
        refusal: Status,
    ) -> Result<Response<Answer>, Status> {
        match self.replayed(call).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(refusal),
            Err(status) => Err(status),
        }
    }

    /// Tells the other services what a change left to be told, and keeps what became of that.
    async fn inform(
        &self,
        context: &Context,
        customer: CustomerId,
        committed: Option<&Committed>,
    ) -> Result<(), SubscriptionError> {
        let (db, clients) = (&self.db, &self.clients);
        let told = provision::inform(db, clients, context, customer, committed).await?;
        let rights = match committed {
            Some(committed) => {
                let held = (customer, committed.all.as_slice());
                Some(rights::inform(self, context, held, &committed.rights).await)
            }
            None => None,
        };
        if told.is_empty() && rights.is_none() {
            return Ok(());
        }
        let write = db.system_write(context).await?;
        provision::settle_later(&write, &told);
        if let Some(rights) = rights {
            rights::settle_later(&write, rights);
        }
        Ok(write.commit().await?)
    }

    /// Decides, reserves and commits once; the answer may be an earlier one, with which nothing was committed. `None`:
    /// something that stood in the way is gone, and it is worth another attempt.
    async fn attempt<Request, Answer, Decide, Reply>(
        &self,
        call: &Call<'_, Request>,
        customer: CustomerId,
        decide: &Decide,
        reply: &Reply,
        voided: &mut BTreeSet<SubscriptionId>,
    ) -> Result<Option<(Response<Answer>, Option<Committed>)>, Status>
    where
        Request: Message,
        Answer: Message + Default,
        Decide: Fn(&[Subscription]) -> Result<Vec<Saved>, SubscriptionError>,
        Reply: Fn(&[Saved]) -> Result<Answer, SubscriptionError>,
    {
        let context = call.context;
        // The same request may have had its turn meanwhile.
        if let Some(answer) = self.replayed(call).await? {
            return Ok(Some((answer, None)));
        }
        let store::gate::Seen {
            sequence: seen,
            stored,
            pending,
            rights,
            bought,
        } = store::gate::look(self.db.reader(), context.project, customer).await?;
        let saved = decide(&stored)?;
        let first = stored.is_empty();
        let all = after(stored, &saved);
        self.check_overlap(context.project, &all, &saved)?;
        let answer = reply(&saved)?;
        let known = match provision::reserve(&self.clients, context, &saved).await {
            Ok(known) => known,
            Err(SubscriptionError::Remote(refusal)) => {
                provision::let_go(&self.clients, context, &saved).await;
                return match reserved_by(&refusal) {
                    Some(holder) if voided.insert(holder) => {
                        self.make_way(context, customer, seen, holder).await?;
                        Ok(None)
                    }
                    Some(_) | None => Err(*refusal),
                };
            }
            Err(error) => return Err(error.into()),
        };
        let change = Change {
            context,
            customer,
            cause: call.cause,
            seen,
            saved: &saved,
            all: &all,
            first,
            left: OnceLock::new(),
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
            .await;
        let response = match response {
            Ok(response) => response,
            Err(status) => {
                if came_second(&status) {
                    provision::let_go(&self.clients, context, &saved).await;
                }
                return Err(status);
            }
        };
        let replayed = response
            .metadata()
            .contains_key(chassis::idempotency::REPLAYED_HEADER);
        if replayed {
            provision::let_go(&self.clients, context, &saved).await;
        }
        let left = change.left.into_inner().filter(|_| !replayed);
        let committed = left.map(|left| Committed {
            sequence: seen + 1,
            only: (!pending).then(|| saved.iter().map(|saved| saved.after.id).collect()),
            customer: known,
            rights: Left {
                // Had anything else of the customer changed since the look, the change would not be the next.
                terms: left
                    .terms
                    .filter(|_| first && !bought && left.revision == rights + 1),
                ..left
            },
            all,
        });
        Ok(Some((response, committed)))
    }

    /// Deals with a reservation that stands in the way: waits for the call behind it, and when nothing comes of that makes
    /// it void. The gate is moved on first, so that the call behind it, should it live after all, finds its decision outdated.
    async fn make_way(
        &self,
        context: &Context,
        customer: CustomerId,
        seen: i64,
        holder: SubscriptionId,
    ) -> Result<(), SubscriptionError> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
            if store::gate::read(self.db.reader(), context.project, customer).await? != seen {
                return Ok(());
            }
        }
        let write = self.db.system_write(context).await?;
        match store::gate::advance(write.tx(), context.project, customer, seen).await {
            Ok(()) => write.commit().await?,
            Err(SubscriptionError::Raced) => return Ok(()),
            Err(error) => return Err(error),
        }
        let known =
            store::subscription::find_any(self.db.reader(), context.project, holder).await?;
        tracing::info!(customer.id = %customer, subscription.id = %holder, "a reservation that was not followed by a commit is void");
        provision::void(&self.clients, context, customer, holder, known.as_ref()).await
    }

    /// No two subscriptions of a customer hold at the same time once the change is made; where several are allowed, no two
    /// items of one key.
    fn check_overlap(
        &self,
        project: ProjectId,
        all: &[Subscription],
        saved: &[Saved],
    ) -> Result<(), SubscriptionError> {
        let several = self.multiple.allows(project);
        for saved in saved
            .iter()
            .filter(|saved| saved.after.deleted_at.is_none())
        {
            if several {
                saved.after.check_items_apart(all)?;
            } else {
                saved.after.check_single(all)?;
            }
        }
        Ok(())
    }

    /// Waits for this process' other changes of the customer, so that the gate refuses only those of other replicas.
    pub async fn turn(&self, project: ProjectId, customer: CustomerId) -> MutexGuard<'_, ()> {
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
    cause: Cause,
    seen: i64,
    saved: &'a [Saved],
    /// All subscriptions of the customer after it.
    all: &'a [Subscription],
    /// The customer had none before.
    first: bool,
    /// What it leaves of the customer's rights.
    left: OnceLock<Left>,
}

impl Change<'_> {
    async fn commit<Answer>(
        &self,
        mut write: Write,
        answer: Answer,
    ) -> Result<(Write, Answer), SubscriptionError> {
        let (project, now) = (self.context.project, self.context.now);
        let (revision, mut sequence) = self.begin(&write).await?;
        let free_at = due::free_at();
        for saved in self.saved {
            let after = &saved.after;
            match &saved.before {
                None => {
                    store::subscription::insert_later(&write, project, after, sequence)?;
                    sequence += 1;
                }
                Some(_) => store::subscription::update(write.tx(), project, after).await?,
            }
            if saved.before.is_some() {
                store::revenue::replace(write.tx(), project, after).await?;
            } else {
                store::revenue::begin_later(&write, project, after)?;
            }
            store::change::record(&write, self.cause, saved.before.as_ref(), after)?;
            store::pending::put_later(&write, project, after, now, free_at);
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
        let terms = plan_terms::replace(&write, self.customer, self.all, self.first).await?;
        let terms = Some(terms);
        // A write happens once.
        let _ = self.left.set(Left { revision, terms });
        Ok((write, answer))
    }

    /// Moves the customer's gate on, notes that its rights change and numbers what is new, at once; answers which change of the
    /// rights it is, and the first number.
    async fn begin(&self, write: &Write) -> Result<(i64, i64), SubscriptionError> {
        let (project, backend) = (self.context.project, write.tx().get_database_backend());
        let new = self.saved.iter().filter(|saved| saved.before.is_none());
        let new = i64::try_from(new.count()).unwrap_or(i64::MAX);
        let mut batch = Batch::new();
        batch.push(store::gate::advancement(
            backend,
            project,
            self.customer,
            self.seen,
        ));
        batch.push_number(
            rights::changed(write, self.customer),
            store::product_access::REVISION,
        );
        if new > 0 {
            let counting = store::name::counting(backend, project, new);
            batch.push_number(counting, store::name::LAST);
        }
        let told = batch.send(write.tx()).await?;
        let number = |index: usize| {
            let number = told.get(index).copied().unwrap_or_default();
            i64::try_from(number).unwrap_or(i64::MAX)
        };
        store::gate::advanced(told.first().copied().unwrap_or_default())?;
        Ok((number(1), number(2).saturating_sub(new) + 1))
    }
}

/// The customer's subscriptions once a change is made.
fn after(stored: Vec<Subscription>, saved: &[Saved]) -> Vec<Subscription> {
    let mut all = stored;
    all.retain(|subscription| saved.iter().all(|saved| saved.after.id != subscription.id));
    all.extend(saved.iter().map(|saved| saved.after.clone()));
    all.sort_by_key(|subscription| (subscription.active_from, subscription.id));
    all
}

/// Whether another call changed the customer's subscriptions first, so that this one has to be decided again.
fn came_second(status: &Status) -> bool {
    status.code() == Code::Aborted
        && chassis::error::details(status).reason == SubscriptionError::Raced.reason()
}

/// The subscription whose reservation stands in the way, if that is what a refusal is about.
fn reserved_by(refusal: &Status) -> Option<SubscriptionId> {
    let details = chassis::error::details(refusal);
    if details.reason != RESERVED {
        return None;
    }
    details.metadata.get("subscription_id")?.parse().ok()
}

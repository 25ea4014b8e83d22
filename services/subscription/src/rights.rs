//! The rights that customers have by what they bought: noted with every write that changes them, told to the entitlement service at once
//! where that goes, and by a worker where it does not. Telling is by full state and revision, so it can be repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::clock::system_now;
use chassis::timer::Timer;
use chassis::{Context, Write};
use contract::catalog::v1 as catalog;
use contract::convert::timestamp;
use contract::entitlement::v1::{self as entitlement, product_right::Subject};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::Statement;
use tonic::Status;

use crate::domain::store_transaction::purchase::Purchase;
use crate::domain::subscription::Subscription;
use crate::domain::term::{Coverage, Periods};
use crate::due::{self, Turn};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::store;
use crate::store::product_access::Pending;
use crate::store::term::Term;
use crate::terms::{self, Known, Products};

/// Longest wait for the entitlement service after a commit.
const DIRECT_WAIT: Duration = Duration::from_secs(10);
/// How keys of products of plans made for one subscription begin.
const CUSTOM: &str = "custom-";
/// Most rights of one customer that are told; the newest count.
const RIGHTS_MAX: usize = 2_000;

/// Notes with a write that customers' rights changed.
pub fn note(write: &Write, customers: &BTreeSet<CustomerId>) {
    for customer in customers {
        write.later(changed(write, *customer));
    }
}

/// Notes it with a write that nobody tells of: the worker does, at once.
pub fn note_for_worker(write: &Write, customers: &BTreeSet<CustomerId>) {
    let now = system_now();
    for customer in customers {
        write.later(changed_until(write, *customer, now));
    }
}

/// The statement that notes it of one customer.
pub fn changed(write: &Write, customer: CustomerId) -> Statement {
    changed_until(write, customer, due::free_at())
}

/// The same, and from when on the worker tells of it.
fn changed_until(write: &Write, customer: CustomerId, free_at: Timestamp) -> Statement {
    let context = write.context();
    store::product_access::changed(write.tx(), context.project, customer, context.now, free_at)
}

/// Tells what is pending of customers. A failure is logged and put off: what is told of is committed.
pub async fn tell(engine: &Engine, context: &Context, customers: &BTreeSet<CustomerId>) {
    for customer in customers {
        let found =
            store::product_access::of_customer(engine.db.reader(), context.project, *customer);
        let outcome = match found.await {
            Ok(Some(pending)) => apply(engine, context, pending).await.map(drop),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(customer.id = %customer, %error, "rights of a customer are told later");
        }
    }
}

/// What a change of a customer's subscriptions from plans left of its rights.
#[derive(Clone, Debug)]
pub struct Left {
    /// Which change of them it was.
    pub revision: i64,
    /// The customer's terms, where it is known that they are all that its rights come from.
    pub terms: Option<Vec<Term>>,
}

/// Tells what such a change left; answers whether it is known now, to be settled with the rest of the change.
pub async fn inform(
    engine: &Engine,
    context: &Context,
    (customer, held): (CustomerId, &[Subscription]),
    left: &Left,
) -> (Pending, bool) {
    let pending = Pending {
        customer,
        revision: left.revision,
        attempts: 0,
    };
    let told = send(engine, context, pending, Some((held, left))).await;
    (pending, told)
}

/// Keeps with the commit what became of telling.
pub fn settle_later(write: &Write, (pending, told): (Pending, bool)) {
    let project = write.context().project;
    if told {
        store::product_access::done_later(write, project, pending);
    } else {
        store::product_access::failed_later(write, project, pending);
    }
}

/// Tells what is pending of one customer; answers whether it is known now.
async fn apply(
    engine: &Engine,
    context: &Context,
    pending: Pending,
) -> Result<bool, SubscriptionError> {
    let told = send(engine, context, pending, None).await;
    let write = engine.db.system_write(context).await?;
    settle_later(&write, (pending, told));
    write.commit().await?;
    Ok(told)
}

/// A customer's subscriptions from plans, and what their change left.
type Changed<'a> = (&'a [Subscription], &'a Left);

async fn send(
    engine: &Engine,
    context: &Context,
    pending: Pending,
    changed: Option<Changed<'_>>,
) -> bool {
    let context = &context.clone().with_deadline(DIRECT_WAIT);
    let told = match rights(engine, context, pending.customer, changed).await {
        Ok(rights) => {
            let request = entitlement::ApplyProductAccessRequest {
                customer_id: pending.customer.to_string(),
                revision: pending.revision,
                rights,
            };
            let mut client = engine.clients.product_access.clone();
            let answer = client.apply_product_access(context.request(request)).await;
            answer.map(drop).map_err(SubscriptionError::from)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &told {
        tracing::warn!(customer.id = %pending.customer, %error, "rights of a customer could not be told; it is tried again");
    }
    told.is_ok()
}

/// All rights of a customer, the newest first where there are too many.
async fn rights(
    engine: &Engine,
    context: &Context,
    customer: CustomerId,
    changed: Option<Changed<'_>>,
) -> Result<Vec<entitlement::ProductRight>, SubscriptionError> {
    let db = engine.db.reader();
    let all = changed.and_then(|(_, left)| left.terms.clone());
    let (rows, purchases) = match all {
        Some(terms) => (terms, Vec::new()),
        None => (
            store::term::of_customer(db, context.project, customer).await?,
            store::purchase::of_customer(db, context.project, customer).await?,
        ),
    };
    let known = match changed {
        Some((held, _)) => terms::known_of(context, rows, held)?,
        None => terms::known(db, context, rows).await?,
    };
    let mut sold = Vec::new();
    for stage in known.iter().flat_map(|known| &known.facts.stages) {
        sold.extend(stage.product.clone());
    }
    sold.extend(purchases.iter().map(|found| found.facts.product.clone()));
    let mut products = terms::products(&engine.clients, context, &sold).await?;
    // A plan of its own has its product from its first subscription on.
    let custom: BTreeSet<(&str, &str)> = sold
        .iter()
        .filter(|product| product.key.starts_with(CUSTOM) && products.find(product).is_none())
        .map(|product| {
            let length = product
                .duration
                .as_ref()
                .map_or("", |length| length.as_str());
            (product.key.as_str(), length)
        })
        .collect();
    for (key, duration) in custom {
        let request = catalog::EnsureProductRequest {
            product_key: key.to_owned(),
            kind: catalog::product::Kind::Subscription.into(),
            duration: duration.to_owned(),
            ..Default::default()
        };
        let mut client = engine.clients.products.clone();
        let answer = client.ensure_product(context.request(request)).await?;
        if let Some(product) = answer.into_inner().product {
            products.add(product);
        }
    }
    let mut rights: Vec<entitlement::ProductRight> = known
        .iter()
        .flat_map(|known| of_term(known, &products))
        .collect();
    for found in &purchases {
        rights.extend(of_purchase(&found.id.to_string(), &found.facts, &products));
    }
    rights.sort_by_key(|right| {
        let start = right.start_time.unwrap_or_default();
        std::cmp::Reverse((start.seconds, start.nanos))
    });
    rights.truncate(RIGHTS_MAX);
    Ok(rights)
}

/// The rights of a term: spans with access on one product are one, but a trial is not one with what recurs after it.
fn of_term(known: &Known, products: &Products) -> Vec<entitlement::ProductRight> {
    let mut spans: Vec<((Subject, bool), Timestamp, Option<Timestamp>)> = Vec::new();
    for stage in &known.facts.stages {
        let subject = match (&known.facts.entitlement, &stage.product) {
            (Some(key), _) => Some(Subject::FeatureKey(key.clone())),
            (None, Some(product)) => products
                .find(product)
                .map(|found| Subject::ProductId(found.id.clone())),
            (None, None) => None,
        };
        let Some(subject) = subject.filter(|_| stage.coverage.gives_access()) else {
            continue;
        };
        let trial = stage.coverage == Coverage::Trial && known.facts.periods != Periods::Stages;
        let subject = (subject, trial);
        match spans.last_mut() {
            Some(last) if last.0 == subject && last.2 == Some(stage.start) => last.2 = stage.end,
            Some(_) | None => spans.push((subject, stage.start, stage.end)),
        }
    }
    let source_id = known.term.id.to_string();
    spans
        .into_iter()
        .filter(|(_, start, end)| end.is_none_or(|end| *start < end))
        .map(|((subject, trial), start, end)| {
            let renewal = known.facts.recurrence(trial);
            entitlement::ProductRight {
                source_id: source_id.clone(),
                subject: Some(subject),
                start_time: Some(timestamp(start)),
                end_time: end.map(timestamp),
                renewal_duration: renewal
                    .as_ref()
                    .map(|renewal| renewal.interval.as_str().to_owned())
                    .unwrap_or_default(),
                renewal_anchor_time: renewal.map(|renewal| timestamp(renewal.anchor)),
            }
        })
        .collect()
}

fn of_purchase(
    id: &str,
    purchase: &Purchase,
    products: &Products,
) -> Option<entitlement::ProductRight> {
    let product = products.find(&purchase.product)?;
    Some(entitlement::ProductRight {
        source_id: id.to_owned(),
        subject: Some(Subject::ProductId(product.id.clone())),
        start_time: Some(timestamp(purchase.at)),
        end_time: purchase.refunded.map(timestamp),
        ..Default::default()
    })
}

/// The worker: what a process left behind that died, or while the entitlement service was down.
pub struct RightsTimer {
    engine: Engine,
    turn: Turn,
}

impl RightsTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            turn: Turn::new(),
        }
    }
}

#[async_trait::async_trait]
impl Timer for RightsTimer {
    fn name(&self) -> &'static str {
        "rights"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let db = self.engine.db.reader();
        Ok(store::product_access::due_projects(db, self.turn).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let db = self.engine.db.reader();
        let due = store::product_access::due_customers(db, context.project, self.turn);
        let mut done = 0;
        for pending in due.await? {
            done += u64::from(apply(&self.engine, context, pending).await?);
        }
        Ok(done)
    }
}

//! How a report is written: what it names is found, judged and made sure of first (customer, exchange rate, products), then one
//! transaction writes it, if nobody else wrote for the customer meanwhile. What a report makes of others' things before it
//! fails (a product, a customer) is harmless, and the same report goes on with it.

use std::collections::BTreeSet;

use chassis::{Context, Problem as _};
use contract::catalog::v1::{self as catalog, product::Kind};
use contract::customer::v1::{self as customer, customer_ref::Ref as CustomerBy};
use jiff::Timestamp;
use kernel::Decimal;
use kernel::currency::Currency;
use kernel::id::{CustomerId, SubscriptionId};
use prost::Message;
use tonic::{Code, Response, Status};

use crate::convert::reported as show;
use crate::domain::reported::{Change, Fact, ItemKind, Reported};
use crate::domain::term::refusal::TermRefusal;
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::store::name::Named;
use crate::store::reported::Stored;
use crate::{plan_terms, rights, store};

/// How often a report is tried again when others keep writing for the customer.
const ATTEMPTS_MAX: u32 = 10;

/// A report on its way.
pub struct Report<'a, Request> {
    /// Project, caller and time.
    pub context: &'a Context,
    /// Name of the RPC.
    pub operation: &'static str,
    /// What makes a retry safe.
    pub request_id: &'a str,
    /// The request.
    pub request: &'a Request,
}

/// What is written.
pub enum Writing {
    /// A subscription of which nothing is stored yet.
    New(Box<Reported>),
    /// The next revision of a stored one: before and after.
    Next(Box<Reported>, Box<Reported>),
    /// A stored one goes.
    Gone(Box<Reported>),
}

/// A payment that a write is about.
pub type PaymentKey<'a> = Option<&'a str>;

impl Engine {
    /// What a name of any form leads to.
    pub async fn named(
        &self,
        context: &Context,
        handle: &str,
    ) -> Result<Option<(Stored, Option<String>)>, SubscriptionError> {
        let (db, project) = (self.db.reader(), context.project);
        if handle.is_empty() || handle.contains('\0') {
            return Ok(None);
        }
        let named = match store::name::find(db, project, handle).await? {
            Some(named) => Some(named),
            None => handle.parse().ok().map(|id: SubscriptionId| Named {
                id,
                product_key: None,
            }),
        };
        let Some(named) = named else { return Ok(None) };
        let found = store::reported::find_any(db, project, named.id).await?;
        Ok(found.map(|stored| (stored, named.product_key)))
    }

    /// The reported subscription that a name leads to, and which of its items.
    pub async fn reported(
        &self,
        context: &Context,
        handle: &str,
    ) -> Result<(Reported, Option<String>), SubscriptionError> {
        match self.named(context, handle).await? {
            Some((Stored::Reported(reported), item)) => Ok((*reported, item)),
            Some((Stored::Plan(listed), _)) => Err(SubscriptionError::ManagedByPlan(
                listed.subscription.id.to_string(),
            )),
            Some((Stored::Store(_), _)) => Err(TermRefusal::ManagedByStore.into()),
            None if handle.is_empty() => Err(SubscriptionError::field("handle", "is required")),
            None => Err(SubscriptionError::NotFound(handle.to_owned())),
        }
    }

    /// The live customer that a name of any form leads to.
    pub async fn customer_named(
        &self,
        context: &Context,
        handle: &str,
    ) -> Result<Option<customer::Customer>, SubscriptionError> {
        let by = CustomerBy::Handle(handle.to_owned());
        let request = customer::GetCustomerRequest {
            customer_ref: Some(customer::CustomerRef { r#ref: Some(by) }),
            include_deleted: false,
            for_subscription: false,
        };
        let mut customers = self.clients.customers.clone();
        match customers.get_customer(context.request(request)).await {
            Ok(answer) => Ok(answer.into_inner().customer),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    /// The customer that a name leads to, made if nobody has it.
    pub async fn ensure_customer(
        &self,
        context: &Context,
        request: customer::EnsureCustomerRequest,
    ) -> Result<customer::Customer, SubscriptionError> {
        let mut aliases = self.clients.aliases.clone();
        let answer = aliases.ensure_customer(context.request(request)).await?;
        Ok(answer.into_inner().customer.unwrap_or_default())
    }

    /// The rate from a currency to the project's at an instant. Without one the report is refused.
    pub async fn rate_into_project(
        &self,
        context: &Context,
        from: Currency,
        at: Timestamp,
    ) -> Result<(Currency, Decimal), SubscriptionError> {
        let request = context.request(customer::GetProjectRequest {});
        let mut projects = self.clients.projects.clone();
        let project = projects.get_project(request).await?.into_inner().project;
        let code = project.unwrap_or_default().currency_code;
        let to = Currency::parse(&code).unwrap_or(Currency::USD);
        if from == to {
            return Ok((to, Decimal::ONE));
        }
        let request = customer::GetRateRequest {
            from_currency_code: from.code().to_owned(),
            to_currency_code: to.code().to_owned(),
            time: Some(contract::convert::timestamp(at)),
        };
        let mut rates = self.clients.rates.clone();
        let missing = || SubscriptionError::RateMissing {
            from: from.code().to_owned(),
            to: to.code().to_owned(),
        };
        match rates.get_rate(context.request(request)).await {
            Ok(answer) => {
                let rate = answer.into_inner().rate.and_then(|rate| rate.rate);
                let rate = show::amount("rate", rate.as_ref())?;
                Ok((to, rate.ok_or_else(missing)?))
            }
            Err(status) if status.code() == Code::NotFound => Err(missing()),
            Err(status) => Err(status.into()),
        }
    }

    /// Makes the products and plans that a report names.
    pub async fn ensure_products(
        &self,
        context: &Context,
        products: BTreeSet<(String, Sold)>,
    ) -> Result<(), SubscriptionError> {
        for (product_key, sold) in products {
            let request = catalog::EnsureProductRequest {
                product_key,
                kind: match sold {
                    Sold::Monthly | Sold::Yearly => Kind::Subscription,
                    Sold::Once => Kind::OneTime,
                }
                .into(),
                duration: match sold {
                    Sold::Monthly => "P1M".to_owned(),
                    Sold::Yearly => "P1Y".to_owned(),
                    Sold::Once => String::new(),
                },
                display_name: String::new(),
                request_id: String::new(),
            };
            let mut clients = self.clients.products.clone();
            clients.ensure_product(context.request(request)).await?;
        }
        Ok(())
    }

    /// Prepares and writes a report about a stored subscription. `decide` gets the subscription as it is and says what it
    /// becomes; it is asked again when others came first.
    pub async fn report_on<Request, Answer, Decide, Reply>(
        &self,
        report: &Report<'_, Request>,
        id: SubscriptionId,
        decide: Decide,
        reply: Reply,
    ) -> Result<Response<Answer>, Status>
    where
        Request: Message,
        Answer: Message + Default,
        Decide: Fn(&mut Reported) -> Result<(), SubscriptionError> + Sync,
        Reply: Fn(&Reported) -> Result<Answer, SubscriptionError> + Sync,
    {
        self.report_payment(report, id, None, decide, reply).await
    }

    /// The same for a report about a payment of the subscription.
    pub async fn report_payment<Request, Answer, Decide, Reply>(
        &self,
        report: &Report<'_, Request>,
        id: SubscriptionId,
        payment: PaymentKey<'_>,
        decide: Decide,
        reply: Reply,
    ) -> Result<Response<Answer>, Status>
    where
        Request: Message,
        Answer: Message + Default,
        Decide: Fn(&mut Reported) -> Result<(), SubscriptionError> + Sync,
        Reply: Fn(&Reported) -> Result<Answer, SubscriptionError> + Sync,
    {
        let (context, db) = (report.context, self.db.reader());
        let mut attempt = 0;
        loop {
            attempt += 1;
            let before = store::reported::find(db, context.project, id)
                .await?
                .ok_or_else(|| SubscriptionError::NotFound(id.to_string()))?;
            let customer = before.customer_id;
            let turn = self.turn(context.project, customer).await;
            let seen = store::gate::read(db, context.project, customer).await?;
            // Only now nobody of this process writes any more.
            let before = store::reported::find(db, context.project, id)
                .await?
                .ok_or_else(|| SubscriptionError::NotFound(id.to_string()))?;
            let mut after = before.clone();
            decide(&mut after)?;
            after.revision += 1;
            after.updated_at = context.now;
            self.prepare(context, &before, &after).await?;
            let writing = Writing::Next(Box::new(before), Box::new(after));
            match self
                .commit_report(report, writing, seen, payment, &reply)
                .await
            {
                Err(status) if attempt < ATTEMPTS_MAX && came_second(&status) => drop(turn),
                outcome => {
                    self.touch_customer(context, customer, outcome.is_ok())
                        .await;
                    return outcome;
                }
            }
        }
    }

    /// Makes sure of the rate and the products of what is new.
    pub async fn prepare(
        &self,
        context: &Context,
        before: &Reported,
        after: &Reported,
    ) -> Result<(), SubscriptionError> {
        let known: BTreeSet<&str> = before.facts.iter().map(|fact| fact.id.as_str()).collect();
        let new: Vec<&Fact> = after
            .facts
            .iter()
            .filter(|fact| !known.contains(fact.id.as_str()))
            .collect();
        if let Some(fact) = new.first() {
            let latest = after
                .latest()
                .map_err(crate::domain::refusal::Refusal::from)?;
            if let (Some(currency), Some(_)) = (latest.currency, latest.amount) {
                self.rate_into_project(context, currency, fact.at).await?;
            }
        }
        let products = new.iter().flat_map(|fact| named_products(&fact.change));
        self.ensure_products(context, products.collect()).await
    }

    /// Writes a report, with event and audit row, if the customer's gate is where it was.
    pub async fn commit_report<Request, Answer>(
        &self,
        report: &Report<'_, Request>,
        writing: Writing,
        seen: i64,
        payment: PaymentKey<'_>,
        reply: &(impl Fn(&Reported) -> Result<Answer, SubscriptionError> + Sync),
    ) -> Result<Response<Answer>, Status>
    where
        Request: Message,
        Answer: Message + Default,
    {
        let context = report.context;
        let project = context.project;
        self.db
            .write(
                context,
                report.operation,
                report.request_id,
                report.request,
                |mut write| async move {
                    let (before, mut after, gone) = match writing {
                        Writing::New(after) => (None, after, false),
                        Writing::Next(before, after) => (Some(before), after, false),
                        Writing::Gone(before) => (Some(before.clone()), before, true),
                    };
                    store::gate::advance(write.tx(), project, after.customer_id, seen).await?;
                    let kind = match (&before, gone) {
                        (None, _) => {
                            store::reported::insert(write.tx(), project, &mut after).await?;
                            "reported_subscription.created"
                        }
                        (Some(_), false) => {
                            store::reported::update(write.tx(), project, &mut after).await?;
                            "reported_subscription.updated"
                        }
                        (Some(_), true) => {
                            store::reported::delete(write.tx(), project, &after).await?;
                            "reported_subscription.deleted"
                        }
                    };
                    if let Some(key) = payment {
                        store::reported::hold_payment(write.tx(), project, key, after.id).await?;
                    }
                    plan_terms::replace_reported(&write, &after, gone).await?;
                    let was = before.as_deref().map(show::latest).transpose()?;
                    let is = (!gone).then(|| show::latest(&after)).transpose()?;
                    let id = after.id.to_string();
                    let revision = after.revision + i64::from(gone);
                    write
                        .record(kind, &id, revision, was.as_ref(), is.as_ref())
                        .await?;
                    let answer = reply(&after)?;
                    Ok::<_, SubscriptionError>((write, answer))
                },
            )
            .await
    }

    /// Tells the customer service that something about the customer changed; nothing depends on it.
    pub async fn touch_customer(&self, context: &Context, customer: CustomerId, written: bool) {
        if !written {
            return;
        }
        rights::tell(self, context, &[customer].into()).await;
        if let Err(status) =
            crate::provision::touch(&self.db, &self.clients, context, customer).await
        {
            tracing::warn!(customer.id = %customer, code = ?status.code(), message = status.message(),
                "the customer service was not told of a report");
        }
    }
}

/// How a product is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sold {
    /// By the month.
    Monthly,
    /// By the year.
    Yearly,
    /// Once.
    Once,
}

fn named_products(change: &Change) -> Vec<(String, Sold)> {
    let by = |months: u32| {
        if months == 12 {
            Sold::Yearly
        } else {
            Sold::Monthly
        }
    };
    match change {
        Change::Patch(patch) => {
            let interval = patch
                .amount
                .map_or(Sold::Monthly, |amount| by(amount.months));
            let items = patch.items.iter().flatten();
            items
                .map(|item| {
                    let sold = if item.kind == Some(ItemKind::OneTime) {
                        Sold::Once
                    } else {
                        interval
                    };
                    (item.product_key.clone(), sold)
                })
                .collect()
        }
        Change::SetItem {
            new_product_key, ..
        } => vec![(new_product_key.clone(), Sold::Monthly)],
        Change::RemoveItem { .. } => Vec::new(),
    }
}

/// Whether another call wrote for the customer first.
pub fn came_second(status: &Status) -> bool {
    status.code() == Code::Aborted
        && chassis::error::details(status).reason == SubscriptionError::Raced.reason()
}

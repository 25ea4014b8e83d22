//! `StoreTransactionService`.

use std::collections::BTreeSet;

use chassis::Context;
use contract::catalog::v1::{
    self as catalog,
    store_app::{Details, Type},
};
use contract::customer::v1::{CustomerRef, customer_ref::Ref};
use contract::subscription::v1::{
    self as pb, store_transaction_service_server::StoreTransactionService,
};
use kernel::Decimal;
use kernel::calendar::IsoDuration;
use kernel::decimal;
use kernel::id::{CustomerId, SubscriptionId};
use tokio::sync::Mutex;
use tonic::{Code, Request, Response, Status};

use super::window::Window;
use crate::convert::request::optional_id;
use crate::convert::store_transaction as show;
use crate::domain::refusal::Refusal;
use crate::domain::store_transaction::{Kind, Transaction};
use crate::domain::term::{Environment, Origin, Ownership, Product, Store};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::record::{record, tell};
use crate::store::store_transaction::line_key;
use crate::{rights, store, terms};

/// Most lines whose transactions are listed at once.
const LINES_MAX: usize = 500;

/// The handlers.
pub struct StoreTransactionServer {
    engine: Engine,
}

impl StoreTransactionServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// A transaction with the customer and the product that it names.
    async fn resolved(
        &self,
        context: &Context,
        asked: show::Asked,
    ) -> Result<Transaction, SubscriptionError> {
        let mut transaction = asked.transaction;
        if let Some(by) = asked.customer
            && [Kind::Purchase, Kind::Transfer].contains(&transaction.kind)
        {
            transaction.customer = Some(self.engine.clients.customer(context, by).await?);
        }
        let mut app = None;
        if !asked.product.is_empty() {
            let (product, seller) = self.product(context, &asked.product, &transaction).await?;
            transaction.product = Some(product);
            app = self.app(context, seller).await?;
            check_store(transaction.store, app.as_ref())?;
        }
        if !asked.commission_told {
            transaction.commission = self.commission(context, &transaction, app).await?;
        }
        if let Some(price) = &transaction.price {
            // Times the quantity it must still be a number.
            decimal::mul(price.value, transaction.quantity.into()).map_err(Refusal::from)?;
        }
        Ok(transaction)
    }

    /// The share that a store keeps that did not say so: by the app that sells the product, as it is set when this is recorded.
    async fn commission(
        &self,
        context: &Context,
        transaction: &Transaction,
        app: Option<catalog::StoreApp>,
    ) -> Result<Decimal, SubscriptionError> {
        let usual = transaction.store.commission();
        let Some(small) = transaction.store.small_business_commission() else {
            return Ok(usual);
        };
        if transaction.price.is_none() || transaction.kind == Kind::Refund {
            return Ok(usual);
        }
        let (db, project) = (self.engine.db.reader(), context.project);
        // Told again it is what it was, whatever became of the app.
        if let Some((known, _)) = store::store_transaction::find(db, project, transaction).await? {
            return Ok(known.commission);
        }
        let clients = &self.engine.clients;
        let app = match app {
            Some(app) => Some(app),
            None => {
                let line = line_key(transaction);
                let rows = store::term::of_source(db, project, &line).await?;
                let facts = rows.last().and_then(|row| row.facts.as_ref());
                let stage = facts.and_then(|facts| facts.stages.last());
                let sold = Vec::from_iter(stage.and_then(|stage| stage.product.clone()));
                let found = terms::products(clients, context, &sold).await?;
                let product = sold.first().and_then(|sold| found.find(sold));
                let seller = product.map(|product| product.store_app_id.clone());
                self.app(context, seller.unwrap_or_default()).await?
            }
        };
        let is_small = |app: &catalog::StoreApp| match &app.details {
            Some(Details::AppStore(details)) => details.small_business_program,
            Some(Details::MacAppStore(details)) => details.small_business_program,
            Some(Details::PlayStore(details)) => details.small_business_program,
            Some(
                Details::Amazon(_) | Details::Stripe(_) | Details::BuiltIn(_) | Details::Roku(_),
            )
            | None => false,
        };
        let is_small = app.as_ref().is_some_and(is_small);
        Ok(if is_small { small } else { usual })
    }

    /// The app that sells a product; none where no app is known, or it is gone.
    async fn app(
        &self,
        context: &Context,
        id: String,
    ) -> Result<Option<catalog::StoreApp>, SubscriptionError> {
        if id.is_empty() {
            return Ok(None);
        }
        let request = catalog::BatchGetStoreAppsRequest { ids: vec![id] };
        let mut client = self.engine.clients.store_apps.clone();
        let answer = client
            .batch_get_store_apps(context.request(request))
            .await?;
        Ok(answer.into_inner().store_apps.into_iter().next())
    }

    /// A product, and the app that sells it.
    async fn product(
        &self,
        context: &Context,
        id: &str,
        transaction: &Transaction,
    ) -> Result<(Product, String), SubscriptionError> {
        let request = catalog::GetProductRequest { id: id.to_owned() };
        let mut client = self.engine.clients.products.clone();
        let found = match client.get_product(context.request(request)).await {
            Ok(answer) => answer.into_inner().product.unwrap_or_default(),
            // It may have been sold before it was deleted.
            Err(status) if status.code() == Code::NotFound => {
                let request = catalog::BatchGetProductsRequest {
                    ids: vec![id.to_owned()],
                    product_keys: Vec::new(),
                };
                let answer = client.batch_get_products(context.request(request)).await?;
                let found = answer.into_inner().products.into_iter().next();
                found.ok_or(SubscriptionError::from(status))?
            }
            Err(status) => return Err(status.into()),
        };
        let once = found.kind() == catalog::product::Kind::OneTime;
        if once != transaction.subscription.is_empty() {
            let wrong = if once {
                "is sold once: no subscription may be named"
            } else {
                "renews: its subscription must be named"
            };
            return Err(SubscriptionError::field("transaction.product_id", wrong));
        }
        let length = |text: &str| {
            IsoDuration::parse(text)
                .ok()
                .filter(IsoDuration::is_positive)
        };
        let product = Product {
            key: found.product_key,
            duration: length(&found.duration),
            grace: length(&found.grace_period_duration),
            trial: length(&found.trial_duration),
            id: found.id,
        };
        Ok((product, found.store_app_id))
    }

    /// What a recorded transaction comes to now.
    async fn filled(
        &self,
        context: &Context,
        transaction: &Transaction,
        mut answer: pb::RecordStoreTransactionResponse,
    ) -> Result<pb::RecordStoreTransactionResponse, SubscriptionError> {
        let (db, clients) = (self.engine.db.reader(), &self.engine.clients);
        let line = line_key(transaction);
        if transaction.subscription.is_empty() {
            let found = store::purchase::of_line(db, context.project, &line).await?;
            let shown = terms::shown_purchases(clients, context, &Vec::from_iter(found)).await?;
            answer.purchase = shown.into_iter().next();
        } else {
            let rows = store::term::of_source(db, context.project, &line).await?;
            let known = terms::known(db, context, rows).await?;
            answer.terms = terms::shown(clients, context, &known).await?;
        }
        Ok(answer)
    }

    async fn customer(
        &self,
        context: &Context,
        name: &str,
        by: Option<CustomerRef>,
    ) -> Result<CustomerId, SubscriptionError> {
        let by: Ref = by
            .and_then(|by| by.r#ref)
            .ok_or_else(|| SubscriptionError::field(name, "is required"))?;
        self.engine.clients.customer(context, by).await
    }
}

#[tonic::async_trait]
impl StoreTransactionService for StoreTransactionServer {
    async fn record_store_transaction(
        &self,
        request: Request<pb::RecordStoreTransactionRequest>,
    ) -> Result<Response<pb::RecordStoreTransactionResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let wire = request.transaction.clone().unwrap_or_default();
        let asked = show::from_proto(&wire)?;
        let transaction = &self.resolved(context, asked).await?;
        let customers = &Mutex::new(BTreeSet::new());
        let answer = self
            .engine
            .db
            .write(
                context,
                "RecordStoreTransaction",
                &request.request_id,
                request,
                |mut write| async move {
                    let recorded = record(&mut write, transaction).await?;
                    rights::note(&write, &recorded.customers);
                    let project = context.project;
                    let known =
                        store::store_transaction::find(write.tx(), project, transaction).await?;
                    let at = known.map_or(context.now, |(_, at)| at);
                    *customers.lock().await = recorded.customers;
                    let answer = pb::RecordStoreTransactionResponse {
                        transaction: Some(show::to_proto(transaction, at)),
                        duplicate: recorded.duplicate,
                        ..Default::default()
                    };
                    Ok::<_, SubscriptionError>((write, answer))
                },
            )
            .await?;
        tell(&self.engine, context, &*customers.lock().await).await;
        let (metadata, answer, extensions) = answer.into_parts();
        let answer = self.filled(context, transaction, answer).await?;
        Ok(Response::from_parts(metadata, answer, extensions))
    }

    async fn list_store_transactions(
        &self,
        request: Request<pb::ListStoreTransactionsRequest>,
    ) -> Result<Response<pb::ListStoreTransactionsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer = optional_id::<CustomerId>("customer_id", &request.customer_id)?;
        let identifier = &request.store_subscription_identifier;
        if customer.is_none() && identifier.is_empty() {
            return Err(SubscriptionError::CustomerRequired.into());
        }
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            None,
            self.engine.page_key,
            &[
                "ListStoreTransactions",
                &context.project.to_string(),
                identifier,
                &format!("{customer:?}"),
            ],
        )?;
        let (db, project) = (self.engine.db.reader(), context.project);
        let found = match customer {
            Some(customer) => store::term::of_customer(db, project, customer).await?,
            None => {
                let identifiers = [identifier.clone()];
                store::term::batch(db, project, &[], &identifiers).await?
            }
        };
        let own = |term: &&store::term::Term| {
            let called = term.facts.as_ref().map(|facts| &facts.identifier);
            term.origin == Origin::Store && (identifier.is_empty() || called == Some(identifier))
        };
        let mut lines: BTreeSet<String> = found
            .iter()
            .filter(own)
            .map(|term| term.source_key.clone())
            .collect();
        if let Some(customer) = customer
            && identifier.is_empty()
        {
            let purchases = store::purchase::of_customer(db, project, customer).await?;
            lines.extend(purchases.into_iter().map(|purchase| purchase.line));
        }
        let lines: Vec<String> = lines.into_iter().take(LINES_MAX).collect();
        let rows = store::store_transaction::list(db, project, &lines, &window.slice).await?;
        let last = rows.rows.last().filter(|_| rows.more);
        let next_page_token = match last {
            Some(last) => {
                let time = last.happen_time.to_string();
                window.next_token(Some(&[&time, &last.line, &last.id]))
            }
            None => String::new(),
        };
        let mut transactions = Vec::with_capacity(rows.rows.len());
        for row in rows.rows {
            let (transaction, recorded) = store::store_transaction::from_row(row)?;
            transactions.push(show::to_proto(&transaction, recorded));
        }
        Ok(Response::new(pb::ListStoreTransactionsResponse {
            transactions,
            next_page_token,
        }))
    }

    async fn transfer_store_rights(
        &self,
        request: Request<pb::TransferStoreRightsRequest>,
    ) -> Result<Response<pb::TransferStoreRightsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let source = self
            .customer(context, "source", request.source.clone())
            .await?;
        let target = self
            .customer(context, "target", request.target.clone())
            .await?;
        if source == target {
            return Err(SubscriptionError::field("target", "must be another customer").into());
        }
        let customers = &Mutex::new(BTreeSet::new());
        let answer = self
            .engine
            .db
            .write(
                context,
                "TransferStoreRights",
                &request.request_id,
                request,
                |mut write| async move {
                    let project = context.project;
                    let mut moved = BTreeSet::from([source, target]);
                    let terms = store::term::of_customer(write.tx(), project, source).await?;
                    let lines: BTreeSet<(String, Store, Environment)> = terms
                        .iter()
                        .filter(|term| term.origin == Origin::Store)
                        .filter_map(|term| term.facts.as_ref())
                        .map(|facts| (facts.identifier.clone(), facts.store, facts.environment))
                        .collect();
                    let mut purchases =
                        store::purchase::of_customer(write.tx(), project, source).await?;
                    purchases.retain(|found| !found.is_reported());
                    let of_terms = lines
                        .iter()
                        .map(|line| transfer(context, target, (&line.0, ""), (line.1, line.2)));
                    let of_purchases = purchases.iter().map(|found| {
                        let facts = &found.facts;
                        let place = (facts.store, facts.environment);
                        transfer(context, target, ("", &facts.identifier), place)
                    });
                    for transaction in of_terms.chain(of_purchases) {
                        let recorded = record(&mut write, &transaction).await?;
                        moved.extend(recorded.customers);
                    }
                    rights::note(&write, &moved);
                    *customers.lock().await = moved;
                    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
                    let answer = pb::TransferStoreRightsResponse {
                        subscription_count: count(lines.len()),
                        purchase_count: count(purchases.len()),
                    };
                    Ok::<_, SubscriptionError>((write, answer))
                },
            )
            .await?;
        tell(&self.engine, context, &*customers.lock().await).await;
        Ok(answer)
    }
}

/// Refuses what no store of the app that sells the product can have sold.
fn check_store(store: Store, app: Option<&catalog::StoreApp>) -> Result<(), SubscriptionError> {
    let Some(app) = app else { return Ok(()) };
    let of_app = match app.r#type() {
        Type::Amazon => Some(Store::Amazon),
        Type::AppStore => Some(Store::AppStore),
        Type::MacAppStore => Some(Store::MacAppStore),
        Type::PlayStore => Some(Store::PlayStore),
        Type::Stripe => Some(Store::Stripe),
        Type::BuiltIn => Some(Store::BuiltIn),
        Type::Roku => None,
        Type::Unspecified => return Ok(()),
    };
    let wrong = match of_app {
        Some(of_app) if of_app == store => return Ok(()),
        Some(_) => "must be the store of the app that sells the product",
        None => "has no transactions: the app that sells the product is one of Roku",
    };
    Err(SubscriptionError::field("transaction.store", wrong))
}

/// A transaction that this service makes itself, about a subscription or a purchase.
pub fn own(
    context: &Context,
    kind: Kind,
    (subscription, target): (&str, &str),
    (store, environment): (Store, Environment),
) -> Transaction {
    Transaction {
        id: format!("perennial:{}", chassis::id::next::<SubscriptionId>()),
        kind,
        store,
        environment,
        subscription: subscription.to_owned(),
        target: target.to_owned(),
        at: context.now,
        customer: None,
        product: None,
        ownership: Ownership::Purchased,
        period_start: None,
        period_end: None,
        trial: false,
        price: None,
        tax: Decimal::ZERO,
        commission: Decimal::ZERO,
        quantity: 1,
        revoke: kind == Kind::Refund,
        immediate: false,
        grace_until: None,
        resume_at: None,
        offering: None,
        country: None,
        management_url: None,
    }
}

fn transfer(
    context: &Context,
    customer: CustomerId,
    about: (&str, &str),
    place: (Store, Environment),
) -> Transaction {
    Transaction {
        customer: Some(customer),
        ..own(context, Kind::Transfer, about, place)
    }
}

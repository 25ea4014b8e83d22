//! `PurchaseService`.

use std::collections::BTreeSet;

use chassis::Context;
use chassis::db::micros;
use contract::subscription::v1::{self as pb, purchase_service_server::PurchaseService};
use kernel::id::CustomerId;
use tokio::sync::Mutex;
use tonic::{Request, Response, Status};

use super::store_transaction::own;
use super::term::check_batch;
use super::window::{Window, not_in_list};
use crate::convert::term::environment_from;
use crate::domain::store_transaction::Kind;
use crate::domain::term::refusal::TermRefusal;
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::record::{record, tell};
use crate::store::purchase::Stored;
use crate::{rights, store, terms};

/// Most ids of one batch.
const IDS_MAX: usize = 1_000;
/// Most identifiers of one batch.
const IDENTIFIERS_MAX: usize = 100;

/// The handlers.
pub struct PurchaseServer {
    engine: Engine,
}

impl PurchaseServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    async fn find(&self, context: &Context, id: &str) -> Result<Stored, SubscriptionError> {
        if id.is_empty() {
            return Err(SubscriptionError::field("id", "is required"));
        }
        let found = store::purchase::find(self.engine.db.reader(), context.project, id).await?;
        Ok(found.ok_or_else(|| TermRefusal::PurchaseNotFound(id.to_owned()))?)
    }

    async fn shown(
        &self,
        context: &Context,
        purchases: &[Stored],
    ) -> Result<Vec<pb::Purchase>, SubscriptionError> {
        terms::shown_purchases(&self.engine.clients, context, purchases).await
    }
}

#[tonic::async_trait]
impl PurchaseService for PurchaseServer {
    async fn list_purchases(
        &self,
        request: Request<pb::ListPurchasesRequest>,
    ) -> Result<Response<pb::ListPurchasesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer: CustomerId = request
            .customer_id
            .parse()
            .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))?;
        let environment = environment_from(request.environment)?;
        let (db, project) = (self.engine.db.reader(), context.project);
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let found = store::purchase::find(db, project, id).await?;
                let last = found
                    .filter(|found| found.facts.customer == customer)
                    .filter(|found| environment.is_none_or(|only| only == found.facts.environment))
                    .ok_or_else(not_in_list)?;
                let time = micros(last.facts.at).to_string();
                Some(vec![time, last.id.to_string()])
            }
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.engine.page_key,
            &[
                "ListPurchases",
                &project.to_string(),
                &format!("{customer}{environment:?}"),
            ],
        )?;
        let found =
            store::purchase::list(db, project, customer, environment, &window.slice).await?;
        let next_page_token = match found.rows.last().filter(|_| found.more) {
            Some(last) => {
                let time = last.purchase_time.to_string();
                window.next_token(Some(&[&time, &last.id]))
            }
            None => String::new(),
        };
        let stored = found
            .rows
            .into_iter()
            .map(store::purchase::from_row)
            .collect::<Result<Vec<_>, _>>()?;
        let purchases = self.shown(&context, &stored).await?;
        Ok(Response::new(pb::ListPurchasesResponse {
            purchases,
            next_page_token,
        }))
    }

    async fn get_purchase(
        &self,
        request: Request<pb::GetPurchaseRequest>,
    ) -> Result<Response<pb::GetPurchaseResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let found = self.find(&context, &request.id).await?;
        let purchase = self.shown(&context, &[found]).await?.into_iter().next();
        Ok(Response::new(pb::GetPurchaseResponse { purchase }))
    }

    async fn batch_get_purchases(
        &self,
        request: Request<pb::BatchGetPurchasesRequest>,
    ) -> Result<Response<pb::BatchGetPurchasesResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        check_batch("ids", &request.ids, IDS_MAX)?;
        let identifiers = &request.store_purchase_identifiers;
        check_batch("store_purchase_identifiers", identifiers, IDENTIFIERS_MAX)?;
        let db = self.engine.db.reader();
        let found = store::purchase::batch(db, context.project, &request.ids, identifiers).await?;
        let purchases = self.shown(&context, &found).await?;
        Ok(Response::new(pb::BatchGetPurchasesResponse { purchases }))
    }

    async fn refund_purchase(
        &self,
        request: Request<pb::RefundPurchaseRequest>,
    ) -> Result<Response<pb::RefundPurchaseResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let found = self.find(context, &request.id).await?;
        let facts = &found.facts;
        let call = ("RefundPurchase", request.request_id.as_str(), request);
        let replayed = self
            .engine
            .db
            .replayed::<_, pb::RefundPurchaseResponse>(context, call.0, call.1, call.2)
            .await?;
        let answer = match replayed {
            Some(answer) => answer,
            None => {
                if found.is_reported() {
                    return Err(SubscriptionError::from(TermRefusal::ReportedElsewhere).into());
                }
                if !facts.store.is_ours() {
                    return Err(SubscriptionError::from(TermRefusal::ManagedByStore).into());
                }
                if facts.refunded.is_some() {
                    return Err(SubscriptionError::from(TermRefusal::NothingToRefund).into());
                }
                let place = (facts.store, facts.environment);
                let transaction = &own(context, Kind::Refund, ("", &facts.identifier), place);
                let customers = &Mutex::new(BTreeSet::new());
                let answer = self
                    .engine
                    .db
                    .write(context, call.0, call.1, call.2, |mut write| async move {
                        let recorded = record(&mut write, transaction).await?;
                        rights::note(&write, &recorded.customers);
                        *customers.lock().await = recorded.customers;
                        let answer = pb::RefundPurchaseResponse::default();
                        Ok::<_, SubscriptionError>((write, answer))
                    })
                    .await?;
                tell(&self.engine, context, &*customers.lock().await).await;
                answer
            }
        };
        let (metadata, mut answer, extensions) = answer.into_parts();
        let fresh = self.find(context, &request.id).await?;
        answer.purchase = self.shown(context, &[fresh]).await?.into_iter().next();
        Ok(Response::from_parts(metadata, answer, extensions))
    }
}

//! `TermService`.

use std::collections::BTreeSet;

use chassis::Context;
use chassis::db::micros;
use contract::entitlement::v1 as entitlement;
use contract::subscription::v1::{self as pb, term_service_server::TermService};
use kernel::id::CustomerId;
use tokio::sync::Mutex;
use tonic::{Code, Request, Response, Status};

use super::store_transaction::own;
use super::window::{Window, not_in_list};
use crate::convert::request::promotional_end;
use crate::convert::term::{environment_from, payment};
use crate::domain::store_transaction::Kind;
use crate::domain::term::promotion::given;
use crate::domain::term::refusal::TermRefusal;
use crate::domain::term::view::Renewal;
use crate::domain::term::{Facts, Origin};
use crate::engine::Engine;
use crate::error::SubscriptionError;
use crate::record::{record, tell};
use crate::store::term::{NewTerm, Term};
use crate::terms::Known;
use crate::withdraw::given_back;
use crate::{plan_terms, rights, store, terms};

/// Most ids of one batch.
const IDS_MAX: usize = 1_000;
/// Most identifiers of one batch.
const IDENTIFIERS_MAX: usize = 100;
/// Most payments of one list.
const PAYMENTS_MAX: usize = 1_000;
const KEY_MAX: usize = 256;

/// The handlers.
pub struct TermServer {
    engine: Engine,
}

impl TermServer {
    /// Handlers on an engine.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// One term and all that is known of it.
    async fn find(&self, context: &Context, id: &str) -> Result<Known, SubscriptionError> {
        if id.is_empty() {
            return Err(SubscriptionError::field("id", "is required"));
        }
        let missing = || TermRefusal::TermNotFound(id.to_owned());
        let db = self.engine.db.reader();
        let row = store::term::find(db, context.project, id).await?;
        let row = row.ok_or_else(missing)?;
        let known = terms::known(db, context, vec![row]).await?;
        Ok(known.into_iter().next().ok_or_else(missing)?)
    }

    async fn shown(
        &self,
        context: &Context,
        rows: Vec<Term>,
    ) -> Result<Vec<pb::Term>, SubscriptionError> {
        let known = terms::known(self.engine.db.reader(), context, rows).await?;
        terms::shown(&self.engine.clients, context, &known).await
    }

    /// A term as it is after a change.
    async fn fresh(&self, context: &Context, id: &str) -> Result<Option<pb::Term>, Status> {
        let known = self.find(context, id).await?;
        let shown = terms::shown(&self.engine.clients, context, &[known]).await?;
        Ok(shown.into_iter().next())
    }

    /// Records what is done to a term of a store that is ours.
    async fn record_own<Message, Answer>(
        &self,
        context: &Context,
        (operation, request_id, request): (&'static str, &str, &Message),
        (known, kind): (&Known, Kind),
    ) -> Result<Response<Answer>, Status>
    where
        Message: prost::Message,
        Answer: prost::Message + Default,
    {
        let facts = &known.facts;
        let place = (facts.store, facts.environment);
        let transaction = &own(context, kind, (&facts.identifier, ""), place);
        let customers = &Mutex::new(BTreeSet::new());
        let answer = self
            .engine
            .db
            .write(
                context,
                operation,
                request_id,
                request,
                |mut write| async move {
                    let recorded = record(&mut write, transaction).await?;
                    rights::note(&write, &recorded.customers);
                    *customers.lock().await = recorded.customers;
                    Ok::<_, SubscriptionError>((write, Answer::default()))
                },
            )
            .await?;
        tell(&self.engine, context, &*customers.lock().await).await;
        Ok(answer)
    }

    /// Ends what gives an entitlement away, of promotional terms; answers their ids.
    async fn take_back(
        &self,
        context: &Context,
        request: &pb::RevokePromotionalTermsRequest,
        customer: CustomerId,
        elsewhere: bool,
    ) -> Result<Response<pb::RevokePromotionalTermsResponse>, Status> {
        let key = &request.entitlement_key;
        self.engine
            .db
            .write(
                context,
                "RevokePromotionalTerms",
                &request.request_id,
                request,
                |write| async move {
                    let project = context.project;
                    lock(&write, customer).await?;
                    let rows = store::term::of_customer(write.tx(), project, customer).await?;
                    let mut terms = Vec::new();
                    for row in rows {
                        let entitlement = row
                            .facts
                            .as_ref()
                            .and_then(|facts| facts.entitlement.as_ref());
                        let (id, given) = (row.id.to_string(), row.origin == Origin::Promotional);
                        if given
                            && entitlement == Some(key)
                            && given_back(&write, row, context.now).await?
                        {
                            terms.push(pb::Term {
                                id,
                                ..Default::default()
                            });
                        }
                    }
                    if terms.is_empty() && !elsewhere {
                        return Err(TermRefusal::PromotionNotFound(key.clone()).into());
                    }
                    rights::note(&write, &BTreeSet::from([customer]));
                    Ok::<_, SubscriptionError>((
                        write,
                        pb::RevokePromotionalTermsResponse { terms },
                    ))
                },
            )
            .await
    }
}

/// Keeps two changes of what a customer is given apart.
async fn lock(write: &chassis::Write, customer: CustomerId) -> Result<(), SubscriptionError> {
    let name = format!("promotional:{}:{customer}", write.context().project);
    chassis::db::lock(write.tx(), &name).await?;
    Ok(())
}

#[tonic::async_trait]
impl TermService for TermServer {
    async fn list_terms(
        &self,
        request: Request<pb::ListTermsRequest>,
    ) -> Result<Response<pb::ListTermsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let customer: CustomerId = request
            .customer_id
            .parse()
            .map_err(|_| SubscriptionError::field("customer_id", "is not an id"))?;
        let environment = environment_from(request.environment)?;
        let (db, project) = (self.engine.db.reader(), context.project);
        plan_terms::ensure(&self.engine, &context, customer).await?;
        let after = match request.after_id.as_str() {
            "" => None,
            id => {
                let found = store::term::find(db, project, id).await?;
                let last = found
                    .filter(|found| found.customer == customer)
                    .filter(|found| environment.is_none_or(|only| only == found.environment()))
                    .ok_or_else(not_in_list)?;
                Some(vec![micros(last.start).to_string(), last.id.to_string()])
            }
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.engine.page_key,
            &[
                "ListTerms",
                &project.to_string(),
                &format!("{customer}{environment:?}{}", request.giving_access),
            ],
        )?;
        let mut slice = window.slice.clone();
        let mut shown = Vec::new();
        let mut last_of_page = None;
        // A filter that needs the view may leave pages short; they are filled up.
        loop {
            let rows = store::term::list(db, project, customer, environment, &slice).await?;
            let more = rows.more;
            let sorts: Vec<(String, String)> = rows
                .rows
                .iter()
                .map(|row| (row.id.clone(), row.start_time.to_string()))
                .collect();
            slice.after = sorts
                .last()
                .map(|(id, time)| vec![time.clone(), id.clone()]);
            let page = self.shown(&context, store::term::read(rows.rows)?).await?;
            shown.extend(
                page.into_iter()
                    .filter(|term| term.gives_access || !request.giving_access),
            );
            let limit = usize::try_from(window.slice.limit).unwrap_or(usize::MAX);
            // Without a filter the rows themselves tell; with one only a match more does.
            if shown.len() > limit || (shown.len() == limit && more && !request.giving_access) {
                shown.truncate(limit);
                last_of_page = shown.last().map(|last| last.id.clone());
                break;
            }
            if !more {
                break;
            }
        }
        let next_page_token = match last_of_page {
            Some(id) => {
                let last = store::term::find(db, project, &id).await?;
                let start = last.map(|last| micros(last.start).to_string());
                window.next_token(Some(&[&start.unwrap_or_default(), &id]))
            }
            None => String::new(),
        };
        Ok(Response::new(pb::ListTermsResponse {
            terms: shown,
            next_page_token,
        }))
    }

    async fn get_term(
        &self,
        request: Request<pb::GetTermRequest>,
    ) -> Result<Response<pb::GetTermResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let term = self.fresh(&context, &request.id).await?;
        Ok(Response::new(pb::GetTermResponse { term }))
    }

    async fn batch_get_terms(
        &self,
        request: Request<pb::BatchGetTermsRequest>,
    ) -> Result<Response<pb::BatchGetTermsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        check_batch("ids", &request.ids, IDS_MAX)?;
        let identifiers = &request.store_subscription_identifiers;
        check_batch(
            "store_subscription_identifiers",
            identifiers,
            IDENTIFIERS_MAX,
        )?;
        let db = self.engine.db.reader();
        let rows = store::term::batch(db, context.project, &request.ids, identifiers).await?;
        let terms = self.shown(&context, rows).await?;
        Ok(Response::new(pb::BatchGetTermsResponse { terms }))
    }

    async fn list_term_payments(
        &self,
        request: Request<pb::ListTermPaymentsRequest>,
    ) -> Result<Response<pb::ListTermPaymentsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let known = self.find(&context, &request.id).await?;
        let payments = known
            .facts
            .payments
            .iter()
            .filter(|paid| paid.at <= context.now)
            .take(PAYMENTS_MAX)
            .map(payment)
            .collect();
        Ok(Response::new(pb::ListTermPaymentsResponse { payments }))
    }

    async fn cancel_term(
        &self,
        request: Request<pb::CancelTermRequest>,
    ) -> Result<Response<pb::CancelTermResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let known = self.find(context, &request.id).await?;
        let call = ("CancelTerm", request.request_id.as_str(), request);
        let replayed = self
            .engine
            .db
            .replayed::<_, pb::CancelTermResponse>(context, call.0, call.1, call.2)
            .await?;
        let answer = match replayed {
            Some(answer) => answer,
            None => {
                check_ours(&known)?;
                let view = known
                    .facts
                    .view(context.now, false)
                    .map_err(|error| SubscriptionError::Refused(error.into()))?;
                if view.renewal == Renewal::WillNotRenew {
                    return Err(SubscriptionError::from(TermRefusal::NotCancelable).into());
                }
                if known.facts.origin == Origin::Plan {
                    plan_terms::cancel(&self.engine, context, call, &known).await?
                } else {
                    self.record_own(context, call, (&known, Kind::Cancellation))
                        .await?
                }
            }
        };
        let (metadata, mut answer, extensions) = answer.into_parts();
        answer.term = self.fresh(context, &request.id).await?;
        Ok(Response::from_parts(metadata, answer, extensions))
    }

    async fn refund_term(
        &self,
        request: Request<pb::RefundTermRequest>,
    ) -> Result<Response<pb::RefundTermResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let known = self.find(context, &request.id).await?;
        let call = ("RefundTerm", request.request_id.as_str(), request);
        let replayed = self
            .engine
            .db
            .replayed::<_, pb::RefundTermResponse>(context, call.0, call.1, call.2)
            .await?;
        let answer = match replayed {
            Some(answer) => answer,
            None => {
                check_ours(&known)?;
                if refundable(&known.facts).is_none() {
                    return Err(SubscriptionError::from(TermRefusal::NothingToRefund).into());
                }
                if known.facts.origin == Origin::Plan {
                    let asked = (call.1, call.2);
                    plan_terms::end(&self.engine, context, asked, &known).await?;
                    // What was to follow is gone, and with it its name for the term.
                    let known = self.find(context, &request.id).await?;
                    plan_terms::give_back(&self.engine, context, call, &known).await?
                } else {
                    self.record_own(context, call, (&known, Kind::Refund))
                        .await?
                }
            }
        };
        let (metadata, mut answer, extensions) = answer.into_parts();
        answer.term = self.fresh(context, &request.id).await?;
        Ok(Response::from_parts(metadata, answer, extensions))
    }

    async fn grant_promotional_term(
        &self,
        request: Request<pb::GrantPromotionalTermRequest>,
    ) -> Result<Response<pb::GrantPromotionalTermResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        check_key(&request.entitlement_key)?;
        let end = promotional_end(request.span.as_ref(), context.now)?;
        let by = request.customer.clone().and_then(|by| by.r#ref);
        let by = by.ok_or(SubscriptionError::CustomerRequired)?;
        let clients = &self.engine.clients;
        let customer = clients.customer(context, by).await?;
        let definition = &clients
            .definition(context, &request.entitlement_key)
            .await?;
        let answer = self
            .engine
            .db
            .write(
                context,
                "GrantPromotionalTerm",
                &request.request_id,
                request,
                |mut write| async move {
                    lock(&write, customer).await?;
                    let opening = chassis::id::next::<kernel::id::GrantId>().to_string();
                    let key = request.entitlement_key.clone();
                    let facts = given(opening.clone(), customer, key, context.now, end);
                    let source = format!("promotional:{opening}");
                    let new = [NewTerm {
                        definition: definition.clone(),
                        ..NewTerm::of(facts)
                    }];
                    let (_, made) = store::term::replace(
                        write.tx(),
                        context.project,
                        &source,
                        &new,
                        context.now,
                    )
                    .await?;
                    rights::note(&write, &BTreeSet::from([customer]));
                    let term = made.into_iter().next().map(|made| pb::Term {
                        id: made.id.to_string(),
                        short_id: made.short_id,
                        customer_id: customer.to_string(),
                        entitlement_key: request.entitlement_key.clone(),
                        ..Default::default()
                    });
                    if let Some(term) = &term {
                        let kind = "promotional_term.granted";
                        write.record(kind, &term.id, 1, None, Some(term)).await?;
                    }
                    Ok::<_, SubscriptionError>((write, pb::GrantPromotionalTermResponse { term }))
                },
            )
            .await?;
        rights::tell(&self.engine, context, &BTreeSet::from([customer])).await;
        let (metadata, mut answer, extensions) = answer.into_parts();
        if let Some(term) = &answer.term {
            answer.term = self.fresh(context, &term.id).await?;
        }
        Ok(Response::from_parts(metadata, answer, extensions))
    }

    async fn revoke_promotional_terms(
        &self,
        request: Request<pb::RevokePromotionalTermsRequest>,
    ) -> Result<Response<pb::RevokePromotionalTermsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        check_key(&request.entitlement_key)?;
        let by = request.customer.clone().and_then(|by| by.r#ref);
        let by = by.ok_or(SubscriptionError::CustomerRequired)?;
        let customer = self.engine.clients.customer(context, by).await?;
        // What was given away at the entitlement service itself ends too.
        let revoke = entitlement::RevokePromotionalAccessRequest {
            customer: request.customer.clone(),
            feature_key: request.entitlement_key.clone(),
            request_id: String::new(),
        };
        let mut client = self.engine.clients.rights.clone();
        let elsewhere = match client
            .revoke_promotional_access(context.request(revoke))
            .await
        {
            Ok(_) => true,
            Err(status) if status.code() == Code::NotFound => false,
            Err(status) => return Err(SubscriptionError::from(status).into()),
        };
        let answer = self
            .take_back(context, request, customer, elsewhere)
            .await?;
        rights::tell(&self.engine, context, &BTreeSet::from([customer])).await;
        let (metadata, mut answer, extensions) = answer.into_parts();
        let ids: Vec<String> = answer.terms.iter().map(|term| term.id.clone()).collect();
        let db = self.engine.db.reader();
        let rows = store::term::batch(db, context.project, &ids, &[]).await?;
        answer.terms = self.shown(context, rows).await?;
        Ok(Response::from_parts(metadata, answer, extensions))
    }
}

/// The last payment that was not given back.
pub fn refundable(facts: &Facts) -> Option<&crate::domain::term::Payment> {
    let paid = |index: usize| !facts.payments[index].amount.value.is_sign_negative();
    let refunds = facts
        .payments
        .iter()
        .filter(|payment| payment.amount.value.is_sign_negative())
        .count();
    let payments: Vec<usize> = (0..facts.payments.len()).filter(|i| paid(*i)).collect();
    // Each refund takes one payment back, the latest first.
    let left = payments.len().checked_sub(refunds)?;
    facts.payments.get(*payments.get(left.checked_sub(1)?)?)
}

fn check_ours(known: &Known) -> Result<(), SubscriptionError> {
    match known.facts.origin {
        Origin::Profitwell | Origin::Probe => Err(TermRefusal::ReportedElsewhere.into()),
        Origin::Store if !known.facts.store.is_ours() => Err(TermRefusal::ManagedByStore.into()),
        Origin::Store | Origin::Plan | Origin::Promotional => Ok(()),
    }
}

fn check_key(key: &str) -> Result<(), SubscriptionError> {
    if key.is_empty() || key.chars().count() > KEY_MAX {
        let wrong = "must be 1 to 256 characters";
        return Err(SubscriptionError::field("entitlement_key", wrong));
    }
    Ok(())
}

/// Refuses a batch that is too large.
pub fn check_batch(field: &str, ids: &[String], most: usize) -> Result<(), SubscriptionError> {
    if ids.len() > most {
        let wrong = format!("must be at most {most}");
        return Err(SubscriptionError::field(field, wrong));
    }
    Ok(())
}

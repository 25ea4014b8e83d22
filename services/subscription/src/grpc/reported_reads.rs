//! `ReportedSubscriptionService`: what is read of subscriptions of every origin, and their removal.

use chassis::Context;
use chassis::db::micros;
use chassis::page::PageRequest;
use contract::subscription::v1 as pb;
use jiff::Timestamp;
use kernel::id::CustomerId;
use tonic::{Response, Status};

use super::reported::ReportedServer;
use crate::convert::reported as show;
use crate::convert::request::optional_id;
use crate::domain::refusal::Refusal;
use crate::domain::reported::Reported;
use crate::domain::reported::event::Event;
use crate::domain::reported::view::plan_events;
use crate::error::SubscriptionError;
use crate::report::{Report, Writing};
use crate::store;
use crate::store::reported::Stored;

/// Most subscriptions of one customer whose events are read.
const CUSTOMER_MAX: u64 = 10_000;

/// An event and its place in the order of all events of a customer.
type Placed = ((i64, String, i64, usize), pb::ReportedEvent);

impl ReportedServer {
    pub(super) async fn get(
        &self,
        context: &Context,
        request: &pb::GetReportedSubscriptionRequest,
    ) -> Result<Response<pb::GetReportedSubscriptionResponse>, Status> {
        if request.handle.is_empty() {
            return Err(SubscriptionError::field("handle", "is required").into());
        }
        let found = self.engine.named(context, &request.handle).await?;
        let (stored, _) =
            found.ok_or_else(|| SubscriptionError::NotFound(request.handle.clone()))?;
        let subscription = Some(show::listed(&stored, context.now)?);
        Ok(Response::new(pb::GetReportedSubscriptionResponse {
            subscription,
        }))
    }

    pub(super) async fn list(
        &self,
        context: &Context,
        request: &pb::ListReportedSubscriptionsRequest,
    ) -> Result<Response<pb::ListReportedSubscriptionsResponse>, Status> {
        let customer: Option<CustomerId> = optional_id("customer_id", &request.customer_id)?;
        if request.after_sequence < 0 {
            let what = "must not be negative";
            return Err(SubscriptionError::field("after_sequence", what).into());
        }
        let page = PageRequest::parse(request.page_size, "", self.engine.page_key, &[])?;
        let (db, after) = (self.engine.db.reader(), request.after_sequence);
        let found = store::reported::list(db, context.project, customer, after, page.limit + 1);
        let mut found = found.await?;
        let more = u64::try_from(found.len()).is_ok_and(|count| count > page.limit);
        if more {
            found.pop();
        }
        let last = found.last().filter(|_| more).map(Stored::sequence);
        let subscriptions = found
            .iter()
            .map(|stored| show::listed(stored, context.now))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Response::new(pb::ListReportedSubscriptionsResponse {
            subscriptions,
            next_after_sequence: last.unwrap_or_default(),
        }))
    }

    pub(super) async fn list_events(
        &self,
        context: &Context,
        request: &pb::ListReportedEventsRequest,
    ) -> Result<Response<pb::ListReportedEventsResponse>, Status> {
        let customer: Option<CustomerId> = optional_id("customer_id", &request.customer_id)?;
        let customer =
            customer.ok_or_else(|| SubscriptionError::field("customer_id", "is required"))?;
        let query = [
            context.project.to_string(),
            "events".to_owned(),
            customer.to_string(),
        ];
        let query: Vec<&str> = query.iter().map(String::as_str).collect();
        let page = PageRequest::parse(
            request.page_size,
            &request.page_token,
            self.engine.page_key,
            &query,
        )?;
        let db = self.engine.db.reader();
        let all = store::reported::list(db, context.project, Some(customer), 0, CUSTOMER_MAX);
        let mut events = Vec::new();
        for stored in all.await? {
            events.extend(placed(&stored, context.now)?);
        }
        events.sort_by(|one, other| one.0.cmp(&other.0));
        let after = page.after.as_deref().and_then(|values| match values {
            [time, order, sequence, index] => Some((
                time.parse().ok()?,
                order.clone(),
                sequence.parse().ok()?,
                index.parse().ok()?,
            )),
            _ => None,
        });
        let start = after.map_or(0, |after| events.partition_point(|event| event.0 <= after));
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let rest = &events[start..];
        let shown = &rest[..rest.len().min(limit)];
        let last = shown.last().filter(|_| rest.len() > limit);
        let next_page_token =
            last.map_or_else(String::new, |((time, order, sequence, index), _)| {
                page.token(&[
                    &time.to_string(),
                    order,
                    &sequence.to_string(),
                    &index.to_string(),
                ])
            });
        Ok(Response::new(pb::ListReportedEventsResponse {
            events: shown.iter().map(|(_, event)| event.clone()).collect(),
            next_page_token,
        }))
    }

    pub(super) async fn delete(
        &self,
        context: &Context,
        request: &pb::DeleteReportedSubscriptionRequest,
    ) -> Result<Response<pb::DeleteReportedSubscriptionResponse>, Status> {
        let report = Report {
            context,
            operation: "DeleteReportedSubscription",
            request_id: &request.request_id,
            request,
        };
        if let Some(answer) = self.replayed(&report).await? {
            return Ok(answer);
        }
        let (found, item) = self.engine.reported(context, &request.handle).await?;
        if item.is_some() {
            // An item is no subscription that could be removed on its own.
            return Err(SubscriptionError::NotFound(request.handle.clone()).into());
        }
        let project = context.project;
        let turn = self.engine.turn(project, found.customer_id).await;
        let db = self.engine.db.reader();
        let seen = store::gate::read(db, project, found.customer_id).await?;
        let found = store::reported::find(db, project, found.id).await?;
        let found = found.ok_or_else(|| SubscriptionError::NotFound(request.handle.clone()))?;
        let customer = found.customer_id;
        let reply = |_: &_| Ok(pb::DeleteReportedSubscriptionResponse {});
        let writing = Writing::Gone(Box::new(found));
        let outcome = self
            .engine
            .commit_report(&report, writing, seen, None, &reply)
            .await;
        drop(turn);
        self.engine
            .touch_customer(context, customer, outcome.is_ok())
            .await;
        outcome
    }
}

/// The events of a subscription, each with its place: time, receipt, the subscription, its number.
fn placed(stored: &Stored, now: Timestamp) -> Result<Vec<Placed>, SubscriptionError> {
    let sequence = stored.sequence();
    match stored {
        Stored::Reported(reported) => placed_reports(reported, sequence),
        Stored::Store(line) => placed_reports(&line.reported(now)?, sequence),
        Stored::Plan(listed) => {
            let events = plan_events(&listed.subscription)?;
            let id = listed.subscription.id.to_string();
            let place = |(index, event): (usize, _)| {
                let event: &crate::domain::reported::view::PlanEvent = event;
                let place = (micros(event.at), id.clone(), sequence, index);
                Ok((place, show::plan_event(listed, event)?))
            };
            events.iter().enumerate().map(place).collect()
        }
    }
}

fn placed_reports(reported: &Reported, sequence: i64) -> Result<Vec<Placed>, SubscriptionError> {
    let events = reported.events().map_err(Refusal::from)?;
    let place = |(index, event): (usize, &Event)| {
        let place = (micros(event.at), event.order.clone(), sequence, index);
        Ok((place, show::event(reported, event)?))
    };
    events.iter().enumerate().map(place).collect()
}

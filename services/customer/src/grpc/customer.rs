//! Customers: reads, lists and changes, and the resolution of subjects.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{Write, open};
use contract::customer::v1::{self as pb, customer_service_server::CustomerService};
use sea_orm::Order;
use tonic::{Request, Response, Status};

use super::{Server, at_most, require_current};
use crate::{
    convert,
    domain::text,
    error::CustomerError,
    seen::Known,
    store::{
        self,
        customer::Written,
        customer_list::{Filter, Paging},
        hanging::Parts,
    },
};

/// Most ids or subjects of one batch.
const BATCH_MAX: usize = 1000;
/// Most customers on a numbered page.
const NUMBERED_PAGE_MAX: i32 = 1000;
/// Longest text of a filter.
const FILTER_LENGTH_MAX: usize = 1500;

#[tonic::async_trait]
impl CustomerService for Server {
    async fn create_customer(
        &self,
        request: Request<pb::CreateCustomerRequest>,
    ) -> Result<Response<pb::CreateCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        let attributes = &convert::attribute_changes(&request.attributes)?;
        let new = convert::new_customer(request, attributes)?;
        self.db
            .write(
                context,
                "CreateCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, alias) = (context.project, request.alias_profitwell_id);
                    let written =
                        store::customer::insert(w.tx(), project, new, alias, context.now).await?;
                    let customer = record(&mut w, "customer.created", None, &written).await?;
                    if !attributes.is_empty() {
                        super::attribute::set(&mut w, context, written.customer, attributes)
                            .await?;
                    }
                    let customer = Some(customer);
                    Ok::<_, CustomerError>((w, pb::CreateCustomerResponse { customer }))
                },
            )
            .await
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Result<Response<pb::GetCustomerResponse>, Status> {
        let (context, request) = open(request)?;
        let name = convert::customer_name(request.customer_ref.as_ref())?;
        let (db, project, now) = (self.db.reader(), context.project, context.now);
        let parts = if request.for_subscription {
            Parts::Subscriptions
        } else {
            Parts::Shown
        };
        let deleted = request.include_deleted;
        let (customer, hanging) =
            store::customer::find_with(db, project, &name, deleted, parts, now).await?;
        let shown = Some(convert::customer(&customer));
        if parts == Parts::Subscriptions {
            self.seen.keep(project, Known { customer, hanging }, now);
        }
        Ok(Response::new(pb::GetCustomerResponse { customer: shown }))
    }

    async fn list_customers(
        &self,
        request: Request<pb::ListCustomersRequest>,
    ) -> Result<Response<pb::ListCustomersResponse>, Status> {
        let (context, request) = open(request)?;
        let order_by = convert::order_by(request.order_by)?;
        let order = if request.descending {
            Order::Desc
        } else {
            Order::Asc
        };
        let filter = filter(&request)?;
        let query = format!("{filter:?}{order_by:?}{order:?}");
        let page = self.page(
            &context,
            "customers",
            request.page_size,
            &request.page_token,
            &[&query],
        )?;
        let (paging, limit) = paging(&request, page.after.as_deref(), page.limit)?;
        let found = store::customer_list::list(
            self.db.reader(),
            context.project,
            &filter,
            (order_by, order),
            paging.clone(),
            limit,
            context.now,
        )
        .await?;
        let next = found.next.filter(|_| !matches!(paging, Paging::Number(_)));
        Ok(Response::new(pb::ListCustomersResponse {
            customers: found.customers.iter().map(convert::customer).collect(),
            next_page_token: next
                .map(|(value, id)| page.token(&[&value, &id]))
                .unwrap_or_default(),
            total_size: found
                .total
                .map_or(0, |total| i64::try_from(total).unwrap_or(i64::MAX)),
        }))
    }

    async fn update_customer(
        &self,
        request: Request<pb::UpdateCustomerRequest>,
    ) -> Result<Response<pb::UpdateCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        let name = &convert::customer_name(request.customer_ref.as_ref())?;
        let given = request.customer.clone().unwrap_or_default();
        let patch = convert::customer_patch(&given, request.update_mask.as_ref())?;
        let etag = &given.etag;
        self.db
            .write(
                context,
                "UpdateCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let before =
                        store::customer::find_for_update(w.tx(), project, name, now).await?;
                    before.require_live()?;
                    require_current("customer", etag, before.revision)?;
                    let written = store::customer::update(w.tx(), project, &before, patch, now)
                        .await
                        .map_err(|error| error.below("customer"))?;
                    let before = convert::customer_state(&before);
                    let customer =
                        record(&mut w, "customer.updated", Some(&before), &written).await?;
                    let customer = Some(customer);
                    Ok::<_, CustomerError>((w, pb::UpdateCustomerResponse { customer }))
                },
            )
            .await
    }

    async fn delete_customer(
        &self,
        request: Request<pb::DeleteCustomerRequest>,
    ) -> Result<Response<pb::DeleteCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        let name = &convert::customer_name(request.customer_ref.as_ref())?;
        self.db
            .write(
                context,
                "DeleteCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let before =
                        store::customer::find_for_update(w.tx(), project, name, now).await?;
                    let after = store::customer::delete(w.tx(), project, &before, now).await?;
                    let state = convert::customer_state(&after);
                    // The event is the last state with its time of deletion, so that followers
                    // see what the customer was; the audit row says that it is gone.
                    w.record(
                        "customer.deleted",
                        &state.id,
                        after.revision,
                        Some(&convert::customer_state(&before)),
                        Some(&state),
                    )
                    .await?;
                    let customer = Some(state);
                    Ok::<_, CustomerError>((w, pb::DeleteCustomerResponse { customer }))
                },
            )
            .await
    }

    async fn batch_get_customers(
        &self,
        request: Request<pb::BatchGetCustomersRequest>,
    ) -> Result<Response<pb::BatchGetCustomersResponse>, Status> {
        let (context, request) = open(request)?;
        at_most("ids", &request.ids, BATCH_MAX)?;
        let found =
            store::customer::batch(self.db.reader(), context.project, &request.ids, context.now)
                .await?;
        Ok(Response::new(pb::BatchGetCustomersResponse {
            customers: found.iter().map(convert::customer).collect(),
        }))
    }

    async fn resolve_subjects(
        &self,
        request: Request<pb::ResolveSubjectsRequest>,
    ) -> Result<Response<pb::ResolveSubjectsResponse>, Status> {
        let (context, request) = open(request)?;
        at_most("subject_keys", &request.subject_keys, BATCH_MAX)?;
        let (db, project, keys) = (self.db.reader(), context.project, &request.subject_keys);
        let holders = store::subject_key::holders(db, project, keys).await?;
        let keyed = store::handle::by_keys(db, project, keys).await?;
        let attributions = attribute(keys, &holders, &keyed);
        let ids: BTreeSet<String> = attributions
            .iter()
            .map(|attribution| attribution.customer_id.clone())
            .collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let customers = store::customer::batch(db, project, &ids, context.now).await?;
        Ok(Response::new(pb::ResolveSubjectsResponse {
            attributions,
            customers: customers.iter().map(convert::customer).collect(),
        }))
    }

    async fn place_hold(
        &self,
        request: Request<pb::PlaceHoldRequest>,
    ) -> Result<Response<pb::PlaceHoldResponse>, Status> {
        self.place(request).await
    }

    async fn place_holds(
        &self,
        request: Request<pb::PlaceHoldsRequest>,
    ) -> Result<Response<pb::PlaceHoldsResponse>, Status> {
        self.place_all(request).await
    }

    async fn release_hold(
        &self,
        request: Request<pb::ReleaseHoldRequest>,
    ) -> Result<Response<pb::ReleaseHoldResponse>, Status> {
        self.release(request).await
    }

    async fn list_holds(
        &self,
        request: Request<pb::ListHoldsRequest>,
    ) -> Result<Response<pb::ListHoldsResponse>, Status> {
        self.holds(request).await
    }

    async fn reserve_for_subscription(
        &self,
        request: Request<pb::ReserveForSubscriptionRequest>,
    ) -> Result<Response<pb::ReserveForSubscriptionResponse>, Status> {
        self.reserve(request).await
    }

    async fn report_subscriptions(
        &self,
        request: Request<pb::ReportSubscriptionsRequest>,
    ) -> Result<Response<pb::ReportSubscriptionsResponse>, Status> {
        self.report(request).await
    }
}

/// Records a written customer and the subjects made with it; answers the customer.
pub(super) async fn record(
    write: &mut Write,
    kind: &'static str,
    before: Option<&pb::Customer>,
    written: &Written,
) -> Result<pb::Customer, CustomerError> {
    for subject in &written.provisioned {
        let state = convert::subject(subject);
        write
            .record(
                "subject.created",
                &state.id,
                subject.revision,
                None,
                Some(&state),
            )
            .await?;
    }
    let state = convert::customer_state(&written.customer);
    write
        .record(
            kind,
            &state.id,
            written.customer.revision,
            before,
            Some(&state),
        )
        .await?;
    Ok(state)
}

/// A subject belongs to the customer that holds it as subject key, else to the one whose key it
/// equals.
fn attribute(
    keys: &[String],
    holders: &BTreeMap<String, String>,
    keyed: &BTreeMap<String, String>,
) -> Vec<pb::resolve_subjects_response::Attribution> {
    keys.iter()
        .filter_map(|key| {
            let customer = holders.get(key).or_else(|| keyed.get(key))?;
            Some(pb::resolve_subjects_response::Attribution {
                subject_key: key.clone(),
                customer_id: customer.clone(),
            })
        })
        .collect()
}

fn filter(request: &pb::ListCustomersRequest) -> Result<Filter, CustomerError> {
    let parts = [
        ("key", &request.key),
        ("display_name", &request.display_name),
        ("primary_email", &request.primary_email),
        ("subject_key", &request.subject_key),
        ("plan_key", &request.plan_key),
        ("primary_email_equal", &request.primary_email_equal),
    ];
    for (field, part) in parts {
        text::bounded(field, part, FILTER_LENGTH_MAX)?;
    }
    let time = convert::optional_time;
    let since = time("opt_out_start_time", request.opt_out_start_time.as_ref())?;
    let until = time("opt_out_end_time", request.opt_out_end_time.as_ref())?;
    let opt_out = convert::intervention("opt_out", request.opt_out)?;
    if opt_out.is_none() && (since.is_some() || until.is_some()) {
        return Err(CustomerError::invalid("opt_out", "is required"));
    }
    Ok(Filter {
        key: request.key.clone(),
        name: request.display_name.clone(),
        email: request.primary_email.clone(),
        subject_key: request.subject_key.clone(),
        plan_key: request.plan_key.clone(),
        include_deleted: request.include_deleted,
        email_equal: request.primary_email_equal.clone(),
        touch_start: time("touch_start_time", request.touch_start_time.as_ref())?,
        touch_end: time("touch_end_time", request.touch_end_time.as_ref())?,
        opt_out: opt_out.map(|one| (one, since, until)),
    })
}

/// Which of the two ways of paging the caller uses, and how many rows a page has.
fn paging(
    request: &pb::ListCustomersRequest,
    after: Option<&[String]>,
    limit: u64,
) -> Result<(Paging, u64), CustomerError> {
    if request.after_customer.is_some() {
        if request.page != 0 || !request.page_token.is_empty() {
            return Err(CustomerError::invalid(
                "after_customer",
                "cannot be used together with page or page_token",
            ));
        }
        let name = convert::customer_name(request.after_customer.as_ref())
            .map_err(|error| error.renamed("customer_ref", "after_customer"))?;
        return Ok((Paging::Behind(name), limit));
    }
    if request.page == 0 {
        let last = after.and_then(|values| Some((values.first()?.clone(), values.get(1)?.clone())));
        return Ok((Paging::After(last), limit));
    }
    let number = u64::try_from(request.page)
        .map_err(|_| CustomerError::invalid("page", "must not be negative"))?;
    if !request.page_token.is_empty() {
        return Err(CustomerError::invalid(
            "page",
            "cannot be used together with page_token",
        ));
    }
    let size = match request.page_size {
        0 => limit,
        size => u64::from(size.clamp(1, NUMBERED_PAGE_MAX).unsigned_abs()),
    };
    Ok((Paging::Number(number), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_subject_key_comes_before_the_customer_with_that_key() {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, id)| ((*key).to_owned(), (*id).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let keys = ["b", "x", "a"].map(str::to_owned);
        let found = attribute(&keys, &map(&[("a", "1")]), &map(&[("a", "2"), ("b", "3")]));
        let found: Vec<(String, String)> = found
            .into_iter()
            .map(|one| (one.subject_key, one.customer_id))
            .collect();
        assert_eq!(
            found,
            [
                ("b".to_owned(), "3".to_owned()),
                ("a".to_owned(), "1".to_owned())
            ]
        );
    }
}

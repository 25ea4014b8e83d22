//! Traits and segments of customers.

use chassis::{Context, Write, db::lock, open};
use contract::customer::v1::{self as pb, trait_service_server::TraitService};
use tonic::{Request, Response, Status};

use super::{Server, live, record_profile};
use crate::{
    convert,
    domain::{
        customer::Customer,
        text,
        traits::{self, CATEGORY_TRAITS_MAX, NewTrait, Trait},
    },
    error::CustomerError,
    store,
};

/// Numbers that one write may give to what it changes.
const NUMBERS: i64 = 1024;

#[tonic::async_trait]
impl TraitService for Server {
    async fn list_traits(
        &self,
        request: Request<pb::ListTraitsRequest>,
    ) -> Result<Response<pb::ListTraitsResponse>, Status> {
        let (context, request) = open(request)?;
        let name = convert::customer_name(request.customer_ref.as_ref())?;
        let show = convert::trait_view(request.view)?;
        let (db, project) = (self.db.reader(), context.project);
        let customer = store::customer::find(db, project, &name, false, context.now).await?;
        let stored = store::traits::of_customer(db, project, customer.id).await?;
        Ok(Response::new(pb::ListTraitsResponse {
            traits: show(&stored),
            customer: Some(convert::customer(&customer)),
        }))
    }

    async fn merge_segments(
        &self,
        request: Request<pb::MergeSegmentsRequest>,
    ) -> Result<Response<pb::MergeSegmentsResponse>, Status> {
        let (context, request) = &open(request)?;
        let changes = &traits::segments(convert::segment_changes(&request.changes))?;
        self.db
            .write(
                context,
                "MergeSegments",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let customer = live(&w, context, request.customer_ref.as_ref()).await?;
                    let before = store::traits::of_customer(w.tx(), project, customer.id).await?;
                    let number = next_number(&before);
                    let after = traits::merge(&before, changes, number, now)?;
                    save(&mut w, context, &customer, &before, &after).await?;
                    let customer = locked(&w, context, &customer).await?;
                    let answer = pb::MergeSegmentsResponse {
                        traits: convert::segments(&after),
                        customer: Some(convert::customer(&customer)),
                    };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }

    async fn set_trait(
        &self,
        request: Request<pb::SetTraitRequest>,
    ) -> Result<Response<pb::SetTraitResponse>, Status> {
        let (context, request) = &open(request)?;
        let new = &NewTrait::new(&request.category, &request.r#trait)?;
        self.db
            .write(
                context,
                "SetTrait",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let customers = targets(&w, context, request.target.as_ref()).await?;
                    // Two that add the last trait of a category wait here for each other.
                    let name = format!("customer.trait.{project}.{}", new.category);
                    lock(w.tx(), &name).await?;
                    let (different, known) =
                        store::traits::variety(w.tx(), project, &new.category, &new.value).await?;
                    let ids: Vec<_> = customers.iter().map(|one| one.id).collect();
                    let mut all = store::traits::of_customers(w.tx(), project, &ids).await?;
                    for customer in &customers {
                        let before = all.remove(&customer.id).unwrap_or_default();
                        let after = new.set(&before, next_number(&before), now)?;
                        if !known && different >= CATEGORY_TRAITS_MAX {
                            return Err(CustomerError::TraitLimit {
                                category: new.category.clone(),
                            });
                        }
                        save(&mut w, context, customer, &before, &after).await?;
                    }
                    let customer_count = i32::try_from(customers.len()).unwrap_or(i32::MAX);
                    Ok::<_, CustomerError>((w, pb::SetTraitResponse { customer_count }))
                },
            )
            .await
    }

    async fn remove_trait(
        &self,
        request: Request<pb::RemoveTraitRequest>,
    ) -> Result<Response<pb::RemoveTraitResponse>, Status> {
        let (context, request) = &open(request)?;
        let category = &traits::category(&request.category)?;
        self.db
            .write(
                context,
                "RemoveTrait",
                &request.request_id,
                request,
                |mut w| async move {
                    let customers = targets(&w, context, request.target.as_ref()).await?;
                    let customer_count = remove(&mut w, context, &customers, category).await?;
                    if customer_count == 0 {
                        return Err(CustomerError::TraitNotHeld {
                            category: category.clone(),
                        });
                    }
                    Ok::<_, CustomerError>((w, pb::RemoveTraitResponse { customer_count }))
                },
            )
            .await
    }

    async fn remove_trait_category(
        &self,
        request: Request<pb::RemoveTraitCategoryRequest>,
    ) -> Result<Response<pb::RemoveTraitCategoryResponse>, Status> {
        let (context, request) = &open(request)?;
        let category = &traits::category(&request.category)?;
        self.db
            .write(
                context,
                "RemoveTraitCategory",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let holders = store::traits::holders(w.tx(), project, category).await?;
                    let mut customer_count = 0;
                    for holder in &holders {
                        let customer =
                            store::customer::locked(w.tx(), project, *holder, now).await?;
                        customer_count += remove(&mut w, context, &[customer], category).await?;
                    }
                    if customer_count == 0 {
                        return Err(CustomerError::TraitCategoryNotFound {
                            category: category.clone(),
                        });
                    }
                    let answer = pb::RemoveTraitCategoryResponse { customer_count };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }
}

/// The first number that is greater than every number in use.
fn next_number(stored: &[Trait]) -> i64 {
    let last = stored.iter().map(|one| one.written.max(one.added)).max();
    last.map_or(0, |last| (last / NUMBERS + 1) * NUMBERS)
}

/// The customer as it is read after a change of its traits.
async fn locked(
    write: &Write,
    context: &Context,
    customer: &Customer,
) -> Result<Customer, CustomerError> {
    store::customer::locked(write.tx(), context.project, customer.id, context.now).await
}

/// The locked customers that a call is for.
async fn targets(
    write: &Write,
    context: &Context,
    target: Option<&pb::TraitTarget>,
) -> Result<Vec<Customer>, CustomerError> {
    use pb::trait_target::Target;
    let target = target.and_then(|target| target.target.as_ref());
    match target.ok_or_else(|| CustomerError::invalid("target", "is required"))? {
        Target::CustomerRef(reference) => Ok(vec![live(write, context, Some(reference)).await?]),
        Target::PrimaryEmail(email) => {
            let email = text::required("target.primary_email", email.clone(), 1024)?;
            store::profile::by_email(write.tx(), context.project, &email, context.now).await
        }
    }
}

/// Takes the traits of a category from customers; answers from how many.
async fn remove(
    write: &mut Write,
    context: &Context,
    customers: &[Customer],
    category: &str,
) -> Result<i32, CustomerError> {
    let ids: Vec<_> = customers.iter().map(|one| one.id).collect();
    let mut all = store::traits::of_customers(write.tx(), context.project, &ids).await?;
    let mut count = 0;
    for customer in customers {
        let before = all.remove(&customer.id).unwrap_or_default();
        let mut after = before.clone();
        after.retain(|one| one.category() != category);
        if after.len() < before.len() {
            count += 1;
            save(write, context, customer, &before, &after).await?;
        }
    }
    Ok(count)
}

async fn save(
    write: &mut Write,
    context: &Context,
    customer: &Customer,
    before: &[Trait],
    after: &[Trait],
) -> Result<(), CustomerError> {
    store::traits::replace(write.tx(), context.project, customer.id, before, after).await?;
    let (old, new) = (
        convert::trait_state(customer.id, before),
        convert::trait_state(customer.id, after),
    );
    record_profile(write, "traits.updated", customer, &old, &new).await
}

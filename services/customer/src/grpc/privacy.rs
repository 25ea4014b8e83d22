//! Exclusion from metrics, opt-outs, removal of personal data, erasure.

use chassis::{Context, Write, open};
use contract::customer::v1::{self as pb, privacy_service_server::PrivacyService};
use tonic::{Request, Response, Status};

use super::{Server, live, record_change, record_profile};
use crate::{
    convert,
    domain::{attribute::Attributes, customer::Customer, text},
    error::CustomerError,
    store,
};

#[tonic::async_trait]
impl PrivacyService for Server {
    async fn exclude_customer(
        &self,
        request: Request<pb::ExcludeCustomerRequest>,
    ) -> Result<Response<pb::ExcludeCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        self.db
            .write(
                context,
                "ExcludeCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = live(&w, context, request.customer_ref.as_ref()).await?;
                    let customer = match before.excluded(context.now)? {
                        Some(after) => {
                            store::customer::save(w.tx(), context.project, &after).await?;
                            record_change(&mut w, "customer.updated", &before, &after).await?
                        }
                        None => convert::customer_state(&before),
                    };
                    let customer = Some(customer);
                    Ok::<_, CustomerError>((w, pb::ExcludeCustomerResponse { customer }))
                },
            )
            .await
    }

    async fn opt_out_of_interventions(
        &self,
        request: Request<pb::OptOutOfInterventionsRequest>,
    ) -> Result<Response<pb::OptOutOfInterventionsResponse>, Status> {
        let (context, request) = &open(request)?;
        let interventions = &convert::interventions(&request.interventions)?;
        self.db
            .write(
                context,
                "OptOutOfInterventions",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let customer = live(&w, context, request.customer_ref.as_ref()).await?;
                    let id = customer.id;
                    let before = store::opt_out::of_customer(w.tx(), project, id).await?;
                    store::opt_out::add(w.tx(), project, id, interventions, now).await?;
                    let after = store::opt_out::of_customer(w.tx(), project, id).await?;
                    let state = |opt_outs| pb::CustomerOptOuts {
                        customer_id: id.to_string(),
                        opt_outs: convert::opt_outs(opt_outs),
                    };
                    let (old, new) = (state(&before), state(&after));
                    record_profile(&mut w, "opt_outs.updated", &customer, &old, &new).await?;
                    let opt_outs = new.opt_outs;
                    Ok::<_, CustomerError>((w, pb::OptOutOfInterventionsResponse { opt_outs }))
                },
            )
            .await
    }

    async fn anonymize_customer(
        &self,
        request: Request<pb::AnonymizeCustomerRequest>,
    ) -> Result<Response<pb::AnonymizeCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        self.db
            .write(
                context,
                "AnonymizeCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = live(&w, context, request.customer_ref.as_ref()).await?;
                    let customer = Some(anonymize(&mut w, context, &before).await?);
                    Ok::<_, CustomerError>((w, pb::AnonymizeCustomerResponse { customer }))
                },
            )
            .await
    }

    async fn anonymize_customers_by_email(
        &self,
        request: Request<pb::AnonymizeCustomersByEmailRequest>,
    ) -> Result<Response<pb::AnonymizeCustomersByEmailResponse>, Status> {
        let (context, request) = &open(request)?;
        let email = &text::required("primary_email", request.primary_email.clone(), 1024)?;
        self.db
            .write(
                context,
                "AnonymizeCustomersByEmail",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let found = store::profile::by_email(w.tx(), project, email, now).await?;
                    let mut customers = Vec::with_capacity(found.len());
                    for before in &found {
                        customers.push(anonymize(&mut w, context, before).await?);
                    }
                    let answer = pb::AnonymizeCustomersByEmailResponse { customers };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::EraseCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        let id = convert::customer_id(&request.customer_id)?;
        self.db
            .write(
                context,
                "EraseCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let before = match store::customer::locked(w.tx(), project, id, now).await {
                        Ok(found) => found,
                        Err(CustomerError::CustomerNotFound { .. }) => {
                            return Ok((w, pb::EraseCustomerResponse { erased: false }));
                        }
                        Err(error) => return Err(error),
                    };
                    erase(&mut w, context, &before).await?;
                    let answer = pb::EraseCustomerResponse { erased: true };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }
}

/// Removes the personal data of a locked customer from its state and from what was recorded.
async fn anonymize(
    write: &mut Write,
    context: &Context,
    before: &Customer,
) -> Result<pb::Customer, CustomerError> {
    let project = context.project;
    let after = before.anonymized(context.now)?;
    store::customer::save(write.tx(), project, &after).await?;
    let stored = store::attribute::of_customer(write.tx(), project, after.id).await?;
    let none = Attributes::new();
    store::attribute::replace(write.tx(), project, after.id, &stored, &none).await?;
    let state = convert::customer_state(&after);
    write.redact(&state.id, convert::anonymized).await?;
    // The entry says that it happened, and neither what was before.
    write
        .record(
            "customer.anonymized",
            &state.id,
            after.revision,
            Some(&state),
            Some(&state),
        )
        .await?;
    Ok(state)
}

/// Removes a locked customer. The event names what usage was attributed to it, so that those
/// who follow can find what is theirs to remove; it goes with the outbox.
async fn erase(
    write: &mut Write,
    context: &Context,
    before: &Customer,
) -> Result<(), CustomerError> {
    let id = before.id.to_string();
    let revision = before.revision + 1;
    let state = convert::customer_state(before);
    let was_live = before.delete_time.is_none();
    let gone = pb::Customer {
        id: id.clone(),
        etag: chassis::etag::of(revision),
        create_time: state.create_time,
        update_time: Some(contract::convert::timestamp(context.now)),
        delete_time: Some(
            state
                .delete_time
                .unwrap_or_else(|| contract::convert::timestamp(context.now)),
        ),
        ..pb::Customer::default()
    };
    if was_live {
        for subject in store::subject::erase(write.tx(), context.project, before).await? {
            let subject_id = subject.id.to_string();
            write.redact(&subject_id, |_, _| None).await?;
            let bare = pb::Subject {
                id: subject_id.clone(),
                etag: chassis::etag::of(subject.revision + 1),
                delete_time: gone.update_time,
                ..pb::Subject::default()
            };
            write
                .record(
                    "subject.deleted",
                    &subject_id,
                    subject.revision + 1,
                    None,
                    Some(&bare),
                )
                .await?;
        }
    }
    store::profile::erase(write.tx(), context.project, before.id).await?;
    write.redact(&id, convert::erased).await?;
    write
        .record(
            "customer.erased",
            &id,
            revision,
            None::<&pb::Customer>,
            None,
        )
        .await?;
    let event = pb::Customer {
        key: if was_live { state.key } else { String::new() },
        usage_attribution: state.usage_attribution.filter(|_| was_live),
        ..gone
    };
    write
        .event("customer.erased", &id, revision, &event)
        .await?;
    Ok(())
}

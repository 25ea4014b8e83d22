//! Attributes of customers.

use chassis::{Context, Write, open};
use contract::customer::v1::{self as pb, attribute_service_server::AttributeService};
use tonic::{Request, Response, Status};

use super::{Server, live, record_change, record_profile};
use crate::{
    convert,
    domain::{
        attribute::{self, AttributeChanges, Attributes, shown},
        customer::Customer,
    },
    error::CustomerError,
    store,
};

#[tonic::async_trait]
impl AttributeService for Server {
    async fn list_attributes(
        &self,
        request: Request<pb::ListAttributesRequest>,
    ) -> Result<Response<pb::ListAttributesResponse>, Status> {
        let (context, request) = open(request)?;
        let name = convert::customer_name(request.customer_ref.as_ref())?;
        let (db, project) = (self.db.reader(), context.project);
        let customer = store::customer::find(db, project, &name, false, context.now).await?;
        let stored = store::attribute::of_customer(db, project, customer.id).await?;
        Ok(Response::new(pb::ListAttributesResponse {
            attributes: convert::attributes(&shown(&customer, &stored)),
        }))
    }

    async fn set_attributes(
        &self,
        request: Request<pb::SetAttributesRequest>,
    ) -> Result<Response<pb::SetAttributesResponse>, Status> {
        let (context, request) = &open(request)?;
        let changes = &convert::attribute_changes(&request.attributes)?;
        self.db
            .write(
                context,
                "SetAttributes",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = live(&w, context, request.customer_ref.as_ref()).await?;
                    let (customer, attributes) = set(&mut w, context, before, changes).await?;
                    let answer = pb::SetAttributesResponse {
                        attributes: convert::attributes(&attributes),
                        customer: Some(convert::customer_state(&customer)),
                    };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }
}

/// Changes the attributes of a locked customer, and what of it they are; answers both as they
/// are shown.
pub(super) async fn set(
    write: &mut Write,
    context: &Context,
    before: Customer,
    changes: &AttributeChanges,
) -> Result<(Customer, Attributes), CustomerError> {
    let (project, id) = (context.project, before.id);
    let stored = store::attribute::of_customer(write.tx(), project, id).await?;
    let changed = attribute::change(&before, &stored, changes, context.now)?;
    store::attribute::replace(write.tx(), project, id, &stored, &changed.stored).await?;
    let after = match changed.customer {
        Some(after) => {
            store::customer::save(write.tx(), project, &after).await?;
            record_change(write, "customer.updated", &before, &after).await?;
            after
        }
        None => before.clone(),
    };
    let state = |customer: &Customer, stored: &Attributes| pb::CustomerAttributes {
        customer_id: id.to_string(),
        attributes: convert::attributes(&shown(customer, stored)),
    };
    let (old, new) = (state(&before, &stored), state(&after, &changed.stored));
    record_profile(write, "attributes.updated", &after, &old, &new).await?;
    let attributes = shown(&after, &changed.stored);
    Ok((after, attributes))
}

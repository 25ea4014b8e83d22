//! Holds of other services on customers.

use chassis::open;
use contract::customer::v1 as pb;
use tonic::{Request, Response, Status};

use super::Server;
use crate::{
    convert,
    domain::hold::{Hold, HoldReason},
    error::CustomerError,
    store,
};

impl Server {
    pub(super) async fn place(
        &self,
        request: Request<pb::PlaceHoldRequest>,
    ) -> Result<Response<pb::PlaceHoldResponse>, Status> {
        let (context, request) = &open(request)?;
        let hold = convert::new_hold(request, context.now)?;
        self.db
            .write(
                context,
                "PlaceHold",
                &request.request_id,
                request,
                |w| async move {
                    let (project, customer) = (context.project, hold.customer);
                    let held = std::slice::from_ref(&hold);
                    let first = store::hold::place(w.tx(), project, customer, held).await?;
                    let stored = Hold {
                        create_time: first.unwrap_or(hold.create_time),
                        ..hold
                    };
                    let hold = Some(convert::hold(&stored));
                    Ok::<_, CustomerError>((w, pb::PlaceHoldResponse { hold }))
                },
            )
            .await
    }

    pub(super) async fn place_all(
        &self,
        request: Request<pb::PlaceHoldsRequest>,
    ) -> Result<Response<pb::PlaceHoldsResponse>, Status> {
        let (context, request) = &open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let holds = &convert::new_holds(request, context.now)?;
        self.db
            .write(
                context,
                "PlaceHolds",
                &request.request_id,
                request,
                |w| async move {
                    store::hold::place(w.tx(), context.project, customer, holds).await?;
                    Ok::<_, CustomerError>((w, pb::PlaceHoldsResponse {}))
                },
            )
            .await
    }

    pub(super) async fn release(
        &self,
        request: Request<pb::ReleaseHoldRequest>,
    ) -> Result<Response<pb::ReleaseHoldResponse>, Status> {
        let (context, request) = &open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let reason = convert::hold_reason(request.reason)?;
        self.db
            .write(
                context,
                "ReleaseHold",
                &request.request_id,
                request,
                |w| async move {
                    let (tx, project, holder) = (w.tx(), context.project, &request.holder_id);
                    store::hold::release(tx, project, customer, reason, holder).await?;
                    if reason == HoldReason::Subscription {
                        // Nothing came of what was promised to it.
                        store::subscription::forget_reservation(tx, project, customer, holder)
                            .await?;
                    }
                    Ok::<_, CustomerError>((w, pb::ReleaseHoldResponse {}))
                },
            )
            .await
    }

    pub(super) async fn holds(
        &self,
        request: Request<pb::ListHoldsRequest>,
    ) -> Result<Response<pb::ListHoldsResponse>, Status> {
        let (context, request) = open(request)?;
        let customer = convert::customer_id(&request.customer_id)?;
        let (db, project) = (self.db.reader(), context.project);
        let found = if request.include_inactive {
            store::hold::all(db, project, customer).await?
        } else {
            store::hold::live(db, project, customer, context.now).await?
        };
        Ok(Response::new(pb::ListHoldsResponse {
            holds: found.iter().map(convert::hold).collect(),
        }))
    }
}

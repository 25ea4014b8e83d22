//! When customers use the product.

use chassis::open;
use contract::customer::v1::{self as pb, engagement_service_server::EngagementService};
use tonic::{Request, Response, Status};

use super::{Server, live};
use crate::{convert, error::CustomerError, store};

#[tonic::async_trait]
impl EngagementService for Server {
    async fn record_customer_seen(
        &self,
        request: Request<pb::RecordCustomerSeenRequest>,
    ) -> Result<Response<pb::RecordCustomerSeenResponse>, Status> {
        let (context, request) = &open(request)?;
        self.db
            .write(
                context,
                "RecordCustomerSeen",
                &request.request_id,
                request,
                |w| async move {
                    let customer = live(&w, context, request.customer_ref.as_ref()).await?;
                    let project = context.project;
                    store::profile::seen(w.tx(), project, customer.id, context.now).await?;
                    Ok::<_, CustomerError>((w, pb::RecordCustomerSeenResponse {}))
                },
            )
            .await
    }

    async fn count_customers(
        &self,
        request: Request<pb::CountCustomersRequest>,
    ) -> Result<Response<pb::CountCustomersResponse>, Status> {
        let (context, request) = open(request)?;
        let start = convert::time("start_time", request.start_time.as_ref())?;
        let end = convert::time("end_time", request.end_time.as_ref())?;
        let (created, seen) =
            store::profile::counts(self.db.reader(), context.project, start, end).await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Ok(Response::new(pb::CountCustomersResponse {
            created_count: count(created),
            seen_count: count(seen),
        }))
    }
}

//! `ProductAccessService`.

use chassis::Guard;
use contract::{
    convert::{from_optional_timestamp, from_required_timestamp},
    entitlement::v1::{
        self as pb, product_access_service_server::ProductAccessService, product_right,
    },
};
use kernel::{
    calendar::{IsoDuration, Recurrence},
    id::CustomerId,
    period::OpenPeriod,
};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{
    domain::product_right::{ProductRight, Subject},
    error::EntitlementError,
    store,
};

/// Most rights of a customer.
const RIGHTS_MAX: usize = 2_000;

#[tonic::async_trait]
impl ProductAccessService for Server {
    async fn apply_product_access(
        &self,
        request: Request<pb::ApplyProductAccessRequest>,
    ) -> Result<Response<pb::ApplyProductAccessResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let customer: CustomerId = request
            .customer_id
            .parse()
            .map_err(|_| EntitlementError::invalid("customer_id", "is not a ULID"))?;
        if request.revision < 1 {
            return Err(EntitlementError::invalid("revision", "must be at least 1").into());
        }
        let rights = &rights(&request.rights)?;
        Guard::escalate(|guard| {
            self.db.write(
                context,
                "ApplyProductAccess",
                "",
                request,
                move |write| async move {
                    let revision = request.revision;
                    let revision = match guard {
                        Guard::Checked => {
                            store::product_right::replace_later(&write, customer, revision, rights);
                            revision
                        }
                        Guard::Locked => {
                            store::lock_customer(&write, customer).await?;
                            store::product_right::replace(&write, customer, revision, rights)
                                .await?
                        }
                    };
                    let answer = pb::ApplyProductAccessResponse { revision };
                    Ok::<_, EntitlementError>((write, answer))
                },
            )
        })
        .await
    }
}

fn rights(wire: &[pb::ProductRight]) -> Result<Vec<ProductRight>, EntitlementError> {
    if wire.len() > RIGHTS_MAX {
        return Err(EntitlementError::invalid("rights", "must be at most 2000"));
    }
    wire.iter()
        .enumerate()
        .map(|(index, wire)| {
            let wrong = |field: &str, why: &str| {
                EntitlementError::invalid(format!("rights[{index}].{field}"), why)
            };
            let subject = match &wire.subject {
                Some(product_right::Subject::ProductId(id)) => Subject::Product(id.clone()),
                Some(product_right::Subject::FeatureKey(key)) => Subject::Feature(key.clone()),
                None => return Err(wrong("subject", "is required")),
            };
            let start = from_required_timestamp(wire.start_time.as_ref())
                .map_err(|_| wrong("start_time", "is required"))?;
            let end = from_optional_timestamp(wire.end_time.as_ref())
                .map_err(|_| wrong("end_time", "is not a time"))?;
            let period = OpenPeriod::new(start, end)
                .map_err(|_| wrong("end_time", "must not be earlier than the start"))?;
            let renewal = match wire.renewal_duration.as_str() {
                "" => None,
                length => {
                    let anchor = from_required_timestamp(wire.renewal_anchor_time.as_ref())
                        .map_err(|_| wrong("renewal_anchor_time", "is required"))?;
                    let renewal = IsoDuration::parse(length)
                        .and_then(|interval| Recurrence::new(interval, anchor))
                        .map_err(|_| wrong("renewal_duration", "is no length"))?;
                    Some(renewal)
                }
            };
            Ok(ProductRight {
                source: wire.source_id.clone(),
                subject,
                period,
                renewal,
            })
        })
        .collect()
}

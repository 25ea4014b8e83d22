//! `GrantService`.

use contract::entitlement::v1::{
    self as pb, grant_service_server::GrantService, list_grants_request::OrderBy as WireOrder,
};
use kernel::id::GrantId;
use tonic::{Request, Response, Status};

use super::{Server, check_filter, list::Page};
use crate::{
    convert,
    domain::grant::{GRANTS_MAX, check_total},
    error::EntitlementError,
    provision,
    store::{
        self,
        grant::{Filter, OrderBy},
    },
};

#[tonic::async_trait]
impl GrantService for Server {
    async fn create_grant(
        &self,
        request: Request<pb::CreateGrantRequest>,
    ) -> Result<Response<pb::CreateGrantResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let target = convert::target(request.entitlement.clone())?;
        let located = self.locate(context, &target).await;
        let new = convert::new_grant(request.grant.clone().unwrap_or_default())?;
        self.db
            .write(
                context,
                "CreateGrant",
                &request.request_id,
                request,
                |mut write| async move {
                    let (project, now) = (context.project, context.now);
                    let found = self.locked(&write, located).await?;
                    let period_start = found.metered()?.timeline.period_at(now)?.start;
                    let there =
                        store::grant::of_entitlements(write.tx(), project, &[found.id]).await?;
                    let there = there.get(&found.id).map_or(&[][..], Vec::as_slice);
                    if there.len() >= GRANTS_MAX {
                        return Err(EntitlementError::TooManyGrants {
                            entitlement: found.id,
                            limit: GRANTS_MAX,
                        });
                    }
                    let grant = new.into_grant(chassis::id::next(), found.id, period_start, now)?;
                    found.ensure_takes(&grant, now)?;
                    check_total(&there.iter().chain([&grant]).collect::<Vec<_>>())?;
                    store::grant::insert(write.tx(), project, &found, &grant).await?;
                    store::checkpoint::forget_from(write.tx(), project, found.id, grant.effective)
                        .await?;
                    let grant = Some(provision::record_grant(&mut write, &found, grant).await?);
                    Ok((write, pb::CreateGrantResponse { grant }))
                },
            )
            .await
    }

    async fn list_grants(
        &self,
        request: Request<pb::ListGrantsRequest>,
    ) -> Result<Response<pb::ListGrantsResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        check_filter("features", &request.features)?;
        let order_by = match WireOrder::try_from(request.order_by) {
            Ok(WireOrder::Unspecified | WireOrder::EffectiveTime) => OrderBy::EffectiveTime,
            Ok(WireOrder::CreateTime) => OrderBy::CreateTime,
            Ok(WireOrder::UpdateTime) => OrderBy::UpdateTime,
            Ok(WireOrder::Id) => OrderBy::Id,
            Err(_) => return Err(EntitlementError::invalid("order_by", "is not known").into()),
        };
        let entitlement = match request.entitlement {
            None => None,
            Some(reference) => {
                let target = convert::target(Some(reference))?;
                Some(self.find(&context, &target).await?.id)
            }
        };
        let filter = Filter {
            entitlement,
            customers: self
                .customers_of_list(&context, &request.customers, &request.customer_ids)
                .await?,
            features: request.features,
            include_deleted: request.include_deleted,
            order_by,
            descending: request.descending,
        };
        let query = format!("grants {} {filter:?}", context.project);
        let page = Page::read(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &query,
        )?;
        let rows =
            store::grant::list(self.db.reader(), context.project, &filter, &page.slice).await?;
        let paging = page.paging(&rows, |row| {
            let time = match order_by {
                OrderBy::EffectiveTime => row.grant.effective,
                OrderBy::CreateTime | OrderBy::Id => row.grant.created,
                OrderBy::UpdateTime => row.grant.updated,
            };
            (time, row.grant.id.to_string())
        });
        Ok(Response::new(pb::ListGrantsResponse {
            grants: rows
                .rows
                .iter()
                .map(|row| convert::grant(row, context.now))
                .collect::<Result<_, _>>()?,
            next_page_token: paging.next_page_token,
            total_size: paging.total_size,
        }))
    }

    async fn void_grant(
        &self,
        request: Request<pb::VoidGrantRequest>,
    ) -> Result<Response<pb::VoidGrantResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let at = convert::time("void_time", request.void_time.as_ref())?;
        let not_found = || EntitlementError::GrantNotFound(request.id.clone());
        let id: GrantId = request.id.parse().map_err(|_| not_found())?;
        let not_found = &not_found;
        self.db
            .write(
                context,
                "VoidGrant",
                &request.request_id,
                request,
                |mut write| async move {
                    let (project, now) = (context.project, context.now);
                    let found = store::grant::by_id(write.tx(), project, id)
                        .await?
                        .ok_or_else(not_found)?;
                    store::lock_customer(&write, found.customer).await?;
                    let found = store::grant::by_id(write.tx(), project, id)
                        .await?
                        .ok_or_else(not_found)?;
                    let entitlement =
                        store::entitlement::by_id(write.tx(), project, found.grant.entitlement)
                            .await?
                            .ok_or_else(not_found)?;
                    let period_start = entitlement.metered()?.timeline.period_at(now)?.start;
                    let before = convert::grant(&found, now)?;
                    let mut after = found;
                    after.grant = after.grant.void(at, period_start, now)?;
                    store::grant::update(write.tx(), project, &after.grant).await?;
                    let from = after.grant.voided.unwrap_or(now);
                    store::checkpoint::forget_from(write.tx(), project, entitlement.id, from)
                        .await?;
                    let state = convert::grant(&after, now)?;
                    write
                        .record(
                            "grant.voided",
                            &state.id,
                            after.grant.revision,
                            Some(&before),
                            Some(&state),
                        )
                        .await?;
                    Ok::<_, EntitlementError>((write, pb::VoidGrantResponse { grant: Some(state) }))
                },
            )
            .await
    }
}

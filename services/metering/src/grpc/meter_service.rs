//! `MeterService`: meters and the holds of other services on them.

use std::{collections::BTreeSet, sync::Arc};

use chassis::{Context, Db, etag};
use contract::metering::v1::{self as pb, meter_service_server::MeterService};
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use crate::{
    convert::{self, at_most, required},
    domain::meter::{Hold, Meter, holds_on_keys},
    error::MeteringError,
    store::{
        self,
        meter::{MeterList, MeterName, MeterPage},
    },
};

/// Most ids, slugs or holds of one batch.
pub(crate) const BATCH_MAX: usize = 1_000;

/// Serves meters.
#[derive(Clone)]
pub struct Meters {
    pub(super) db: Db,
    page_key: [u8; 32],
    builder: Arc<Notify>,
}

impl Meters {
    /// The service over a database, and the builder of rollups, who is told of new work.
    pub const fn new(db: Db, page_key: [u8; 32], builder: Arc<Notify>) -> Self {
        Self {
            db,
            page_key,
            builder,
        }
    }
}

#[tonic::async_trait]
impl MeterService for Meters {
    async fn create_meter(
        &self,
        request: Request<pb::CreateMeterRequest>,
    ) -> Result<Response<pb::CreateMeterResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let draft = convert::meter::from_new(required("meter", request.meter.as_ref())?)?;
        let meter = Meter::new(chassis::id::next(), draft, context.now)
            .map_err(|wrong| MeteringError::invalid_below("meter", wrong))?;
        let answer = self
            .db
            .write(
                context,
                "CreateMeter",
                &request.request_id,
                request,
                |mut write| async move {
                    store::meter::insert(write.tx(), context.project, &meter).await?;
                    store::rollup::begin(write.tx(), context.project, &meter).await?;
                    let proto = convert::meter::to_proto(&meter);
                    write
                        .record(
                            "meter.created",
                            &proto.id,
                            meter.revision,
                            None,
                            Some(&proto),
                        )
                        .await?;
                    Ok::<_, MeteringError>((write, pb::CreateMeterResponse { meter: Some(proto) }))
                },
            )
            .await?;
        self.builder.notify_one();
        Ok(answer)
    }

    async fn get_meter(
        &self,
        request: Request<pb::GetMeterRequest>,
    ) -> Result<Response<pb::GetMeterResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        let name = convert::meter::from_ref("meter", request.meter.as_ref())?;
        let meter = store::meter::by_name(self.db.reader(), context.project, &name).await?;
        Ok(Response::new(pb::GetMeterResponse {
            meter: Some(convert::meter::to_proto(&meter)),
        }))
    }

    async fn list_meters(
        &self,
        request: Request<pb::ListMetersRequest>,
    ) -> Result<Response<pb::ListMetersResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let page = super::page(context.project, self.page_key, size, &token, &request)?;
        let number = u64::try_from(request.page)
            .map_err(|_| MeteringError::invalid("page", "must not be negative"))?;
        let list = MeterList {
            include_deleted: request.include_deleted,
            event_type: convert::checked("event_type", &request.event_type, 4_096)?.to_owned(),
            order: convert::meter::from_order(request.order_by)?,
            descending: request.descending,
        };
        let place = match number {
            0 => MeterPage::After(page.after.clone()),
            number => MeterPage::Offset(
                (number - 1)
                    .saturating_mul(page.limit)
                    .min(i64::MAX.unsigned_abs()),
            ),
        };
        // One row more tells whether there is a next page.
        let (mut meters, total) = store::meter::list(
            self.db.reader(),
            context.project,
            &list,
            &place,
            page.limit + 1,
        )
        .await?;
        let more = meters.len() as u64 > page.limit;
        meters.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        let next_page_token = match meters.last() {
            Some(last) if more && number == 0 => {
                let [value, id] = list.order.values(last);
                page.token(&[&value, &id])
            }
            Some(_) | None => String::new(),
        };
        Ok(Response::new(pb::ListMetersResponse {
            meters: meters.iter().map(convert::meter::to_proto).collect(),
            next_page_token,
            total_size: i64::try_from(total).unwrap_or(i64::MAX),
        }))
    }

    async fn batch_get_meters(
        &self,
        request: Request<pb::BatchGetMetersRequest>,
    ) -> Result<Response<pb::BatchGetMetersResponse>, Status> {
        let (context, request) = chassis::open(request)?;
        at_most("ids", &request.ids, BATCH_MAX)?;
        at_most("slugs", &request.slugs, BATCH_MAX)?;
        for text in request.ids.iter().chain(&request.slugs) {
            convert::checked("ids", text, 256)?;
        }
        let meters = store::meter::by_ids_and_slugs(
            self.db.reader(),
            context.project,
            request.ids,
            request.slugs,
        )
        .await?;
        let meters = meters.iter().map(convert::meter::to_proto).collect();
        Ok(Response::new(pb::BatchGetMetersResponse { meters }))
    }

    async fn update_meter(
        &self,
        request: Request<pb::UpdateMeterRequest>,
    ) -> Result<Response<pb::UpdateMeterResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let name = &convert::meter::from_ref("meter_ref", request.meter_ref.as_ref())?;
        let wire = required("meter", request.meter.as_ref())?;
        let patch = convert::meter::from_update(wire, request.update_mask.as_ref())?;
        let answer = self
            .db
            .write(
                context,
                "UpdateMeter",
                &request.request_id,
                request,
                |mut write| async move {
                    let meter = live(context, &write, name).await?;
                    etag::check(&wire.etag, meter.revision).map_err(|_| MeteringError::Stale)?;
                    let next = meter
                        .patched(patch, context.now)
                        .map_err(|wrong| MeteringError::invalid_below("meter", wrong))?;
                    let holds =
                        store::hold::of_meter(write.tx(), context.project, meter.id).await?;
                    refuse_removed_keys(&meter, &next, &holds)?;
                    store::meter::update(write.tx(), context.project, &next).await?;
                    if next.group_by != meter.group_by {
                        store::rollup::begin(write.tx(), context.project, &next).await?;
                    }
                    let (before, after) = (
                        convert::meter::to_proto(&meter),
                        convert::meter::to_proto(&next),
                    );
                    write
                        .record(
                            "meter.updated",
                            &after.id,
                            next.revision,
                            Some(&before),
                            Some(&after),
                        )
                        .await?;
                    Ok::<_, MeteringError>((write, pb::UpdateMeterResponse { meter: Some(after) }))
                },
            )
            .await?;
        self.builder.notify_one();
        Ok(answer)
    }

    async fn delete_meter(
        &self,
        request: Request<pb::DeleteMeterRequest>,
    ) -> Result<Response<pb::DeleteMeterResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let name = &convert::meter::from_ref("meter", request.meter.as_ref())?;
        let answer = self
            .db
            .write(
                context,
                "DeleteMeter",
                &request.request_id,
                request,
                |mut write| async move {
                    let meter = store::meter::lock(write.tx(), context.project, name).await?;
                    let before = convert::meter::to_proto(&meter);
                    if meter.delete_time.is_some() {
                        return Ok((
                            write,
                            pb::DeleteMeterResponse {
                                meter: Some(before),
                            },
                        ));
                    }
                    let holds =
                        store::hold::of_meter(write.tx(), context.project, meter.id).await?;
                    if !holds.is_empty() {
                        let (holders, holder_ids) = name_holders(holds.iter());
                        let slug = meter.slug.as_str().to_owned();
                        return Err(MeteringError::MeterInUse {
                            slug,
                            holders,
                            holder_ids,
                        });
                    }
                    let deleted = Meter {
                        revision: meter.revision + 1,
                        update_time: context.now,
                        delete_time: Some(context.now),
                        ..meter
                    };
                    store::meter::update(write.tx(), context.project, &deleted).await?;
                    // The builder takes the rollup of a deleted meter away.
                    store::rollup::begin(write.tx(), context.project, &deleted).await?;
                    let after = convert::meter::to_proto(&deleted);
                    write
                        .record(
                            "meter.deleted",
                            &after.id,
                            deleted.revision,
                            Some(&before),
                            Some(&after),
                        )
                        .await?;
                    Ok((write, pb::DeleteMeterResponse { meter: Some(after) }))
                },
            )
            .await?;
        self.builder.notify_one();
        Ok(answer)
    }

    async fn place_meter_hold(
        &self,
        request: Request<pb::PlaceMeterHoldRequest>,
    ) -> Result<Response<pb::PlaceMeterHoldResponse>, Status> {
        self.place(request).await
    }

    async fn place_meter_holds(
        &self,
        request: Request<pb::PlaceMeterHoldsRequest>,
    ) -> Result<Response<pb::PlaceMeterHoldsResponse>, Status> {
        self.place_all(request).await
    }

    async fn release_meter_hold(
        &self,
        request: Request<pb::ReleaseMeterHoldRequest>,
    ) -> Result<Response<pb::ReleaseMeterHoldResponse>, Status> {
        self.release(request).await
    }
}

/// A meter that is not deleted, locked.
async fn live(
    context: &Context,
    write: &chassis::Write,
    name: &MeterName,
) -> Result<Meter, MeteringError> {
    let meter = store::meter::lock(write.tx(), context.project, name).await?;
    if meter.delete_time.is_some() {
        return Err(MeteringError::MeterDeleted(meter.id.to_string()));
    }
    Ok(meter)
}

fn refuse_removed_keys(meter: &Meter, next: &Meter, holds: &[Hold]) -> Result<(), MeteringError> {
    let removed = meter.removed_keys(next);
    let holding = holds_on_keys(holds, &removed);
    if holding.is_empty() {
        return Ok(());
    }
    let held: BTreeSet<&str> = holding
        .iter()
        .flat_map(|hold| hold.group_by_keys.iter().map(String::as_str))
        .filter(|key| removed.contains(key))
        .collect();
    let (holders, holder_ids) = name_holders(holding.into_iter());
    Err(MeteringError::GroupByInUse {
        slug: meter.slug.as_str().to_owned(),
        keys: held.into_iter().collect::<Vec<_>>().join(", "),
        holders,
        holder_ids,
    })
}

/// Holders for people, and their ids.
fn name_holders<'hold>(holds: impl Iterator<Item = &'hold Hold>) -> (String, String) {
    let (texts, ids): (Vec<&str>, Vec<&str>) = holds
        .map(|hold| {
            let text = if hold.display_text.is_empty() {
                &hold.holder
            } else {
                &hold.display_text
            };
            (text.as_str(), hold.holder.as_str())
        })
        .unzip();
    (texts.join(", "), ids.join(","))
}

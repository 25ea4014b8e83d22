//! Holds of other services on meters.

use std::collections::BTreeSet;

use chassis::Write;
use contract::metering::v1 as pb;
use kernel::id::MeterId;
use tonic::{Request, Response, Status};

use super::meter_service::{BATCH_MAX, Meters};
use crate::{
    convert::{self, at_most, required},
    domain::meter::Hold,
    error::MeteringError,
    store,
};

/// A hold to place: the field of the request that says it, on which meter.
struct Wanted {
    field: String,
    meter_id: String,
    hold: Hold,
}

impl Meters {
    pub(super) async fn place(
        &self,
        request: Request<pb::PlaceMeterHoldRequest>,
    ) -> Result<Response<pb::PlaceMeterHoldResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let wire = required("hold", request.hold.as_ref())?;
        let wanted = &[Wanted::read("hold".to_owned(), wire, context)?];
        self.db
            .write(
                context,
                "PlaceMeterHold",
                &request.request_id,
                request,
                |write| async move {
                    let hold = place(&write, wanted).await?.pop();
                    Ok::<_, MeteringError>((write, pb::PlaceMeterHoldResponse { hold }))
                },
            )
            .await
    }

    pub(super) async fn place_all(
        &self,
        request: Request<pb::PlaceMeterHoldsRequest>,
    ) -> Result<Response<pb::PlaceMeterHoldsResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let wires = at_most("holds", &request.holds, BATCH_MAX)?;
        if wires.is_empty() {
            return Err(MeteringError::invalid("holds", "is required").into());
        }
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::with_capacity(wires.len());
        for (index, wire) in wires.iter().enumerate() {
            let one = Wanted::read(format!("holds[{index}]"), wire, context)?;
            let name = (one.meter_id.clone(), wire.reason, wire.holder_id.as_str());
            if !seen.insert(name) {
                let field = format!("{}.holder_id", one.field);
                let why = "is there twice with this meter and reason";
                return Err(MeteringError::invalid(field, why).into());
            }
            wanted.push(one);
        }
        let wanted = &wanted;
        self.db
            .write(
                context,
                "PlaceMeterHolds",
                &request.request_id,
                request,
                |write| async move {
                    let holds = place(&write, wanted).await?;
                    Ok::<_, MeteringError>((write, pb::PlaceMeterHoldsResponse { holds }))
                },
            )
            .await
    }

    pub(super) async fn release(
        &self,
        request: Request<pb::ReleaseMeterHoldRequest>,
    ) -> Result<Response<pb::ReleaseMeterHoldResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let meter: MeterId = request
            .meter_id
            .parse()
            .map_err(|_| MeteringError::invalid("meter_id", "is no ULID"))?;
        let reason = convert::meter::from_reason("reason", request.reason)?;
        let holder = convert::meter::from_holder("holder_id", &request.holder_id)?;
        self.db
            .write(
                context,
                "ReleaseMeterHold",
                &request.request_id,
                request,
                |write| async move {
                    store::hold::release(write.tx(), context.project, meter, reason, holder)
                        .await?;
                    Ok::<_, MeteringError>((write, pb::ReleaseMeterHoldResponse {}))
                },
            )
            .await
    }
}

impl Wanted {
    fn read(
        field: String,
        wire: &pb::MeterHold,
        context: &chassis::Context,
    ) -> Result<Self, MeteringError> {
        let meter_id = convert::checked(&format!("{field}.meter_id"), &wire.meter_id, 256)?;
        Ok(Self {
            meter_id: meter_id.to_owned(),
            hold: convert::meter::from_hold(&field, wire, context.now)?,
            field,
        })
    }
}

/// Places holds on meters that are not deleted and have what the holds name, all of them or none; answers them in their order.
async fn place(write: &Write, wanted: &[Wanted]) -> Result<Vec<pb::MeterHold>, MeteringError> {
    let project = write.context().project;
    let ids: BTreeSet<&str> = wanted.iter().map(|one| one.meter_id.as_str()).collect();
    let meters = store::meter::lock_all(write.tx(), project, &ids).await?;
    let mut held = Vec::with_capacity(wanted.len());
    let mut placed = Vec::with_capacity(wanted.len());
    for one in wanted {
        let meter = meters
            .get(&one.meter_id)
            .ok_or_else(|| MeteringError::MeterNotFound(one.meter_id.clone()))?;
        if meter.delete_time.is_some() {
            return Err(MeteringError::MeterDeleted(meter.id.to_string()));
        }
        let mut keys = one.hold.group_by_keys.iter();
        if let Some(key) = keys.find(|key| !meter.group_by.contains_key(*key)) {
            return Err(MeteringError::invalid(
                format!("{}.group_by_keys", one.field),
                format!("{key} is no group-by key of meter {}", meter.slug),
            ));
        }
        held.push((meter.id, &one.hold));
        placed.push(convert::meter::to_hold(meter, &one.hold));
    }
    store::hold::place(write.tx(), project, &held).await?;
    Ok(placed)
}

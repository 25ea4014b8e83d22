//! Test clocks. They are stored here, and every process keeps a copy.

use chassis::{Context, clock::system_now, open};
use contract::{
    convert::timestamp,
    customer::v1::{self as pb, clock_service_server::ClockService},
};
use kernel::{Timestamp, id::ProjectId};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{convert, domain::clock, error::CustomerError, store};

#[tonic::async_trait]
impl ClockService for Server {
    async fn get_clock(
        &self,
        request: Request<pb::GetClockRequest>,
    ) -> Result<Response<pb::GetClockResponse>, Status> {
        let (context, _) = open(request)?;
        let frozen = self.env.clocks().frozen(context.project);
        Ok(Response::new(pb::GetClockResponse {
            clock: Some(state(context.project, frozen)),
        }))
    }

    async fn freeze_clock(
        &self,
        request: Request<pb::FreezeClockRequest>,
    ) -> Result<Response<pb::FreezeClockResponse>, Status> {
        let (context, request) = &open(request)?;
        let time = clock::admit("time", convert::time("time", request.time.as_ref())?)?;
        let response = self
            .db
            .write(
                context,
                "FreezeClock",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::clock::find_for_update(w.tx(), context.project).await?;
                    let clock = Some(set(&mut w, context, before, time).await?);
                    Ok::<_, CustomerError>((w, pb::FreezeClockResponse { clock }))
                },
            )
            .await?;
        self.adopt(context.project).await?;
        Ok(response)
    }

    async fn advance_clock(
        &self,
        request: Request<pb::AdvanceClockRequest>,
    ) -> Result<Response<pb::AdvanceClockResponse>, Status> {
        let (context, request) = &open(request)?;
        let response = self
            .db
            .write(
                context,
                "AdvanceClock",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::clock::find_for_update(w.tx(), context.project).await?;
                    let from = before.ok_or(CustomerError::ClockNotFrozen)?;
                    let time = clock::advanced(from, &request.advance_duration)?;
                    let clock = Some(set(&mut w, context, before, time).await?);
                    Ok::<_, CustomerError>((w, pb::AdvanceClockResponse { clock }))
                },
            )
            .await?;
        self.adopt(context.project).await?;
        Ok(response)
    }

    async fn reset_clock(
        &self,
        request: Request<pb::ResetClockRequest>,
    ) -> Result<Response<pb::ResetClockResponse>, Status> {
        let (context, request) = &open(request)?;
        let response = self
            .db
            .write(
                context,
                "ResetClock",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::clock::find_for_update(w.tx(), context.project).await?;
                    let clock = state(context.project, None);
                    if before.is_some() {
                        store::clock::reset(w.tx(), context.project).await?;
                        let revision = chassis::db::micros(system_now());
                        let old = state(context.project, before);
                        w.record(
                            "clock.updated",
                            &clock.project_id,
                            revision,
                            Some(&old),
                            Some(&clock),
                        )
                        .await?;
                    }
                    let clock = Some(clock);
                    Ok::<_, CustomerError>((w, pb::ResetClockResponse { clock }))
                },
            )
            .await?;
        self.adopt(context.project).await?;
        Ok(response)
    }

    async fn list_test_clocks(
        &self,
        request: Request<pb::ListTestClocksRequest>,
    ) -> Result<Response<pb::ListTestClocksResponse>, Status> {
        open(request)?;
        let clocks = store::clock::all(self.db.reader()).await?;
        Ok(Response::new(pb::ListTestClocksResponse {
            clocks: clocks
                .into_iter()
                .map(|(project, time)| state(project, Some(time)))
                .collect(),
        }))
    }
}

impl Server {
    /// Makes this process follow the stored clock. Read again rather than taken from the
    /// answer, which may be a replay of an old one.
    async fn adopt(&self, project: ProjectId) -> Result<(), CustomerError> {
        let frozen = store::clock::find(self.db.reader(), project).await?;
        self.env.clocks().set(project, frozen);
        Ok(())
    }
}

/// Stores where the test clock stands and records the change.
async fn set(
    write: &mut chassis::Write,
    context: &Context,
    before: Option<Timestamp>,
    time: Timestamp,
) -> Result<pb::Clock, CustomerError> {
    let revision = store::clock::set(write.tx(), context.project, time).await?;
    let (old, new) = (
        state(context.project, before),
        state(context.project, Some(time)),
    );
    write
        .record(
            "clock.updated",
            &new.project_id,
            revision,
            Some(&old),
            Some(&new),
        )
        .await?;
    Ok(new)
}

fn state(project: ProjectId, frozen: Option<Timestamp>) -> pb::Clock {
    pb::Clock {
        project_id: project.to_string(),
        frozen: frozen.is_some(),
        time: Some(timestamp(frozen.unwrap_or_else(system_now))),
    }
}

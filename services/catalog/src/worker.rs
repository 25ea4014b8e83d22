//! Timers: holds on meters that a feature left behind, because its making failed after the hold was
//! placed or because its meter could not be told that it was archived.

use chassis::{Context, timer::Timer};
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::Status;

use crate::{grpc::Catalog, store::meter_release};

/// Most holds looked at in one run.
const RUN_LIMIT: u64 = 100;

/// Looks at holds that are noted, and releases those that no live feature needs.
pub struct MeterReleases(pub Catalog);

#[async_trait::async_trait]
impl Timer for MeterReleases {
    fn name(&self) -> &'static str {
        "meter_releases"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(meter_release::due(self.0.db().reader()).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let (project, now) = (context.project, context.now);
        let reader = self.0.db().reader();
        let mut done = 0;
        for due in meter_release::all_due(reader, project, now, RUN_LIMIT).await? {
            let taken = self
                .0
                .release_now(context, &due.feature, &due.meter)
                .await?;
            done += u64::from(taken);
        }
        Ok(done)
    }
}

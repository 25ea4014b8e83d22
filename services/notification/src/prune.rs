//! Takes out events that are older than the retention, by project time, once a day and in batches.

use chassis::{Context, Db, timer::Timer};
use jiff::{SignedDuration, Timestamp};
use kernel::id::ProjectId;
use tonic::Status;

use crate::{
    error::NotificationError,
    store::retention::{self, Age},
};

/// Events of one round, which is one transaction.
const BATCH: i64 = 200;

/// Takes out old events.
pub struct Prune {
    /// Its database.
    pub db: Db,
    /// How long events are kept.
    pub retention: SignedDuration,
}

#[async_trait::async_trait]
impl Timer for Prune {
    fn name(&self) -> &'static str {
        "prune"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(retention::projects(self.db.reader())
            .await
            .map_err(NotificationError::from)?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        Ok(self.round(context).await?)
    }
}

impl Prune {
    async fn round(&self, context: &Context) -> Result<u64, NotificationError> {
        let (project, now) = (context.project, context.now);
        let write = self.db.system_write(context).await?;
        let tx = write.tx();
        let age = Age {
            // A retention from before all time keeps everything.
            made_before: now.checked_sub(self.retention).unwrap_or(Timestamp::MIN),
            over_by: now,
        };
        let count = retention::prune(tx, project, age, BATCH).await?;
        if count == 0 {
            retention::look_again(tx, project, retention::next_look(now)).await?;
        }
        write.commit().await?;
        Ok(count)
    }
}

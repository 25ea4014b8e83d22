//! Tells other services what they have not been told: after a crash between commit and apply, or when one was down.

use chassis::Context;
use chassis::clock::system_now;
use chassis::timer::Timer;
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::Status;

use crate::engine::{Engine, HEAD_START};
use crate::{provision, store};

/// The worker of `pending_apply`. What was committed before it was made is not left to the call that committed it: that call
/// died with its process, or can stand being overtaken.
pub struct ApplyTimer {
    engine: Engine,
    fresh_until: Timestamp,
}

impl ApplyTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        let now = system_now();
        Self {
            engine,
            fresh_until: now.checked_add(HEAD_START).unwrap_or(now),
        }
    }
}

#[async_trait::async_trait]
impl Timer for ApplyTimer {
    fn name(&self) -> &'static str {
        "apply"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        let db = self.engine.db.reader();
        Ok(store::pending::due_projects(db, system_now(), self.fresh_until).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let db = &self.engine.db;
        let mut done = 0;
        let due = store::pending::due_customers(
            db.reader(),
            context.project,
            system_now(),
            self.fresh_until,
        );
        for customer in due.await? {
            done += provision::apply(db, &self.engine.clients, context, customer).await?;
        }
        Ok(done)
    }
}

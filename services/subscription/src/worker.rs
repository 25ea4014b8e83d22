//! Tells other services what they have not been told: after a crash between commit and apply, or when one was down.

use chassis::Context;
use chassis::clock::system_now;
use chassis::timer::Timer;
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::Status;

use crate::engine::Engine;
use crate::{provision, store};

/// The worker of `pending_apply`.
pub struct ApplyTimer {
    engine: Engine,
}

impl ApplyTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

#[async_trait::async_trait]
impl Timer for ApplyTimer {
    fn name(&self) -> &'static str {
        "apply"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(store::pending::due_projects(self.engine.db.reader(), system_now()).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let db = &self.engine.db;
        let mut done = 0;
        for customer in
            store::pending::due_customers(db.reader(), context.project, system_now()).await?
        {
            done += provision::apply(db, &self.engine.clients, context, customer).await?;
        }
        Ok(done)
    }
}

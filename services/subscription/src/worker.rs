//! Tells other services what they have not been told: after a crash between commit and apply, or when one was down.

use chassis::Context;
use chassis::timer::Timer;
use jiff::Timestamp;
use kernel::id::ProjectId;
use tonic::Status;

use crate::due::Turn;
use crate::engine::Engine;
use crate::{provision, store};

/// The worker of `pending_apply`.
pub struct ApplyTimer {
    engine: Engine,
    turn: Turn,
}

impl ApplyTimer {
    /// A worker of this engine's database.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            turn: Turn::new(),
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
        Ok(store::pending::due_projects(db, self.turn).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let db = &self.engine.db;
        let mut done = 0;
        let due = store::pending::due_customers(db.reader(), context.project, self.turn);
        for customer in due.await? {
            done += provision::apply(db, &self.engine.clients, context, customer).await?;
        }
        Ok(done)
    }
}

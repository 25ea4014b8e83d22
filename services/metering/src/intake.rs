//! Where accepted events go: straight into the database, or into the ingest log.

use chassis::{Context, Write};

use crate::{
    error::MeteringError,
    ingest::{self, Batch, Ingest},
    log::Log,
    store::event::Expected,
};

/// The way in for events. Cheap to clone.
#[derive(Clone)]
pub enum Intake {
    /// The answer means committed.
    Direct(Ingest),
    /// The answer means stored in the log.
    Log(Log),
}

/// What became of a call's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many are new in the database.
    pub new: u64,
    /// How many are in the log, of which nobody knows yet.
    pub pending: u64,
}

impl std::ops::AddAssign for Taken {
    fn add_assign(&mut self, more: Self) {
        self.new += more.new;
        self.pending += more.pending;
    }
}

impl Intake {
    /// Takes a batch in.
    pub async fn take(&self, context: &Context, batch: Batch) -> Result<Taken, MeteringError> {
        match self {
            Self::Direct(ingest) => Ok(Taken {
                new: ingest.store(context, batch).await?,
                pending: 0,
            }),
            Self::Log(log) => Self::append(log, context, &batch).await,
        }
    }

    /// Takes a batch in as a part of a transaction, which is to remember the answer.
    pub async fn take_in(&self, write: &mut Write, batch: &Batch) -> Result<Taken, MeteringError> {
        match self {
            Self::Direct(_) => Ok(Taken {
                new: ingest::append(write, &[batch], Expected::Nothing)
                    .await?
                    .into_iter()
                    .sum(),
                pending: 0,
            }),
            Self::Log(log) => {
                let context = write.context().clone();
                Self::append(log, &context, batch).await
            }
        }
    }

    async fn append(log: &Log, context: &Context, batch: &Batch) -> Result<Taken, MeteringError> {
        log.append(context, batch).await?;
        Ok(Taken {
            new: 0,
            pending: batch.events.len() as u64,
        })
    }
}

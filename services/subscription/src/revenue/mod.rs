//! Figures of the revenue ledger: what of the project shapes them (`settings`), conversion (`rates`), keeping the sums up to
//! date (`restate`, `follow`), and reading them (`read`, `drill`).
//!
//! Sums by month and day are kept per project, account and product. A write of the ledger only notes whose ledger changed; the
//! timer restates the customer's part of the sums soon after. An answer is exact all the same: what the sums say, less what
//! they hold of every customer who is out of date, plus what the ledger says of these, all read from one snapshot.

pub mod drill;
pub mod follow;
pub mod rates;
pub mod read;
pub mod restate;
pub mod settings;
pub mod spend;

use std::sync::Arc;

use chassis::Context;
use chassis::feed::Consumer;
use tokio::sync::Mutex;

use crate::engine::Engine;
use crate::error::SubscriptionError;

/// Reads the figures and keeps the sums. Cheap to clone.
#[derive(Clone)]
pub struct Revenue {
    /// Database and neighbors.
    pub engine: Engine,
    /// Follows the customers; none in tests that have none.
    follower: Option<Consumer>,
    /// Held by the one call of this process that catches up.
    catching_up: Arc<Mutex<()>>,
}

impl Revenue {
    /// The figures of an engine's database.
    pub fn new(engine: Engine, follower: Option<Consumer>) -> Self {
        Self {
            engine,
            follower,
            catching_up: Arc::default(),
        }
    }

    /// Learns what has been said about customers, rates and the project up to now, so that an exclusion that was
    /// acknowledged is in no figure.
    pub(crate) async fn follow(&self, _context: &Context) -> Result<(), SubscriptionError> {
        if let Some(follower) = &self.follower {
            follower.drain().await?;
        }
        Ok(())
    }
}

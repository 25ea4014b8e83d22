//! Makes one service catch up with a project's clock: adopt it, drain what it took in before its
//! database, run the timers that are due, drain the consumers. The caller repeats rounds over all services until nothing is
//! left to do.

use std::sync::Arc;

use contract::clock::v1::{self as pb, settle_service_server::SettleService};
use tonic::{Request, Response, Status};

use crate::{
    Env, db::Db, error::invalid, feed::Consumer, lease::Leases, open, service::Backlog,
    timer::Timer,
};

/// Settles one service.
#[derive(Clone)]
pub struct SettleServer {
    env: Env,
    db: Db,
    timers: Vec<Arc<dyn Timer>>,
    consumers: Vec<Consumer>,
    backlog: Option<Arc<dyn Backlog>>,
}

impl SettleServer {
    /// Settles a service with this database, these timers and consumers.
    pub fn new(env: Env, db: Db, timers: Vec<Arc<dyn Timer>>, consumers: Vec<Consumer>) -> Self {
        Self {
            env,
            db,
            timers,
            consumers,
            backlog: None,
        }
    }

    /// The same for a service that takes things in before its database.
    pub fn with_backlog(self, backlog: Option<Arc<dyn Backlog>>) -> Self {
        Self { backlog, ..self }
    }
}

#[tonic::async_trait]
impl SettleService for SettleServer {
    async fn settle(
        &self,
        request: Request<pb::SettleRequest>,
    ) -> Result<Response<pb::SettleResponse>, Status> {
        let (context, request) = open(request)?;
        let frozen = request
            .clock_time
            .as_ref()
            .map(contract::convert::from_timestamp)
            .transpose()
            .map_err(|error| invalid("clock_time", &error.to_string()))?;
        self.env.clocks().set(context.project, frozen);
        let now = self.env.clocks().now(context.project);
        let mut settled = match &self.backlog {
            Some(backlog) => backlog.drain(context.time_left()).await?,
            None => 0,
        };
        settled += crate::timer::settle(
            &self.env,
            // Each call is a holder by itself, beside other calls and the loop of this process.
            &Leases::new(self.db.clone()),
            &self.timers,
            context.project,
            now,
            context.time_left(),
        )
        .await?;
        for consumer in &self.consumers {
            settled += consumer.drain().await?;
        }
        Ok(Response::new(pb::SettleResponse {
            settled_count: i64::try_from(settled).unwrap_or(i64::MAX),
        }))
    }
}

//! The project's test clock as callers want it: moved, and everything that fell due done
//! before the call returns.

use contract::{
    clock::v1::SettleRequest,
    customer::v1::{AdvanceClockRequest, FreezeClockRequest, ResetClockRequest},
};
use kernel::Timestamp;
use tonic::{Request, metadata::MetadataValue};

use crate::{Client, Error};

/// The services in dependency order.
const SERVICES: [&str; 7] = [
    "customer",
    "metering",
    "catalog",
    "entitlement",
    "billing",
    "subscription",
    "notification",
];
/// Rounds after which a clock that does not settle is an error.
const ROUNDS_MAX: usize = 200;

impl Client {
    /// Freezes the project's clock at an instant.
    pub async fn freeze_clock(&self, time: Timestamp) -> Result<(), Error> {
        self.call(|request_id| async {
            self.clocks()
                .freeze_clock(FreezeClockRequest {
                    time: Some(contract::convert::timestamp(time)),
                    request_id,
                })
                .await
        })
        .await?;
        self.settle(Some(time)).await
    }

    /// Moves a frozen clock forward by an ISO 8601 duration such as `P1M`, and returns the
    /// new time when everything that fell due has been done.
    pub async fn advance_clock(&self, by: &str) -> Result<Timestamp, Error> {
        let answer = self
            .call(|request_id| async {
                self.clocks()
                    .advance_clock(AdvanceClockRequest {
                        advance_duration: by.to_owned(),
                        request_id,
                    })
                    .await
            })
            .await?;
        let time = answer
            .clock
            .and_then(|clock| clock.time)
            .and_then(|time| contract::convert::from_timestamp(&time).ok())
            .ok_or_else(|| Error::Setup("the server answered no time".into()))?;
        self.settle(Some(time)).await?;
        Ok(time)
    }

    /// Returns to system time. What happened on the test clock stays.
    pub async fn reset_clock(&self) -> Result<(), Error> {
        self.call(|request_id| async {
            self.clocks()
                .reset_clock(ResetClockRequest { request_id })
                .await
        })
        .await?;
        self.settle(None).await
    }

    /// Lets every service catch up with the clock, in rounds, until nothing is left to do.
    async fn settle(&self, time: Option<Timestamp>) -> Result<(), Error> {
        for _ in 0..ROUNDS_MAX {
            let mut done = 0;
            for service in SERVICES {
                let mut request = Request::new(SettleRequest {
                    clock_time: time.map(contract::convert::timestamp),
                });
                request
                    .metadata_mut()
                    .insert("x-perennial-service", MetadataValue::from_static(service));
                request.set_timeout(std::time::Duration::from_secs(300));
                done += self
                    .settling()
                    .settle(request)
                    .await?
                    .into_inner()
                    .settled_count;
            }
            if done == 0 {
                return Ok(());
            }
        }
        Err(Error::Setup("the clock did not settle".into()))
    }
}

//! Retries that are safe: only when the server could not be reached or lost a race, only
//! a few times, with growing pauses, and with one request id for all attempts.

use std::time::Duration;

use tonic::{Code, Response, Status};

use crate::Error;

/// How often and how fast to try again.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Most attempts, the first one included.
    pub attempts: u32,
    /// Pause after the first failure; doubles with each further one.
    pub pause: Duration,
    /// Longest pause.
    pub pause_max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_millis(100),
            pause_max: Duration::from_secs(2),
        }
    }
}

impl Retry {
    pub(crate) async fn run<Answer, Attempt, Pending>(
        &self,
        attempt: Attempt,
    ) -> Result<Answer, Error>
    where
        Attempt: Fn(String) -> Pending,
        Pending: Future<Output = Result<Response<Answer>, Status>>,
    {
        let request_id = ulid::Ulid::generate();
        let mut pause = self.pause;
        let mut tried = 1;
        loop {
            match attempt(request_id.to_string()).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) if tried < self.attempts && can_retry(status.code()) => {
                    // Spread callers that failed together: the id is random enough.
                    let spread = u32::try_from(request_id.random() % 100).unwrap_or(0);
                    tokio::time::sleep(pause + pause * spread / 200).await;
                    pause = (pause * 2).min(self.pause_max);
                    tried += 1;
                }
                Err(status) => return Err(status.into()),
            }
        }
    }
}

fn can_retry(code: Code) -> bool {
    code == Code::Unavailable || code == Code::Aborted
}

//! Retries that are safe: only when the server could not be reached or lost a race, only
//! a few times, with growing pauses, and with one request id for all attempts.

use std::time::Duration;

use tonic::{Code, Response, Status};

use crate::{Error, error::code};

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
                Err(status) if tried < self.attempts && can_retry(code(&status)) => {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::Mutex;

    use super::*;
    use crate::api::customer::v1::GetClockRequest;

    const QUICK: Retry = Retry {
        attempts: 4,
        pause: Duration::from_millis(1),
        pause_max: Duration::from_millis(2),
    };

    /// Runs a call whose first attempts fail with a code; the ids that its attempts had.
    async fn attempts(failures: usize, code: Code) -> (Result<(), Error>, Vec<String>) {
        let ids = Mutex::new(Vec::new());
        let answer = QUICK
            .run(|id| async {
                let mut ids = ids.lock().unwrap();
                ids.push(id);
                if ids.len() > failures {
                    Ok(Response::new(()))
                } else {
                    Err(Status::new(code, "not now"))
                }
            })
            .await;
        (answer, ids.into_inner().unwrap())
    }

    #[tokio::test]
    async fn retries_share_one_request_id() {
        let (answer, ids) = attempts(2, Code::Unavailable).await;
        answer.unwrap();
        assert_eq!(ids.len(), 3);
        assert!(!ids[0].is_empty() && ids.iter().all(|id| *id == ids[0]));
        let (_, others) = attempts(0, Code::Unavailable).await;
        assert_ne!(others[0], ids[0]);
    }

    #[tokio::test]
    async fn retries_end_and_only_passing_failures_have_any() {
        let (answer, ids) = attempts(9, Code::Unavailable).await;
        assert_eq!(answer.unwrap_err().code(), Some(Code::Unavailable));
        assert_eq!(ids.len(), 4);
        let (answer, ids) = attempts(9, Code::Internal).await;
        assert_eq!(answer.unwrap_err().code(), Some(Code::Internal));
        assert_eq!(ids.len(), 1);
    }

    #[tokio::test]
    async fn a_connection_that_breaks_under_way_is_tried_again() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let client = crate::Client::builder(address, "key").retry(QUICK);
        let client = client.connect_lazy().unwrap();
        let break_all = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.readable().await.unwrap();
            }
        };
        let tried = Mutex::new(0);
        let call = client.call(|_| async {
            *tried.lock().unwrap() += 1;
            client.clocks().get_clock(GetClockRequest {}).await
        });
        let answer = tokio::select! {
            answer = call => answer,
            () = break_all => unreachable!("it breaks connections until the call ends"),
        };
        assert_eq!(answer.unwrap_err().code(), Some(Code::Unavailable));
        assert_eq!(*tried.lock().unwrap(), 4);
    }
}

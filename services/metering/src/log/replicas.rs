//! Which replicas of the service live: each says so every second on a subject that all of them hear.
//! It only spreads the work well. That no two work on one partition is the server's doing, which allows one
//! consumer of it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Log, connection::Connection, partition};

/// How often a replica says that it lives.
const BEAT: Duration = Duration::from_secs(1);
/// After how long of silence it is taken for dead.
const SILENCE: Duration = Duration::from_secs(4);
/// What a replica says before its name when it stops.
const BYE: &str = "-";

/// The replicas as one of them sees them.
pub struct Replicas {
    /// Its own name.
    pub me: String,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    heard: HashMap<String, Instant>,
    listening: Option<Instant>,
}

impl Replicas {
    /// A replica that knows of no other.
    pub fn new() -> Self {
        Self {
            me: chassis::secret::hex(&chassis::secret::random::<6>()),
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether this replica is to work on a partition.
    pub fn is_mine(&self, partition: u16) -> bool {
        let others: BTreeSet<String> = self
            .seen()
            .heard
            .iter()
            .filter(|(_, heard)| heard.elapsed() < SILENCE)
            .map(|(replica, _)| replica.clone())
            .collect();
        partition::is_mine(partition, &self.me, &others)
    }

    /// Whether a replica is certainly gone: it was not heard for so long as this one has listened, and that
    /// is long enough. A former self is gone at once.
    pub fn is_gone(&self, replica: &str) -> bool {
        let seen = self.seen();
        replica == self.me
            || seen
                .listening
                .is_some_and(|since| since.elapsed() >= SILENCE)
                && seen
                    .heard
                    .get(replica)
                    .is_none_or(|heard| heard.elapsed() >= SILENCE)
    }

    /// Speaks and listens until shutdown.
    pub async fn run(&self, log: &Log, shutdown: &CancellationToken) {
        while let Some(connection) = log.connected(shutdown).await {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.talk(log, &connection) => {}
            }
            *self.seen() = Seen::default();
        }
    }

    /// Says that this replica stops, so that others need not wait for its silence.
    pub async fn bye(&self, log: &Log, connection: &Connection) {
        let client = connection.jetstream.client();
        let bye = Bytes::from(format!("{BYE}{}", self.me));
        let said = client.publish(log.names().replicas(), bye).await;
        if let Err(error) = said {
            tracing::debug!(%error, "the other replicas do not know that this one stops");
        }
    }

    async fn talk(&self, log: &Log, connection: &Connection) {
        let client = connection.jetstream.client();
        let Ok(mut voices) = client.subscribe(log.names().replicas()).await else {
            tokio::time::sleep(BEAT).await;
            return;
        };
        self.seen().listening = Some(Instant::now());
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                () = log.lost(connection) => return,
                _ = beat.tick() => {
                    let me = Bytes::from(self.me.clone());
                    if client.publish(log.names().replicas(), me).await.is_err() {
                        return;
                    }
                }
                voice = voices.next() => match voice {
                    Some(voice) => self.hear(&String::from_utf8_lossy(&voice.payload)),
                    None => return,
                }
            }
        }
    }

    fn hear(&self, voice: &str) {
        let mut seen = self.seen();
        seen.heard.retain(|_, heard| heard.elapsed() < SILENCE * 10);
        match voice.strip_prefix(BYE) {
            Some(gone) => drop(seen.heard.remove(gone)),
            None => drop(seen.heard.insert(voice.to_owned(), Instant::now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_replica_lives_as_long_as_it_is_heard() {
        let replicas = Replicas::new();
        let mine = || {
            (0..partition::PARTITIONS)
                .filter(|partition| replicas.is_mine(*partition))
                .count()
        };
        assert_eq!(mine(), 16);
        assert!(replicas.is_gone(&replicas.me) && !replicas.is_gone("other"));
        replicas.seen().listening = Some(Instant::now());
        replicas.hear("other");
        assert_eq!(mine(), 8);
        tokio::time::advance(SILENCE / 2).await;
        replicas.hear("third");
        assert!((5..=6).contains(&mine()));
        tokio::time::advance(SILENCE / 2).await;
        assert!(replicas.is_gone("other") && replicas.is_gone("never heard"));
        assert!(!replicas.is_gone("third"));
        assert_eq!(mine(), 8);
        replicas.hear("-third");
        assert_eq!(mine(), 16);
    }
}

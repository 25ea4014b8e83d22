//! The connection to the log: made and made again for as long as the process runs, and given out only
//! while the log can be used.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, Event};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    jetstream::{JetStream, StreamForm},
    message::BYTES_MAX,
    settings::Settings,
};

/// How often it is looked whether the log can still be used.
const CHECK: Duration = Duration::from_secs(10);
/// Pause before a log that cannot be used is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
/// What the stream of messages that were set aside holds at most, in bytes; the oldest make room.
const PARKED_BYTES: i64 = 256 << 20;

/// A usable connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Grows with every new connection: what began on another one is void.
    pub number: u64,
    /// The server.
    pub jetstream: JetStream,
}

/// The names of what is in the log.
#[derive(Clone, Debug)]
pub struct Names {
    /// The stream.
    pub stream: String,
}

impl Names {
    /// The subject of a partition's events.
    pub fn events(&self, partition: u16) -> String {
        format!("{}.events.{partition:02}", self.stream)
    }

    /// The stream of messages that were set aside.
    pub fn parked_stream(&self) -> String {
        format!("{}_PARKED", self.stream)
    }

    /// The subject of messages that were set aside.
    pub fn parked(&self) -> String {
        format!("{}.parked", self.stream)
    }

    /// The subject on which replicas say that they live; nothing of it is stored.
    pub fn replicas(&self) -> String {
        format!("{}.replicas", self.stream)
    }

    /// The consumer of a replica for a partition, the n-th that it makes.
    pub fn consumer(&self, partition: u16, replica: &str, number: u64) -> String {
        format!("p{partition:02}_{replica}_{number}")
    }
}

/// The partition and the replica that a consumer's name tells.
pub fn owner(consumer: &str) -> Option<(u16, &str)> {
    let (partition, rest) = consumer.strip_prefix('p')?.split_once('_')?;
    let (replica, _) = rest.split_once('_')?;
    Some((partition.parse().ok()?, replica))
}

/// What the client tells about its connection.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    number: u64,
    up: bool,
}

/// Keeps the log usable until shutdown. What is under way then may still use the last connection.
pub async fn keep(
    settings: &Settings,
    names: &Names,
    connection: &watch::Sender<Option<Connection>>,
    ready: &watch::Sender<bool>,
    shutdown: &CancellationToken,
) {
    let line = Arc::new(watch::Sender::new(Line::default()));
    let Some(client) = shutdown.run_until_cancelled(open(settings, &line)).await else {
        return;
    };
    let mut changes = line.subscribe();
    let (mut good, mut failures) = (false, 0_u32);
    loop {
        let now = *changes.borrow_and_update();
        let usable = tokio::select! {
            usable = look(&client, settings, names, now, good) => usable,
            _ = changes.changed() => continue,
        };
        let was = std::mem::replace(&mut good, usable.is_ok());
        match usable {
            Ok(()) => {
                if !was {
                    let version = client.server_info().version;
                    tracing::info!(server = %settings.places(), version, "the ingest log is ready");
                }
                failures = 0;
                connection.send_replace(Some(Connection {
                    number: now.number,
                    jetstream: JetStream::new(client.clone()),
                }));
            }
            Err(reason) => {
                failures = failures.saturating_add(1);
                // Not the first time: it may just be about to connect.
                if failures == 2 {
                    tracing::warn!(reason, "the ingest log cannot be used; it is tried again");
                }
                connection.send_replace(None);
            }
        }
        ready.send_replace(good);
        metrics::gauge!("perennial_ingest_log_ready").set(f64::from(u8::from(good)));
        let pause = if good { CHECK } else { PAUSE };
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Whether the log can be used now, or why not.
async fn look(
    client: &Client,
    settings: &Settings,
    names: &Names,
    line: Line,
    good: bool,
) -> Result<(), String> {
    if !line.up {
        return Err(format!("{} cannot be reached", settings.places()));
    }
    let usable = prepare(client, settings, names).await;
    // One slow answer is not the end of a log that worked.
    if good && usable.is_err() {
        return prepare(client, settings, names).await;
    }
    usable
}

/// A client, which then connects by itself.
async fn open(settings: &Settings, line: &Arc<watch::Sender<Line>>) -> Client {
    loop {
        let told = line.clone();
        let connected = match settings.options() {
            Ok(options) => options
                .event_callback(move |event| {
                    let told = told.clone();
                    async move { hear(&told, &event) }
                })
                .connect(settings.servers())
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match connected {
            Ok(client) => return client,
            Err(reason) => {
                tracing::error!(reason, "the ingest log cannot be connected to");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn hear(line: &watch::Sender<Line>, event: &Event) {
    match event {
        Event::Connected => line.send_modify(|line| {
            line.number += 1;
            line.up = true;
        }),
        Event::Disconnected | Event::Closed => line.send_modify(|line| line.up = false),
        Event::SlowConsumer(_) => {
            tracing::error!("messages of the ingest log came faster than they were read");
        }
        Event::LameDuckMode | Event::Draining => {}
        Event::ServerError(error) => tracing::warn!(%error, "the ingest log complains"),
        Event::ClientError(error) => tracing::debug!(%error, "the ingest log"),
    }
}

/// Makes sure that the streams are there in our form.
async fn prepare(client: &Client, settings: &Settings, names: &Names) -> Result<(), String> {
    if client.max_payload() < BYTES_MAX {
        return Err(format!("max_payload of the server is below {BYTES_MAX}"));
    }
    let jetstream = JetStream::new(client.clone());
    let events = StreamForm {
        name: names.stream.clone(),
        subject: format!("{}.events.*", names.stream),
        queue: true,
        max_bytes: settings.max_bytes,
        replicas: settings.replicas,
    };
    let parked = StreamForm {
        name: names.parked_stream(),
        subject: names.parked(),
        queue: false,
        max_bytes: PARKED_BYTES.min(settings.max_bytes),
        replicas: settings.replicas,
    };
    for form in [events, parked] {
        jetstream
            .keep_stream(&form)
            .await
            .map_err(|error| format!("stream {}: {error}", form.name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_tells_its_owner() {
        let names = Names {
            stream: "LOG".to_owned(),
        };
        let consumer = names.consumer(7, "abcd", 12);
        assert_eq!(owner(&consumer), Some((7, "abcd")));
        assert_eq!(names.events(7), "LOG.events.07");
        for other in ["", "p07", "p07_x", "px_a_1", "other"] {
            assert_eq!(owner(other), None, "{other}");
        }
    }
}

//! The loop that sends events: it records what has ended, claims what is due, sends it, and sleeps until the next is
//! due or a commit says that there is more.
//!
//! Order and loss: a claim is committed before a request is made and lasts a little longer than the request can, so
//! a process that dies is taken over from, and what it had sent and not recorded is sent again. Of one channel and
//! object only the earliest unfinished delivery is ever due.

mod request;
mod resolver;

use std::{collections::HashMap, time::Duration};

use chassis::{Context, Db, Env, clock::system_now, telemetry};
use contract::notification::v1 as pb;
use jiff::{SignedDuration, Timestamp};
use kernel::id::{ChannelId, ProjectId};
use sea_orm::DatabaseBackend;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::{
    config::Settings,
    convert,
    domain::delivery::{Next, PENDING_MAX, State},
    error::NotificationError,
    store::{
        channel::{self, Channel},
        delivery, health,
        queue::{self, Attempt, Claimed, Ended},
    },
};
use request::{Sender, Sent};

/// Longest sleep: other processes commit without telling this one.
const POLL: Duration = Duration::from_secs(1);
/// How long a claim outlives the request that it is for.
const CLAIM_MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// Most endings that one transaction records.
const BATCH: usize = 100;
/// How often deliveries that were never handed over are looked for.
const SWEEP: SignedDuration = SignedDuration::from_mins(1);
/// How long requests may go on after the process was asked to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Starts the loop. It begins when the process follows the project clocks, which one that only
/// migrates never does.
pub fn start(env: Env, db: Db, settings: Settings) -> Result<(), NotificationError> {
    let sender = Sender::new(&settings)?;
    tokio::spawn(async move {
        tokio::select! {
            () = env.shutdown.cancelled() => return,
            () = env.clocks().wait_loaded() => {}
        }
        let started = system_now();
        Loop {
            env,
            db,
            settings,
            sender,
            holder: chassis::secret::hex(&chassis::secret::random::<8>()),
            started,
            swept: started,
            flying: JoinSet::new(),
            by_channel: HashMap::new(),
            ended: Vec::new(),
        }
        .run()
        .await;
    });
    Ok(())
}

struct Loop {
    env: Env,
    db: Db,
    settings: Settings,
    sender: Sender,
    /// Names this process in its claims.
    holder: String,
    started: Timestamp,
    swept: Timestamp,
    flying: JoinSet<(Claimed, Sent)>,
    by_channel: HashMap<ChannelId, usize>,
    /// What has ended and is not recorded yet.
    ended: Vec<Ended>,
}

impl Loop {
    async fn run(mut self) {
        let mut commits = self.db.commits();
        if self.db.backend() == DatabaseBackend::Sqlite
            && let Err(error) = self.release().await
        {
            tracing::warn!(%error, "claims of the process before could not be given back; they run out");
        }
        while !self.env.shutdown.is_cancelled() {
            commits.mark_unchanged();
            let due = match self.turn().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(%error, "deliveries cannot be worked on; it is tried again");
                    Some(system_now() + SignedDuration::from_millis(500))
                }
            };
            let pause = due.map_or(POLL, |due| {
                Duration::try_from(due.duration_since(system_now()))
                    .unwrap_or_default()
                    .min(POLL)
            });
            tokio::select! {
                () = self.env.shutdown.cancelled() => break,
                Some(landed) = self.flying.join_next() => self.land(landed),
                _ = commits.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
            while let Some(landed) = self.flying.try_join_next() {
                self.land(landed);
            }
        }
        self.drain().await;
    }

    /// Lets requests end that are on their way, and records them; the rest is for the next process.
    async fn drain(mut self) {
        let until = tokio::time::Instant::now() + DRAIN;
        while let Ok(Some(landed)) = tokio::time::timeout_at(until, self.flying.join_next()).await {
            self.land(landed);
        }
        if let Err(error) = self.record().await {
            tracing::debug!(%error, "deliveries could not be recorded at the end; they are made again");
        }
    }

    fn land(&mut self, landed: Result<(Claimed, Sent), tokio::task::JoinError>) {
        match landed {
            Ok((claimed, sent)) => {
                if let Some(count) = self.by_channel.get_mut(&claimed.channel) {
                    *count = count.saturating_sub(1);
                }
                self.by_channel.retain(|_, count| *count > 0);
                let ended = self.judge(claimed, sent);
                self.ended.push(ended);
            }
            // Its claim runs out; its place must not stay taken.
            Err(error) => {
                tracing::error!(%error, "a delivery panicked");
                self.by_channel.clear();
            }
        }
    }

    /// What becomes of a delivery after an attempt.
    fn judge(&self, claimed: Claimed, sent: Sent) -> Ended {
        let now = system_now();
        let outcome = if sent.success { "success" } else { "failure" };
        metrics::counter!("perennial_webhook_attempts_total", "outcome" => outcome).increment(1);
        let jitter = u32::from_be_bytes(chassis::secret::random()) % 101;
        let next = if sent.success {
            Next::Exhausted
        } else {
            let schedule = &self.settings.schedule;
            schedule.after_failure(claimed.attempt, claimed.first, now, jitter)
        };
        let (state, reason, next) = match next {
            Next::Exhausted if sent.success => (State::Success, String::new(), None),
            Next::At(next) => (State::Sending, sent.failure.clone(), Some(next)),
            Next::Exhausted => {
                let reason = format!(
                    "given up after {} attempts: {}",
                    claimed.attempt, sent.failure
                );
                (State::Failed, reason, None)
            }
            Next::TooOld => {
                let reason = format!("given up after 48 hours: {}", sent.failure);
                (State::Failed, reason, None)
            }
        };
        Ended {
            claimed,
            state,
            reason,
            next,
            attempt: Some(Attempt {
                time: sent.time,
                status_code: sent.status_code,
                body: sent.body,
                duration_ms: sent.duration_ms,
                url: sent.url,
            }),
        }
    }

    fn background(&self) -> Context {
        let nobody = ProjectId::from_ulid(kernel::id::Ulid::nil());
        Context::background(&self.env, nobody, system_now())
    }

    async fn release(&self) -> Result<(), NotificationError> {
        let write = self.db.system_write(&self.background()).await?;
        queue::release_all(write.tx(), system_now()).await?;
        Ok(write.commit().await?)
    }

    /// Records, claims and sends; answers when the next delivery is due.
    async fn turn(&mut self) -> Result<Option<Timestamp>, NotificationError> {
        self.record().await?;
        self.sweep().await?;
        let mut full: Vec<ChannelId> = Vec::new();
        loop {
            let now = system_now();
            let free = self
                .settings
                .in_flight_max
                .saturating_sub(self.flying.len());
            let due = queue::next_due(self.db.reader()).await?;
            if free == 0 || due.is_none_or(|due| due > now) {
                return Ok(due.filter(|due| *due > now));
            }
            full.extend(self.by_channel.iter().filter_map(|(channel, count)| {
                (*count >= self.settings.channel_in_flight_max).then_some(*channel)
            }));
            full.sort_unstable();
            full.dedup();
            let claimed = self.claim(now, free, &full).await?;
            if claimed.is_empty() {
                // What is due belongs to channels that are busy, or to another process.
                return Ok(None);
            }
            self.send_off(claimed).await?;
            if !self.ended.is_empty() {
                self.record().await?;
            }
        }
    }

    /// Claims at most as much for each channel as it has room for.
    async fn claim(
        &self,
        now: Timestamp,
        free: usize,
        full: &[ChannelId],
    ) -> Result<Vec<Claimed>, NotificationError> {
        let timeout =
            SignedDuration::try_from(self.settings.timeout).unwrap_or(SignedDuration::MAX);
        let until = now
            .saturating_add(timeout.saturating_add(CLAIM_MARGIN))
            .unwrap_or(Timestamp::MAX);
        // However many of these are of one channel, it has room for them.
        let busiest = self
            .by_channel
            .iter()
            .filter(|(channel, _)| !full.contains(channel))
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0);
        let room = self.settings.channel_in_flight_max.saturating_sub(busiest);
        let limit = free.min(room).max(1);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let write = self.db.system_write(&self.background()).await?;
        let token: kernel::id::DeliveryId = chassis::id::next();
        let claim = format!("{}.{token}", self.holder);
        let claimed = queue::claim(write.tx(), (now, until), &claim, limit, full).await?;
        write.commit().await?;
        Ok(claimed)
    }

    /// Starts the requests; what goes to a disabled channel ends at once.
    async fn send_off(&mut self, claimed: Vec<Claimed>) -> Result<(), NotificationError> {
        let mut channels: HashMap<ChannelId, Channel> = HashMap::new();
        let mut wanted: HashMap<ProjectId, Vec<ChannelId>> = HashMap::new();
        for delivery in &claimed {
            wanted
                .entry(delivery.project)
                .or_default()
                .push(delivery.channel);
        }
        for (project, ids) in wanted {
            let found = channel::some(self.db.reader(), project, &ids).await?;
            channels.extend(found.into_iter().map(|channel| (channel.id, channel)));
        }
        for delivery in claimed {
            let target = channels
                .get(&delivery.channel)
                .filter(|channel| !channel.disabled && channel.delete_time.is_none());
            let secret = target.map(|channel| self.env.unseal(&channel.sealed_secret));
            match (target, secret) {
                (Some(channel), Some(Ok(secret))) => {
                    *self.by_channel.entry(channel.id).or_default() += 1;
                    let span = tracing::info_span!(
                        "webhook",
                        otel.kind = "client",
                        project.id = %delivery.project,
                        channel.id = %channel.id,
                        event.id = %delivery.event,
                    );
                    telemetry::continue_later(&span, &delivery.traceparent);
                    let request =
                        span.in_scope(|| self.sender.request(channel, &secret, &delivery));
                    let sender = self.sender.clone();
                    let sending = async move { (delivery, sender.send(request).await) };
                    self.flying.spawn(sending.instrument(span));
                }
                (Some(channel), Some(Err(error))) => {
                    tracing::error!(channel.id = %channel.id, %error, "a signing secret cannot be opened");
                    self.ended
                        .push(refused(delivery, "the signing secret cannot be opened"));
                }
                (Some(_) | None, None) | (None, Some(_)) => {
                    self.ended.push(refused(delivery, delivery::DISABLED));
                }
            }
        }
        Ok(())
    }

    /// Records what has ended, and disables channels that took nothing for too long.
    async fn record(&mut self) -> Result<(), NotificationError> {
        while !self.ended.is_empty() {
            let count = self.ended.len().min(BATCH);
            let mut batch: Vec<Ended> = self.ended[..count].to_vec();
            // One order for all who lock channels.
            batch.sort_by_key(|ended| (ended.claimed.channel, ended.claimed.event));
            let now = system_now();
            let write = self.db.system_write(&self.background()).await?;
            let mut dead = Vec::new();
            for ended in &batch {
                let (project, id) = (ended.claimed.project, ended.claimed.channel);
                delivery::lock(write.tx(), id).await?;
                let ours = queue::end(write.tx(), ended, now).await?;
                if ended.attempt.is_none() || !ours {
                    continue;
                }
                if ended.state == State::Success {
                    health::took(write.tx(), project, id).await?;
                } else {
                    let since = health::failed(write.tx(), project, id, now).await?;
                    if now.duration_since(since) >= self.settings.disable_after {
                        dead.push((project, id, since));
                    }
                }
            }
            write.commit().await?;
            self.ended.drain(..count);
            dead.sort_unstable();
            dead.dedup();
            for (project, id, since) in dead {
                self.disable(project, id, since).await?;
            }
        }
        Ok(())
    }

    async fn disable(
        &self,
        project: ProjectId,
        id: ChannelId,
        since: Timestamp,
    ) -> Result<(), NotificationError> {
        let now = self.env.clocks().now(project);
        let context = Context::background(&self.env, project, now);
        let mut write = self.db.system_write(&context).await?;
        let found = channel::find(write.tx(), project, id).await?;
        if found.disabled || found.delete_time.is_some() {
            return Ok(());
        }
        let changed = Channel {
            disabled: true,
            revision: found.revision + 1,
            update_time: now,
            ..found.clone()
        };
        channel::update(write.tx(), project, &changed).await?;
        let reason = format!("no delivery succeeded since {since}");
        health::set_reason(write.tx(), project, id, &reason).await?;
        let bare = |channel: &Channel, reason: &str| pb::Channel {
            disable_reason: reason.to_owned(),
            ..convert::channel::to_proto(channel, String::new())
        };
        let (before, after) = (bare(&found, ""), bare(&changed, &reason));
        write
            .record(
                "channel.updated",
                &after.id,
                changed.revision,
                Some(&before),
                Some(&after),
            )
            .await?;
        write.commit().await?;
        tracing::warn!(channel.id = %id, %since, "a channel that takes nothing was disabled");
        Ok(())
    }

    /// Gives up what could not be handed over for hours while this process was there to do it.
    async fn sweep(&mut self) -> Result<(), NotificationError> {
        let now = system_now();
        if now.duration_since(self.started) < PENDING_MAX || now.duration_since(self.swept) < SWEEP
        {
            return Ok(());
        }
        self.swept = now;
        let write = self.db.system_write(&self.background()).await?;
        queue::give_up_pending(write.tx(), now - PENDING_MAX, now).await?;
        Ok(write.commit().await?)
    }
}

fn refused(claimed: Claimed, reason: &str) -> Ended {
    Ended {
        claimed,
        state: State::Failed,
        reason: reason.to_owned(),
        next: None,
        attempt: None,
    }
}

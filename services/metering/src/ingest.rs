//! Takes events in. Calls that arrive while a commit is under way are committed together with the next
//! one, so that many small calls cost few commits; a call is answered only after its commit.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chassis::{Context, Db, Write, db::is_unique_violation};
use contract::{convert::timestamp, metering::v1::UsageChanged};
use kernel::{Timestamp, calendar::floor_to_second, id::EventId};
use sea_orm::DatabaseBackend;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{Instrument as _, Span};

use crate::{
    domain::{
        event::{Identity, NewEvent},
        meter::Meter,
        rollup::{self, Rollup},
    },
    error::MeteringError,
    freshness,
    store::{
        self,
        event::{self, Arrival, Expected, OwnedIdentity},
        scan,
    },
};

/// Calls that may wait for a commit; more wait for a place.
const QUEUE_MAX: usize = 1_024;
/// A commit takes waiting calls on until it has this many events.
const COMMIT_EVENTS: usize = 10_000;
/// Commits that run side by side on PostgreSQL: with fewer the cores wait for answers, more would be smaller ones. SQLite has
/// one writer.
const POSTGRES_WRITERS: usize = 4;
/// Commits that look identities up after one was taken.
const WARY_COMMITS: u32 = 100;
/// Most subjects that one feed event names.
const SUBJECTS_MAX: usize = 1_000;

/// The events of one call.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The events.
    pub events: Vec<NewEvent>,
    /// Whether an event that is stored with other content refuses the call.
    pub reject_conflicts: bool,
    /// When they were received.
    pub ingest_time: Timestamp,
}

struct Job {
    context: Context,
    batches: Vec<Arc<Batch>>,
    span: Span,
    answer: oneshot::Sender<Result<u64, MeteringError>>,
}

/// The way in for events. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    jobs: mpsc::Sender<Job>,
}

impl Job {
    fn events(&self) -> usize {
        self.batches().map(|batch| batch.events.len()).sum()
    }

    fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.iter().map(Arc::as_ref)
    }
}

impl Ingest {
    /// Starts the writers. They end when the last clone of the answer is gone and the queue is empty.
    pub fn start(db: &Db) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let writers = if db.backend() == DatabaseBackend::Postgres {
            POSTGRES_WRITERS
        } else {
            1
        };
        let wary = Arc::new(AtomicU32::new(0));
        for _ in 0..writers {
            tokio::spawn(write_forever(db.clone(), queue.clone(), wary.clone()));
        }
        Self { jobs }
    }

    /// Stores a batch and answers, after the commit, how many of its events are new.
    pub async fn store(&self, context: &Context, batch: Batch) -> Result<u64, MeteringError> {
        self.store_all(context, vec![Arc::new(batch)]).await
    }

    /// The same for batches that are stored together, or none of them, and in their order.
    pub async fn store_all(
        &self,
        context: &Context,
        batches: Vec<Arc<Batch>>,
    ) -> Result<u64, MeteringError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            context: context.clone(),
            batches,
            span: Span::current(),
            answer,
        };
        if job.events() == 0 {
            return Ok(0);
        }
        self.jobs
            .send(job)
            .await
            .map_err(|_| MeteringError::Stopping)?;
        answered.await.map_err(|_| MeteringError::Stopping)?
    }
}

async fn write_forever(db: Db, queue: Arc<Mutex<mpsc::Receiver<Job>>>, wary: Arc<AtomicU32>) {
    loop {
        let mut jobs = Vec::new();
        {
            let mut queue = queue.lock().await;
            let Some(first) = queue.recv().await else {
                return;
            };
            let mut events = first.events();
            jobs.push(first);
            while events < COMMIT_EVENTS
                && let Ok(next) = queue.try_recv()
            {
                events += next.events();
                jobs.push(next);
            }
        }
        let mut projects: BTreeMap<_, Vec<Job>> = BTreeMap::new();
        for job in jobs {
            projects.entry(job.context.project).or_default().push(job);
        }
        for jobs in projects.into_values() {
            // The commit belongs to the trace of the first call. It is a task of its own: should it panic,
            // its calls fail and the writer lives on.
            let span = jobs.first().map_or_else(Span::none, |job| job.span.clone());
            let commit = commit_jobs(db.clone(), wary.clone(), jobs).instrument(span);
            if let Err(error) = tokio::spawn(commit).await {
                tracing::error!(%error, "a commit of usage events broke off");
            }
        }
    }
}

/// Commits jobs of one project together; if that fails, each by itself, so that one refused call does not
/// take others with it.
async fn commit_jobs(db: Db, wary: Arc<AtomicU32>, jobs: Vec<Job>) {
    if jobs.len() > 1 {
        let batches: Vec<&Batch> = jobs.iter().flat_map(Job::batches).collect();
        if let Some(Ok(counts)) = match jobs.first() {
            Some(first) => Some(commit(&db, &wary, &first.context, &batches).await),
            None => None,
        } {
            let mut counts = counts.into_iter();
            for job in jobs {
                let own = counts.by_ref().take(job.batches.len()).sum();
                reply(job.answer, Ok(own));
            }
            return;
        }
    }
    for job in jobs {
        let batches: Vec<&Batch> = job.batches().collect();
        let counts = commit(&db, &wary, &job.context, &batches).await;
        reply(job.answer, counts.map(|counts| counts.into_iter().sum()));
    }
}

fn reply(answer: oneshot::Sender<Result<u64, MeteringError>>, result: Result<u64, MeteringError>) {
    if answer.send(result).is_err() {
        tracing::debug!("the caller went away before its events were stored");
    }
}

/// Commits batches as if all their events were new, and once more if one of them was not; for a while after that, what comes
/// is looked up first: who sends again usually sends more than one event again.
async fn commit(
    db: &Db,
    wary: &AtomicU32,
    context: &Context,
    batches: &[&Batch],
) -> Result<Vec<u64>, MeteringError> {
    let is_wary = wary
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok();
    if !is_wary {
        match commit_once(db, context, batches, Expected::AllFree).await {
            Err(MeteringError::Database(error)) if is_unique_violation(&error) => {
                wary.store(WARY_COMMITS, Ordering::Relaxed);
            }
            done => return done,
        }
    }
    commit_once(db, context, batches, Expected::Nothing).await
}

async fn commit_once(
    db: &Db,
    context: &Context,
    batches: &[&Batch],
    expected: Expected,
) -> Result<Vec<u64>, MeteringError> {
    let mut write = db.system_write(context).await?;
    let counts = append(&mut write, batches, expected).await?;
    write.commit().await?;
    Ok(counts)
}

/// Appends batches in a transaction, announces what is new, and answers the number of new events of each
/// batch. The first of several events of one identity is the one that counts.
pub async fn append(
    write: &mut Write,
    batches: &[&Batch],
    expected: Expected,
) -> Result<Vec<u64>, MeteringError> {
    let project = write.context().project;
    let now = batches
        .iter()
        .map(|batch| batch.ingest_time)
        .fold(write.context().now, Ord::max);
    let firsts = first_of_each_identity(batches)?;
    let arrivals: Vec<Arrival<'_>> = firsts.iter().map(|(_, arrival)| *arrival).collect();
    let stored = event::append(write.tx(), project, &arrivals, now, expected).await?;
    let mut counts = vec![0; batches.len()];
    let mut fresh = Vec::with_capacity(stored.len());
    let mut known = HashSet::new();
    for ((batch, arrival), seq) in firsts.iter().zip(stored) {
        match seq {
            Some(seq) => {
                counts[*batch] += 1;
                fresh.push((seq, arrival.event));
            }
            None => {
                known.insert(arrival.event.identity());
            }
        }
    }
    if !known.is_empty() {
        refuse_conflicts(write, batches, &known).await?;
    }
    roll_up(write, &fresh).await?;
    announce(write, &fresh).await?;
    metrics::counter!("perennial_usage_events_total").increment(fresh.len() as u64);
    Ok(counts)
}

/// Refuses a strict batch that has two events of one identity with different content.
pub fn check_within(batch: &Batch) -> Result<(), MeteringError> {
    first_of_each_identity(&[batch]).map(drop)
}

type Firsts<'event> = Vec<(usize, Arrival<'event>)>;

/// The first event of each identity and the batch it is in, in the order of their arrival.
fn first_of_each_identity<'batch>(
    batches: &[&'batch Batch],
) -> Result<Firsts<'batch>, MeteringError> {
    let mut firsts: Firsts<'batch> = Vec::new();
    let mut places: HashMap<Identity<'batch>, usize> = HashMap::new();
    for (index, batch) in batches.iter().enumerate() {
        for event in &batch.events {
            let arrival = Arrival {
                event,
                ingest_time: floor_to_second(batch.ingest_time),
            };
            let place = *places.entry(event.identity()).or_insert(firsts.len());
            if place == firsts.len() {
                firsts.push((index, arrival));
                continue;
            }
            let first = firsts[place].1.event;
            let conflicts = || {
                event.conflicts_with(
                    &first.kind,
                    &first.subject,
                    first.time,
                    first.data.as_deref(),
                )
            };
            if batch.reject_conflicts && conflicts() {
                return Err(conflict(event));
            }
        }
    }
    Ok(firsts)
}

/// Compares the events that were stored before with what is stored, for batches that ask for it.
async fn refuse_conflicts(
    write: &Write,
    batches: &[&Batch],
    known: &HashSet<Identity<'_>>,
) -> Result<(), MeteringError> {
    let known = |event: &NewEvent| {
        let (source, id) = event.identity();
        known
            .contains(&(source, id))
            .then(|| (source.to_owned(), id.to_owned()))
    };
    let strict = || {
        batches
            .iter()
            .filter(|batch| batch.reject_conflicts)
            .flat_map(|batch| &batch.events)
    };
    let wanted: BTreeSet<OwnedIdentity> = strict().filter_map(known).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted: Vec<OwnedIdentity> = wanted.into_iter().collect();
    let found = event::by_identities(write.tx(), write.context().project, &wanted).await?;
    for event in strict() {
        if let Some(there) = known(event).and_then(|identity| found.get(&identity))
            && event.conflicts_with(
                &there.kind,
                &there.subject,
                there.time,
                there.data.as_deref(),
            )
        {
            return Err(conflict(event));
        }
    }
    Ok(())
}

fn conflict(event: &NewEvent) -> MeteringError {
    MeteringError::EventConflict {
        id: event.id.clone(),
        source_name: event.source.clone(),
    }
}

/// Adds what is new to the rollups of the live meters that measure it.
async fn roll_up(write: &Write, fresh: &[(i64, &NewEvent)]) -> Result<(), MeteringError> {
    let project = write.context().project;
    let kinds: BTreeSet<&str> = fresh.iter().map(|(_, event)| event.kind.as_str()).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let kinds = kinds.into_iter().map(str::to_owned).collect();
    let meters = store::meter::live_with_generation(write.tx(), project, kinds).await?;
    let mut rollups: Vec<(&Meter, i64, Rollup)> = meters
        .iter()
        .filter_map(|(meter, generation)| Some((meter, (*generation)?, Rollup::new())))
        .collect();
    if rollups.is_empty() {
        return Ok(());
    }
    for (seq, event) in fresh {
        let data = scan::parse(event.data.as_deref())?;
        for (meter, _, rollup) in &mut rollups {
            if meter.event_type == event.kind {
                let moment = (event.time.as_second(), *seq);
                rollup::add(rollup, meter, moment, &event.subject, data.as_ref());
            }
        }
    }
    store::delta::insert_later(write, &rollups);
    Ok(())
}

/// Tells the feed what changed: one event a commit, or a few when it names many subjects.
async fn announce(write: &mut Write, fresh: &[(i64, &NewEvent)]) -> Result<(), MeteringError> {
    let mut subjects: BTreeMap<&str, Vec<&NewEvent>> = BTreeMap::new();
    for (_, event) in fresh {
        subjects.entry(&event.subject).or_default().push(event);
    }
    let subjects: Vec<(&str, Vec<&NewEvent>)> = subjects.into_iter().collect();
    for part in subjects.chunks(SUBJECTS_MAX) {
        let events = || part.iter().flat_map(|(_, events)| events);
        let types: BTreeSet<&str> = events().map(|event| event.kind.as_str()).collect();
        let changed = UsageChanged {
            subject_keys: part
                .iter()
                .map(|(subject, _)| (*subject).to_owned())
                .collect(),
            event_types: types.into_iter().map(str::to_owned).collect(),
            from_time: events().map(|event| event.time).min().map(timestamp),
            event_count: i64::try_from(events().count()).unwrap_or(i64::MAX),
        };
        let id: EventId = chassis::id::next();
        for (subject, events) in part {
            freshness::touch(write, subject, events.iter().map(|event| event.time));
        }
        write
            .event("usage.changed", &id.to_string(), 1, &changed)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::domain::event::EventDraft;

    fn batch(ids: &[(&str, &str)], reject_conflicts: bool) -> Batch {
        let now: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        let events = ids.iter().map(|(id, subject)| {
            let draft = EventDraft {
                id: (*id).into(),
                source: "s".into(),
                kind: "t".into(),
                subject: (*subject).into(),
                ..EventDraft::default()
            };
            NewEvent::new(draft, now).unwrap().unwrap()
        });
        Batch {
            events: events.collect(),
            reject_conflicts,
            ingest_time: now,
        }
    }

    #[test]
    fn the_first_event_of_an_identity_wins() {
        let (one, two) = (
            batch(&[("1", "a"), ("2", "a"), ("1", "a")], false),
            batch(&[("2", "a"), ("3", "a")], false),
        );
        let firsts = first_of_each_identity(&[&one, &two]).unwrap();
        assert_eq!(firsts.len(), 3);
        let order: Vec<(usize, &str)> = firsts
            .iter()
            .map(|(batch, arrival)| (*batch, arrival.event.id.as_str()))
            .collect();
        assert_eq!(order, [(0, "1"), (0, "2"), (1, "3")]);
    }

    #[test]
    fn other_content_is_refused_only_where_asked() {
        assert!(first_of_each_identity(&[&batch(&[("1", "a"), ("1", "b")], false)]).is_ok());
        let error = first_of_each_identity(&[&batch(&[("1", "a"), ("1", "b")], true)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "event 1 of source s was stored before with other content"
        );
    }
}

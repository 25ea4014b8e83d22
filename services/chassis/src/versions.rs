//! Versions: numbers that grow whenever something of a kind is written. Whoever keeps an answer keeps
//! with it the versions from before the data was read; while they stand, the answer does.
//!
//! A service on SQLite has its database for itself: every write passes this process, and a number in memory says as much
//! as a look into the database. On PostgreSQL other replicas write too. There each commit leaves a row that says which
//! numbers grow, and whoever wants to lean on the numbers takes a look first: it reads the rows that came since the last
//! one. Many who ask at once share a look, and so do services whose schemas are in one database.

use std::{
    collections::BTreeSet,
    hash::Hasher as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fnv::FnvHasher;
use futures::future::try_join_all;
use kernel::id::ProjectId;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, Statement};
use tokio::{sync::Mutex, time::Instant};

/// How many numbers there are. Scopes that share one only make each other's answers be asked again. Replicas of one
/// database agree on it.
const SLOTS: u16 = 1 << 14;
/// Longest time between two looks; whoever did not look for longer forgets everything.
const LOOK: Duration = Duration::from_secs(60);
/// How long a row stays at least after everybody could see it: well beyond the time between two looks and the longest
/// statement.
const KEEP: Duration = Duration::from_secs(300);

/// The versions of one service's data. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Versions {
    slots: Arc<[AtomicU64]>,
    member: Option<Arc<Member>>,
}

impl Default for Versions {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            member: None,
        }
    }
}

impl Versions {
    /// Versions of a database that others write too; `complete` when all of them leave what they touch.
    pub(crate) async fn shared(
        looks: &Arc<Looks>,
        service: &'static str,
        reader: &DatabaseConnection,
        complete: bool,
    ) -> Self {
        let versions = Self {
            member: Some(Arc::new(Member {
                looks: looks.clone(),
                reader: reader.clone(),
                complete,
                noted: Mutex::default(),
            })),
            ..Self::default()
        };
        let mut seen = looks.seen.lock().await;
        seen.schemas.push((service, versions.slots.clone()));
        // Of the new one nothing was seen yet.
        seen.standing = None;
        seen.reader.get_or_insert_with(|| reader.clone());
        drop(seen);
        versions
    }

    /// Whether every write is in them.
    pub(crate) fn are_complete(&self) -> bool {
        self.member.as_ref().is_none_or(|member| member.complete)
    }

    /// The version of a scope: the first word of an event kind (`customer` of `customer.updated`), or
    /// what the service names in `Write::touch`.
    pub fn of(&self, project: ProjectId, scope: &str) -> u64 {
        self.slots[usize::from(slot(project, scope))].load(Ordering::Acquire)
    }

    /// Says that a scope was written. After the commit and before the writer is answered.
    pub fn touch(&self, project: ProjectId, scope: &str) {
        grow(&self.slots, slot(project, scope));
    }

    /// Takes in what was committed before this call. Versions that are read after it, and before the data, say whether the
    /// data is still the same. Those of one database take one look together.
    pub async fn look<const N: usize>(all: [&Self; N]) -> Result<(), DbErr> {
        let mut looked: Vec<&Arc<Looks>> = Vec::with_capacity(N);
        for member in all.iter().filter_map(|versions| versions.member.as_ref()) {
            if !looked.iter().any(|looks| Arc::ptr_eq(looks, &member.looks)) {
                looked.push(&member.looks);
            }
        }
        if let [looks] = looked.as_slice() {
            return looks.look().await;
        }
        try_join_all(looked.into_iter().map(|looks| looks.look())).await?;
        Ok(())
    }

    /// Removes rows that everybody who looks has seen. To be called every minute or so.
    pub(crate) async fn tidy(&self) -> Result<(), DbErr> {
        let Some(member) = &self.member else {
            return Ok(());
        };
        let mut noted = member.noted.lock().await;
        match noted.as_ref() {
            Some(note) if note.at.elapsed() < KEEP => return Ok(()),
            Some(note) => {
                member
                    .reader
                    .execute_raw(Statement::from_sql_and_values(
                        DatabaseBackend::Postgres,
                        "DELETE FROM version_touch WHERE xid < $1::text::xid8",
                        [note.ended.as_str().into()],
                    ))
                    .await?;
            }
            None => {}
        }
        let at = Instant::now();
        let row = member
            .reader
            .query_one_raw(Statement::from_string(
                DatabaseBackend::Postgres,
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text",
            ))
            .await?
            .ok_or_else(nothing)?;
        *noted = Some(Note {
            at,
            ended: row.try_get_by_index(0)?,
        });
        Ok(())
    }
}

fn grow(slots: &[AtomicU64], slot: u16) {
    if let Some(number) = slots.get(usize::from(slot)) {
        number.fetch_add(1, Ordering::AcqRel);
    }
}

/// Which number a scope has. It is the same in every build, since replicas may differ in theirs.
fn slot(project: ProjectId, scope: &str) -> u16 {
    let mut hasher = FnvHasher::default();
    hasher.write(&project.ulid().to_bytes());
    hasher.write(scope.as_bytes());
    let hash = hasher.finish();
    u16::try_from((hash ^ (hash >> 32)) % u64::from(SLOTS)).unwrap_or_default()
}

fn nothing() -> DbErr {
    DbErr::Custom("a look at versions answered nothing".to_owned())
}

/// What the versions of one service on PostgreSQL need.
#[derive(Debug)]
struct Member {
    looks: Arc<Looks>,
    reader: DatabaseConnection,
    complete: bool,
    noted: Mutex<Option<Note>>,
}

/// The looks into one database, whose services each have a schema.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// How many asked for a look so far.
    asked: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// All who asked up to this number have what they wanted.
    answered: u64,
    standing: Option<Standing>,
    /// The schemas that are looked into, each with its numbers.
    schemas: Vec<(&'static str, Arc<[AtomicU64]>)>,
    reader: Option<DatabaseConnection>,
}

impl Looks {
    async fn look(&self) -> Result<(), DbErr> {
        let ticket = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut seen = self.seen.lock().await;
        if seen.answered >= ticket {
            // A look began after this call did.
            return Ok(());
        }
        let answered = self.asked.load(Ordering::Acquire);
        let (standing, touched) = seen.read().await?;
        let gapless = seen
            .standing
            .as_ref()
            .is_some_and(|before| standing.follows(before));
        for ((_, slots), touched) in seen.schemas.iter().zip(touched) {
            if gapless {
                touched.into_iter().for_each(|slot| grow(slots, slot));
            } else {
                (0..SLOTS).for_each(|slot| grow(slots, slot));
            }
        }
        seen.standing = Some(standing);
        seen.answered = answered;
        Ok(())
    }
}

impl Seen {
    /// Reads what came since the last look: what is over now, and the numbers that grow in each schema.
    async fn read(&self) -> Result<(Standing, Vec<Vec<u16>>), DbErr> {
        let reader = self.reader.as_ref().ok_or_else(nothing)?;
        // Without an earlier look everything grows, and no row is wanted.
        let (next, running) = self
            .standing
            .as_ref()
            .map_or((i64::MAX.to_string(), ""), |before| {
                (before.next.to_string(), before.running.as_str())
            });
        let touched: Vec<String> = self
            .schemas
            .iter()
            .enumerate()
            .map(|(index, (schema, _))| {
                format!(
                    "(SELECT string_agg(slots, ''::bytea) FROM {schema}.version_touch \
                     WHERE xid >= $1::text::xid8 OR xid = ANY(string_to_array($2, ',')::xid8[])) AS s{index}"
                )
            })
            .collect();
        let at = Instant::now();
        let row = reader
            .query_one_raw(Statement::from_sql_and_values(
                DatabaseBackend::Postgres,
                format!(
                    "SELECT pg_current_snapshot()::text AS snapshot, \
                     pg_postmaster_start_time()::text AS server_start, \
                     (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS server_time, {}",
                    touched.join(", ")
                ),
                [next.into(), running.into()],
            ))
            .await?
            .ok_or_else(nothing)?;
        let snapshot: String = row.try_get("", "snapshot")?;
        let mut parts = snapshot.splitn(3, ':').skip(1);
        let next = parts.next().and_then(|next| next.parse().ok());
        let standing = Standing {
            at,
            server_time: row.try_get("", "server_time")?,
            server_start: row.try_get("", "server_start")?,
            next: next.ok_or_else(nothing)?,
            running: parts.next().unwrap_or_default().to_owned(),
        };
        let touched = (0..self.schemas.len()).map(|index| {
            let slots: Option<Vec<u8>> = row.try_get("", &format!("s{index}"))?;
            let slots = slots.unwrap_or_default();
            let (pairs, _) = slots.as_chunks::<2>();
            Ok(pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
        });
        let touched = touched.collect::<Result<_, DbErr>>()?;
        Ok((standing, touched))
    }
}

/// All transactions before `ended` were over at an instant.
#[derive(Debug)]
struct Note {
    at: Instant,
    ended: String,
}

/// What one look saw of the database: which transactions were over, and when that was.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    at: Instant,
    /// The database's own time, in microseconds: a machine that slept has not counted.
    server_time: i64,
    /// When the server was started: another server may have lost commits that were seen.
    server_start: String,
    /// The first transaction that had not begun.
    next: u64,
    /// Those before it that were not over, separated by commas.
    running: String,
}

impl Standing {
    /// Whether nothing can have been missed between two looks.
    fn follows(&self, before: &Self) -> bool {
        let passed = self.server_time.abs_diff(before.server_time);
        self.server_start == before.server_start
            && self.next >= before.next
            && self.at.duration_since(before.at) <= LOOK
            && u128::from(passed) <= LOOK.as_micros()
    }
}

/// Touches scopes when it goes, so that also a commit whose end nobody saw counts as one.
pub(crate) struct Touch {
    versions: Versions,
    slots: BTreeSet<u16>,
}

impl Touch {
    pub(crate) fn new(versions: &Versions, project: ProjectId, scopes: &BTreeSet<String>) -> Self {
        Self {
            versions: versions.clone(),
            slots: scopes.iter().map(|scope| slot(project, scope)).collect(),
        }
    }

    /// What tells the other replicas, as part of the transaction; none where there are no others.
    pub(crate) fn statement(&self) -> Option<Statement> {
        self.versions.member.as_ref()?;
        let slots: Vec<u8> = self
            .slots
            .iter()
            .flat_map(|slot| slot.to_be_bytes())
            .collect();
        Some(Statement::from_sql_and_values(
            DatabaseBackend::Postgres,
            "INSERT INTO version_touch (slots) VALUES ($1)",
            [slots.into()],
        ))
    }
}

impl Drop for Touch {
    fn drop(&mut self) {
        for slot in &self.slots {
            grow(&self.versions.slots, *slot);
        }
    }
}

#[cfg(test)]
mod tests;

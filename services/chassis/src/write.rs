//! A write: one transaction that holds the state change, the events and audit rows about
//! it, and the answer to remember. Events are put in the outbox at the very end, under a
//! lock, so that their numbers grow in commit order and a reader never skips one.

use std::{collections::BTreeSet, sync::Mutex};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};
use tonic::{Code, Status};
use tracing::Instrument as _;

use crate::{Batch, Context, Db, batch::Rows, db::micros, versions::Touch};

/// A transaction in progress. Dropped without `commit`, nothing happened.
pub struct Write {
    db: Db,
    tx: DatabaseTransaction,
    context: Context,
    events: Vec<NewEvent>,
    audits: Vec<NewAudit>,
    touched: Mutex<BTreeSet<String>>,
    once: Mutex<Batch>,
    later: Mutex<Batch>,
}

/// How a write keeps others from changing what it was decided by, between its look and its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody waits: the commit fails as a change that came second when somebody was first (`Write::later_once`).
    Checked,
    /// The others wait.
    Locked,
}

impl Guard {
    /// Writes so that nobody waits; where somebody was first, once more so that the others wait.
    pub async fn escalate<Answer, Pending>(
        write: impl Fn(Self) -> Pending,
    ) -> Result<Answer, Status>
    where
        Pending: Future<Output = Result<Answer, Status>>,
    {
        match write(Self::Checked).await {
            Err(status) if status.code() == Code::Aborted => write(Self::Locked).await,
            answer => answer,
        }
    }
}

/// Rows that one statement writes: its parameters are limited.
const ROWS_PER_INSERT: usize = 500;
const AUDIT: (&str, &[&str]) = (
    "audit_entry",
    &[
        "project_id",
        "kind",
        "resource_id",
        "resource_type",
        "actor",
        "create_time",
        "before",
        "after",
    ],
);
const OUTBOX: (&str, &[&str]) = (
    "outbox",
    &[
        "kind",
        "project_id",
        "resource_id",
        "revision",
        "payload_type",
        "payload",
        "actor",
        "create_time",
        "traceparent",
    ],
);

/// Gives all rows away, in as few statements as may be.
fn insert(
    (table, columns): (&'static str, &'static [&'static str]),
    rows: impl Iterator<Item = Vec<Value>>,
    mut give: impl FnMut(Rows),
) {
    let mut rows = rows.peekable();
    while rows.peek().is_some() {
        give(Rows {
            table,
            columns,
            rows: rows.by_ref().take(ROWS_PER_INSERT).collect(),
        });
    }
}

struct NewEvent {
    kind: &'static str,
    resource_id: String,
    revision: i64,
    payload_type: String,
    payload: Vec<u8>,
}

struct NewAudit {
    kind: &'static str,
    resource_id: String,
    resource_type: String,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl Write {
    pub(crate) fn new(db: Db, tx: DatabaseTransaction, context: Context) -> Self {
        Self {
            db,
            tx,
            context,
            events: Vec::new(),
            audits: Vec::new(),
            touched: Mutex::default(),
            once: Mutex::default(),
            later: Mutex::default(),
        }
    }

    /// Names a scope that this write changes, beside those of its event kinds: its version grows with
    /// the commit.
    pub fn touch(&self, scope: impl Into<String>) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut touched = self.touched.lock().unwrap_or_else(poisoned);
        touched.insert(scope.into());
    }

    /// Keeps a statement for the commit, where it goes to the database together with events and audit rows. Nothing else
    /// of this write may see what it writes, or write the same row at the commit.
    pub fn later(&self, statement: Statement) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut later = self.later.lock().unwrap_or_else(poisoned);
        later.push(statement);
    }

    /// The same for a statement that decides whether what was read still stands: unless it writes exactly one row, the commit
    /// fails as a change that came second (`ABORTED`), and the call may be tried again. It is carried out before the others.
    pub fn later_once(&self, statement: Statement) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut once = self.once.lock().unwrap_or_else(poisoned);
        once.push(statement);
    }

    /// The transaction, for the store.
    pub fn tx(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The call that this write is part of.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Records a change of a resource: an event with its full new state, and an audit row.
    /// `before` is none for a creation, `after` none for a deletion (the event then carries
    /// the last state).
    pub async fn record<M: prost::Name>(
        &mut self,
        kind: &'static str,
        id: &str,
        revision: i64,
        before: Option<&M>,
        after: Option<&M>,
    ) -> Result<(), DbErr> {
        self.audits.push(NewAudit {
            kind,
            resource_id: id.to_owned(),
            resource_type: M::full_name(),
            before: before.map(prost::Message::encode_to_vec),
            after: after.map(prost::Message::encode_to_vec),
        });
        match after.or(before) {
            Some(state) => self.event(kind, id, revision, state).await,
            None => Ok(()),
        }
    }

    /// Records an event without an audit row.
    #[expect(
        clippy::unused_async,
        reason = "rows are written at commit, callers need not know"
    )]
    pub async fn event<M: prost::Name>(
        &mut self,
        kind: &'static str,
        id: &str,
        revision: i64,
        payload: &M,
    ) -> Result<(), DbErr> {
        let scope = kind.split_once('.').map_or(kind, |(scope, _)| scope);
        self.touch(scope);
        self.events.push(NewEvent {
            kind,
            resource_id: id.to_owned(),
            revision,
            payload_type: M::full_name(),
            payload: payload.encode_to_vec(),
        });
        Ok(())
    }

    /// What was kept for the commit, and how many of the first statements decide whether it stands.
    fn kept(&mut self) -> (Batch, usize) {
        let poisoned = std::sync::PoisonError::into_inner;
        let mut batch = std::mem::take(self.once.get_mut().unwrap_or_else(poisoned));
        let once = batch.len();
        let later = self.later.get_mut().unwrap_or_else(poisoned);
        batch.append(std::mem::take(later));
        (batch, once)
    }

    /// Sends what was kept for the commit, for those who go on with this write and may see or write the same rows.
    pub async fn flush(&mut self) -> Result<(), DbErr> {
        let (batch, once) = self.kept();
        let counts = batch.send(&self.tx).await?;
        stands(&counts, once)
    }

    /// Writes the audit rows and events and commits.
    pub async fn commit(mut self) -> Result<(), DbErr> {
        let (mut batch, once) = self.kept();
        let touched = self.touched.into_inner();
        let scopes = touched.unwrap_or_else(std::sync::PoisonError::into_inner);
        let versions = self.db.touched().filter(|_| !scopes.is_empty());
        let touch = versions.map(|versions| Touch::new(versions, self.context.project, &scopes));
        if let Some(statement) = touch.as_ref().and_then(Touch::statement) {
            batch.push(statement);
        }
        let backend = self.tx.get_database_backend();
        let project = self.context.project.to_string();
        let now = micros(self.context.now);
        let actor = self.context.actor.as_str();
        let mut counts = Vec::new();
        if !self.audits.is_empty() {
            let trail = self.audits.into_iter().map(|audit| {
                vec![
                    project.as_str().into(),
                    audit.kind.into(),
                    audit.resource_id.into(),
                    audit.resource_type.into(),
                    actor.into(),
                    now.into(),
                    audit.before.into(),
                    audit.after.into(),
                ]
            });
            insert(AUDIT, trail, |rows| batch.push(rows.insert(backend)));
        }
        let changes: Vec<&'static str> = self.events.iter().map(|event| event.kind).collect();
        let announce = !changes.is_empty();
        if announce {
            let traceparent = crate::telemetry::current_traceparent();
            let events = self.events.into_iter().map(|event| {
                vec![
                    event.kind.into(),
                    project.as_str().into(),
                    event.resource_id.into(),
                    event.revision.into(),
                    event.payload_type.into(),
                    event.payload.into(),
                    actor.into(),
                    now.into(),
                    traceparent.as_str().into(),
                ]
            });
            // A lock that is held may be taken again: it counts up.
            let lock = crate::db::lock_number(&format!("{}.outbox", self.db.service()));
            let mut parts = Vec::new();
            insert(OUTBOX, events, |rows| parts.push(rows));
            for rows in parts {
                let batch = std::mem::take(&mut batch);
                counts.extend(batch.send_locked(&self.tx, lock, rows).await?);
            }
        } else {
            counts = batch.send(&self.tx).await?;
        }
        stands(&counts, once)?;
        match touch {
            Some(touch) => commit_and_touch(self.tx, touch).await?,
            None => self.tx.commit().await?,
        }
        if announce {
            self.db.announce_commit();
        }
        for kind in changes {
            metrics::counter!(
                "perennial_changes_total", "service" => self.db.service(), "kind" => kind
            )
            .increment(1);
        }
        Ok(())
    }
}

/// Whether the first so many statements wrote one row each: what was read still stood.
fn stands(counts: &[u64], once: usize) -> Result<(), DbErr> {
    if counts.iter().take(once).all(|count| *count == 1) {
        Ok(())
    } else {
        Err(DbErr::RecordNotUpdated)
    }
}

/// Commits, and touches when the commit is over: as a task of its own, since a caller who goes away in
/// between would leave the commit to end after the touch.
async fn commit_and_touch(tx: DatabaseTransaction, touch: Touch) -> Result<(), DbErr> {
    let commit = async move {
        let committed = tx.commit().await;
        drop(touch);
        committed
    };
    tokio::spawn(commit.in_current_span())
        .await
        .map_err(|error| DbErr::Custom(format!("the commit broke off: {error}")))?
}

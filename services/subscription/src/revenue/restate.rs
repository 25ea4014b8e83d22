//! Keeps the sums: takes off what they hold of customers who are out of date, and adds what the ledger says of them now.
//!
//! A restatement reads from one snapshot, asks for rates with nothing held open, and writes under the project's lock what is still
//! true: a customer whom another process has restated meanwhile is left to the next round, with the note about them.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Context;
use chassis::db::micros;
use chassis::timer::Timer;
use jiff::Timestamp;
use kernel::id::ProjectId;
use sea_orm::{
    AccessMode, DatabaseBackend, DatabaseTransaction, DbErr, IsolationLevel, TransactionOptions,
    TransactionTrait as _,
};
use tonic::Status;

use super::Revenue;
use super::rates::Converted;
use super::settings::Settings;
use crate::domain::refusal::Refusal;
use crate::domain::revenue::entry::Entry;
use crate::domain::revenue::flow::{self, Flows, Wanted};
use crate::error::SubscriptionError;
use crate::store::entity::revenue_state::Model as State;
use crate::store::revenue::LedgerEntry;
use crate::store::revenue_kept::{self as keep, Kept, Stale};
use crate::store::{revenue as ledger, revenue_sums};

/// Version of the rules by which flows follow from entries. It grows with them: sums made by other rules are made anew.
pub const ENGINE: i32 = 1;
/// Customers that one restatement takes.
const BATCH: u64 = 1_000;
/// How often a read begins anew because the sums were changed under it.
const ATTEMPTS_MAX: u32 = 5;

/// What one snapshot of the database says about customers who are out of date.
pub struct Outdated {
    /// What the sums are made with.
    pub state: State,
    /// Who they are.
    pub stale: Stale,
    /// What of them is in the sums.
    pub kept: BTreeMap<String, Kept>,
    /// Their ledgers.
    pub ledgers: BTreeMap<String, Vec<LedgerEntry>>,
    /// Those who are in no figure.
    pub excluded: BTreeSet<String>,
}

impl Outdated {
    /// Reads all of it about customers who are out of date.
    pub async fn read(
        tx: &DatabaseTransaction,
        project: ProjectId,
        state: State,
        stale: Stale,
    ) -> Result<Self, SubscriptionError> {
        let customers = &stale.customers;
        Ok(Self {
            kept: keep::kept(tx, project, customers).await?,
            ledgers: ledger::of_customers(tx, project, customers).await?,
            excluded: keep::excluded(tx, project, customers).await?,
            state,
            stale,
        })
    }

    /// What the sums hold of a customer.
    pub fn held(
        &self,
        customer: &str,
        settings: &Settings,
        wanted: Wanted<'_>,
    ) -> Result<Flows, Refusal> {
        match self.kept.get(customer) {
            Some(kept) if kept.generation == self.state.generation => {
                flows(&kept.entries, settings, kept.until, wanted)
            }
            Some(_) | None => Ok(Flows::new()),
        }
    }
}

/// The flows of entries in order of time.
pub fn flows(
    entries: &[Entry],
    settings: &Settings,
    until: Timestamp,
    wanted: Wanted<'_>,
) -> Result<Flows, Refusal> {
    let entries: Vec<&Entry> = entries.iter().collect();
    flow::flows(&entries, &settings.time_zone, until, wanted)
}

impl Revenue {
    /// A view of the database at one instant.
    pub(super) async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let postgres = self.engine.db.backend() == DatabaseBackend::Postgres;
        let options = TransactionOptions {
            isolation_level: postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: postgres.then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        self.engine.db.reader().begin_with_options(options).await
    }

    /// A view of the database at one instant in which the sums are made with the project's settings, and what they are made
    /// with.
    pub(super) async fn settled_snapshot(
        &self,
        context: &Context,
        settings: &Settings,
    ) -> Result<(DatabaseTransaction, State), SubscriptionError> {
        for _ in 0..ATTEMPTS_MAX {
            let tx = self.snapshot().await?;
            match keep::state(&tx, context.project).await? {
                Some(state) if is_of(&state, settings) => return Ok((tx, state)),
                Some(_) | None => {
                    tx.rollback().await?;
                    self.begin(context, settings).await?;
                }
            }
        }
        Err(SubscriptionError::Raced)
    }

    /// Begins sums with other settings: from here on everybody's part of them is out of date.
    async fn begin(&self, context: &Context, settings: &Settings) -> Result<(), SubscriptionError> {
        let project = context.project;
        let write = self.engine.db.system_write(context).await?;
        lock(write.tx(), project).await?;
        let old = keep::state(write.tx(), project).await?;
        if old.as_ref().is_none_or(|old| !is_of(old, settings)) {
            let generation = old.as_ref().map_or(0, |old| old.generation) + 1;
            let state = State {
                project_id: project.to_string(),
                generation,
                engine: ENGINE,
                currency: settings.currency.code().to_owned(),
                time_zone: settings.zone_name.clone(),
                rates: old.map_or(0, |old| old.rates),
                due_time: Some(0),
            };
            keep::save_state(write.tx(), &state).await?;
            revenue_sums::prune(write.tx(), project, generation).await?;
        }
        write.commit().await?;
        Ok(())
    }

    /// Restates some of those who are out of date; answers how many there were.
    pub async fn restate(&self, context: &Context) -> Result<u64, SubscriptionError> {
        let project = context.project;
        let settings = self.settings(context).await?;
        let (tx, state) = self.settled_snapshot(context, &settings).await?;
        let stale = keep::stale(&tx, &state, settings.until, true, BATCH).await?;
        if stale.customers.is_empty() {
            tx.rollback().await?;
            return self.rest(context, &state).await;
        }
        let mut outdated = Outdated::read(&tx, project, state, stale).await?;
        tx.rollback().await?;
        let ledgers = std::mem::take(&mut outdated.ledgers);
        let converted = self.converted(context, &settings, ledgers).await?;
        let done = self.write(context, &settings, &outdated, converted).await?;
        Ok(u64::try_from(done).unwrap_or(u64::MAX))
    }

    /// Notes when there is something to do next, if that is not what is noted.
    async fn rest(&self, context: &Context, state: &State) -> Result<u64, SubscriptionError> {
        let next = keep::next_time(self.engine.db.reader(), context.project).await?;
        if next == state.due_time {
            return Ok(0);
        }
        let write = self.engine.db.system_write(context).await?;
        lock(write.tx(), context.project).await?;
        let now = keep::state(write.tx(), context.project).await?;
        // What was noted meanwhile is for the next run.
        if now.as_ref() == Some(state) {
            let due_time = keep::next_time(write.tx(), context.project).await?;
            let state = State {
                due_time,
                ..state.clone()
            };
            keep::save_state(write.tx(), &state).await?;
        }
        write.commit().await?;
        Ok(0)
    }

    async fn write(
        &self,
        context: &Context,
        settings: &Settings,
        outdated: &Outdated,
        mut converted: BTreeMap<String, Converted>,
    ) -> Result<usize, SubscriptionError> {
        let (project, state) = (context.project, &outdated.state);
        let mut changes: Vec<(String, Flows, Flows, Kept)> = Vec::new();
        let mut left_out: Vec<(String, String)> = Vec::new();
        for customer in &outdated.stale.customers {
            let mut own = converted.remove(customer).unwrap_or_default();
            if outdated.excluded.contains(customer) {
                own = Converted::default();
            }
            let held = outdated.held(customer, settings, Wanted::All)?;
            let new = flows(&own.entries, settings, settings.until, Wanted::All)?;
            let version = outdated.kept.get(customer).map_or(0, |kept| kept.version);
            let kept = Kept {
                version: version + 1,
                generation: state.generation,
                rates: own.foreign.then_some(state.rates),
                entries: own.entries,
                until: settings.until,
            };
            let named = own.left_out.into_iter();
            left_out.extend(named.map(|subscription| (subscription, customer.clone())));
            changes.push((customer.clone(), held, new, kept));
        }
        let write = self.engine.db.system_write(context).await?;
        let tx = write.tx();
        lock(tx, project).await?;
        let current = keep::state(tx, project).await?;
        if current.is_none_or(|current| current.generation != state.generation) {
            return Ok(0);
        }
        let versions = keep::versions(tx, project, &outdated.stale.customers).await?;
        let mut sums = Flows::new();
        let mut saved = BTreeMap::new();
        for (customer, held, new, kept) in changes {
            if versions.get(&customer).copied().unwrap_or_default() + 1 == kept.version {
                flow::restate(&mut sums, &held, &new).map_err(Refusal::from)?;
                saved.insert(customer, kept);
            }
        }
        revenue_sums::add(tx, project, state.generation, sums).await?;
        keep::save(tx, project, &saved).await?;
        left_out.retain(|(_, customer)| saved.contains_key(customer));
        let customers: BTreeSet<String> = saved.keys().cloned().collect();
        keep::save_unconverted(tx, project, &customers, &left_out).await?;
        let marks: Vec<&str> = outdated
            .stale
            .marks
            .iter()
            .filter(|(_, customer)| saved.contains_key(customer))
            .map(|(id, _)| id.as_str())
            .collect();
        keep::unmark(tx, project, &marks).await?;
        write.commit().await?;
        Ok(saved.len())
    }

    /// Restates until at most so many are out of date, so that what is left can be looked up one by one.
    pub(super) async fn catch_up(
        &self,
        context: &Context,
        settings: &Settings,
        at_most: u64,
    ) -> Result<(), SubscriptionError> {
        loop {
            let (tx, state) = self.settled_snapshot(context, settings).await?;
            let stale = keep::stale(&tx, &state, settings.until, false, at_most + 1).await?;
            tx.rollback().await?;
            if u64::try_from(stale.customers.len()).is_ok_and(|count| count <= at_most)
                && !stale.more
            {
                return Ok(());
            }
            let turn = self.catching_up.lock().await;
            self.restate(context).await?;
            drop(turn);
        }
    }
}

/// Waits for whoever else is writing sums of the project.
pub(super) async fn lock(tx: &DatabaseTransaction, project: ProjectId) -> Result<(), DbErr> {
    chassis::db::lock(tx, &format!("subscription.revenue.{project}")).await
}

fn is_of(state: &State, settings: &Settings) -> bool {
    state.engine == ENGINE
        && state.currency == settings.currency.code()
        && state.time_zone == settings.zone_name
}

/// The worker that keeps the sums.
pub struct RestateTimer {
    revenue: Revenue,
}

impl RestateTimer {
    /// A worker of these figures' database.
    pub fn new(revenue: Revenue) -> Self {
        Self { revenue }
    }
}

#[async_trait::async_trait]
impl Timer for RestateTimer {
    fn name(&self) -> &'static str {
        "revenue"
    }

    async fn due(&self) -> Result<Vec<(ProjectId, Timestamp)>, Status> {
        Ok(keep::due(self.revenue.engine.db.reader()).await?)
    }

    async fn run(&self, context: &Context) -> Result<u64, Status> {
        let done = self.revenue.restate(context).await?;
        tracing::debug!(project.id = %context.project, done, at = micros(context.now), "revenue sums restated");
        Ok(done)
    }
}

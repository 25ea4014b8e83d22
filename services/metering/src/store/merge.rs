//! Merging: what commits added is put into the rows of the rollup, one row a key. What is to be written is found first,
//! without a lock; it is written under the lock of merging, if nobody has merged or removed rows since.

use std::collections::BTreeMap;

use kernel::id::{MeterId, ProjectId};
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, Statement};

use super::{
    Column, Parameters,
    delta::{self, Wanted},
    entity::usage_rollup_delta::Model as Delta,
    rollup::{self, MICROS, NewRow, corrupt, place},
};
use crate::{
    domain::{
        self,
        meter::Meter,
        rollup::{Level, Rollup, by_hour, take_in},
    },
    error::MeteringError,
};

/// Partials of one step.
const PARTIALS: i64 = 20_000;

/// What becomes of the rows of one level.
#[derive(Debug, Default)]
struct Changes {
    /// Rows that take partials in, with what they have then.
    grown: Vec<(i64, i64, String)>,
    new: Vec<NewRow>,
}

/// One step of merging.
#[derive(Debug)]
pub struct Plan {
    /// The count of changes that it was made under.
    changes: i64,
    deltas: Vec<i64>,
    levels: [(Level, Changes); Level::ALL.len()],
}

impl Plan {
    /// The next step for some deltas; none when there are none.
    pub async fn next(
        connection: &impl ConnectionTrait,
        wanted: Wanted<'_>,
    ) -> Result<Option<Self>, MeteringError> {
        let changes = changes(connection).await?;
        let deltas = delta::oldest(connection, wanted, PARTIALS).await?;
        if deltas.is_empty() {
            return Ok(None);
        }
        let mut plan = Self {
            changes,
            deltas: deltas.iter().map(|delta| delta.seq).collect(),
            levels: Level::ALL.map(|level| (level, Changes::default())),
        };
        let mut projects: BTreeMap<&str, Vec<&Delta>> = BTreeMap::new();
        for delta in &deltas {
            projects.entry(&delta.project_id).or_default().push(delta);
        }
        for (project, deltas) in projects {
            let project = project.parse().map_err(|_| corrupt())?;
            plan.add(connection, project, &deltas).await?;
        }
        Ok(Some(plan))
    }

    async fn add(
        &mut self,
        connection: &impl ConnectionTrait,
        project: ProjectId,
        deltas: &[&Delta],
    ) -> Result<(), MeteringError> {
        let ids = deltas.iter().map(|delta| delta.meter_id.clone()).collect();
        let meters = super::meter::by_ids_and_slugs(connection, project, ids, Vec::new()).await?;
        let progress = rollup::progress(connection, project, &meters).await?;
        for meter in &meters {
            let Some(generation) = progress.get(&meter.id).map(|found| found.generation) else {
                continue;
            };
            // What other generations added is of no use.
            let own = deltas
                .iter()
                .filter(|delta| delta.generation == generation)
                .filter(|delta| delta.meter_id == meter.id.to_string());
            let mut minutes = Rollup::new();
            for line in own.flat_map(|delta| domain::delta::lines(&delta.partials)) {
                let read = line.and_then(|line| line.read(meter, true));
                let (key, partial) = read.ok_or_else(corrupt)?;
                take_in(&mut minutes, Level::Minute, key, partial);
            }
            let hours = by_hour(&minutes);
            for ((level, changes), rollup) in self.levels.iter_mut().zip([minutes, hours]) {
                let of = (project, meter, generation);
                changes.add(connection, of, *level, rollup).await?;
            }
        }
        Ok(())
    }

    /// Writes it, and answers whether it was still true. The caller holds the lock of merging.
    pub async fn store(&self, tx: &impl ConnectionTrait) -> Result<bool, DbErr> {
        if changes(tx).await? != self.changes {
            return Ok(false);
        }
        for (level, changes) in &self.levels {
            changes.store(tx, *level).await?;
        }
        note_change(tx).await?;
        delta::remove(tx, &self.deltas).await
    }
}

impl Changes {
    async fn add(
        &mut self,
        connection: &impl ConnectionTrait,
        (project, meter, generation): (ProjectId, &Meter, i64),
        level: Level,
        mut rollup: Rollup,
    ) -> Result<(), MeteringError> {
        if rollup.is_empty() {
            return Ok(());
        }
        let backend = connection.get_database_backend();
        let statement = there(backend, (project, meter.id, generation), level, &rollup);
        for row in connection.query_all_raw(statement).await? {
            let (key, partial) = rollup::read(&row, meter)?;
            // Should a key have several rows, the first one takes it all in.
            if let Some(mut sum) = rollup.remove(&key) {
                sum.merge(partial);
                let seq = row.try_get_by_index(rollup::READ_COLUMNS)?;
                self.grown
                    .push((seq, sum.events.cast_signed(), sum.encode()));
            }
        }
        self.new
            .extend(NewRow::of((project, meter, generation), &rollup));
        Ok(())
    }

    async fn store(&self, tx: &impl ConnectionTrait, level: Level) -> Result<(), DbErr> {
        if !self.grown.is_empty() {
            let statement = self.update(tx.get_database_backend(), level);
            tx.execute_raw(statement).await?;
        }
        rollup::insert(tx, level, &self.new).await
    }

    fn update(&self, backend: DatabaseBackend, level: Level) -> Statement {
        let (table, _) = place(level);
        let mut parameters = Parameters::default();
        let grown = [
            (
                "seq",
                Column::numbers(self.grown.iter().map(|(seq, _, _)| *seq)),
            ),
            (
                "events",
                Column::numbers(self.grown.iter().map(|(_, events, _)| *events)),
            ),
            (
                "state",
                Column::texts(self.grown.iter().map(|(_, _, state)| state)),
            ),
        ];
        let grown = super::rows(backend, "k", grown, &mut parameters);
        Statement::from_sql_and_values(
            backend,
            format!(
                "UPDATE {table} AS r SET event_count = k.events, state = k.state FROM {grown} WHERE r.seq = k.seq"
            ),
            parameters.0,
        )
    }
}

/// The rows that are there for the subjects and times of some partials, oldest first. The order of the join is as it is
/// written: rows are found by project, meter, subject and time.
fn there(
    backend: DatabaseBackend,
    (project, meter, generation): (ProjectId, MeterId, i64),
    level: Level,
    rollup: &Rollup,
) -> Statement {
    let (table, time) = place(level);
    let mut keys: Vec<(&str, i64)> = rollup
        .keys()
        .map(|key| (key.subject.as_str(), key.start * MICROS))
        .collect();
    keys.dedup();
    let mut parameters = Parameters::default();
    let project = parameters.push(project.to_string());
    let meter = parameters.push(meter.to_string());
    let generation = parameters.push(generation);
    let wanted = [
        (
            "wanted_subject",
            Column::texts(keys.iter().map(|(subject, _)| *subject)),
        ),
        (
            "wanted_time",
            Column::numbers(keys.iter().map(|(_, start)| *start)),
        ),
    ];
    let wanted = super::rows(backend, "k", wanted, &mut parameters);
    Statement::from_sql_and_values(
        backend,
        format!(
            "SELECT {}, seq FROM {wanted} CROSS JOIN {table} WHERE project_id = ${project} AND meter_id = ${meter}              AND subject = k.wanted_subject AND {time} = k.wanted_time AND generation = ${generation} ORDER BY seq",
            rollup::selected(level, "group_values")
        ),
        parameters.0,
    )
}

/// Takes the lock of merging until the end of the transaction.
pub async fn lock(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    chassis::db::lock(tx, "metering.merge").await
}

/// Merges all that commits added for some meters, in the caller's transaction. The caller is alone in the fence and
/// holds the lock of merging.
pub async fn settle(
    tx: &DatabaseTransaction,
    project: ProjectId,
    meters: &[String],
) -> Result<(), MeteringError> {
    while let Some(plan) = Plan::next(tx, Wanted::Of(project, meters)).await? {
        plan.store(tx).await?;
    }
    note_change(tx).await?;
    Ok(())
}

/// How often rows were merged or removed.
async fn changes(connection: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let row = connection
        .query_one_raw(Statement::from_string(
            connection.get_database_backend(),
            "SELECT seq FROM usage_rollup_mark WHERE name = 'changes'",
        ))
        .await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Counts a change of rows.
async fn note_change(tx: &impl ConnectionTrait) -> Result<(), DbErr> {
    tx.execute_raw(Statement::from_string(
        tx.get_database_backend(),
        "INSERT INTO usage_rollup_mark (name, seq) VALUES ('changes', 1) \
         ON CONFLICT (name) DO UPDATE SET seq = usage_rollup_mark.seq + 1",
    ))
    .await
    .map(drop)
}

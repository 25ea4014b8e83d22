//! Setting exchange rates, many at once: those of a call, and at the start those of the file that the setting `rates_file`
//! names. What is stored already as given is left alone, so that nothing changes when it is said again.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{BuildError, Context, Db, Env, Write, db::micros};
use kernel::{Timestamp, currency::Currency, id::ProjectId};

use crate::{
    convert,
    domain::{exchange_rate::Rate, project::DEFAULT_NAME},
    error::CustomerError,
    rates_file::{self, FileError, FileRate},
    store::{
        self,
        exchange_rate::{Key, Stored},
    },
};

/// The setting that names the file.
const SETTING: &str = "rates_file";
/// Rates that are stored in one write.
const WRITE: usize = 1_000;

/// Stores rates that are new or other than what is stored; answers all of them as they are stored then, in their order, and
/// how many changed. No two may be of the same pair and instant.
pub async fn set(write: &mut Write, rates: &[Rate]) -> Result<(Vec<Stored>, usize), CustomerError> {
    let (project, now) = (write.context().project, write.context().now);
    chassis::db::lock(write.tx(), &format!("customer.rates.{project}")).await?;
    let known = store::exchange_rate::known(write.tx(), project, rates).await?;
    let mut all = Vec::with_capacity(rates.len());
    let mut changed = Vec::new();
    for rate in rates {
        match known.get(&Key::of(rate)) {
            Some(stored) if stored.rate.rate == rate.rate => all.push(stored.clone()),
            _ => {
                changed.push(rate);
                all.push(Stored {
                    rate: rate.clone(),
                    update_time: now,
                });
            }
        }
    }
    store::exchange_rate::set_all(write.tx(), project, &changed, now).await?;
    for rate in &changed {
        record(write, rate, now).await?;
    }
    Ok((all, changed.len()))
}

/// Records a rate that was set.
pub async fn record(write: &mut Write, rate: &Rate, now: Timestamp) -> Result<(), CustomerError> {
    let state = convert::rate(rate, now);
    let (from, to) = (rate.from.code(), rate.to.code());
    let id = format!("{from}/{to}/{}", micros(rate.time));
    let revision = micros(chassis::clock::system_now());
    write
        .record("rate.set", &id, revision, None, Some(&state))
        .await?;
    Ok(())
}

/// Sets what the file says that the settings name, if they name one. A file that cannot be used keeps the service from
/// starting, and then nothing of it is set.
pub async fn load(env: &Env, db: &Db) -> Result<(), BuildError> {
    let Some(path) = env.config.setting(SETTING) else {
        return Ok(());
    };
    let wrong =
        |problem: String| BuildError::Setting(format!("{}.{SETTING}: {path}: {problem}", env.name));
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    let found = rates_file::parse(&text).map_err(|error| wrong(error.to_string()))?;
    let failed = |error: CustomerError| BuildError::Start {
        service: env.name,
        message: error.to_string(),
    };
    let projects = projects(db, &found).await.map_err(failed)?;
    let by_project = checked(&found, &projects).map_err(|error| wrong(error.to_string()))?;
    for (project, rates) in by_project {
        let mut changed = 0;
        for chunk in rates.chunks(WRITE) {
            let context = Context::background(env, project, env.clocks().now(project));
            changed += store_chunk(db, &context, chunk).await.map_err(failed)?;
        }
        tracing::info!(project.id = %project, rates = rates.len(), changed, "exchange rates read from {path}");
    }
    Ok(())
}

async fn store_chunk(db: &Db, context: &Context, rates: &[Rate]) -> Result<usize, CustomerError> {
    let mut write = db.system_write(context).await?;
    let (_, changed) = set(&mut write, rates).await?;
    write.commit().await?;
    Ok(changed)
}

/// The projects that a file names, by name.
async fn projects(
    db: &Db,
    rates: &[FileRate],
) -> Result<BTreeMap<String, ProjectId>, CustomerError> {
    let names: BTreeSet<&str> = rates.iter().map(project_name).collect();
    let mut found = BTreeMap::new();
    for name in names {
        if let Some(project) = store::project::by_any_name(db.reader(), name).await? {
            found.insert(name.to_owned(), project.id);
        }
    }
    Ok(found)
}

fn project_name(rate: &FileRate) -> &str {
    rate.project.as_deref().unwrap_or(DEFAULT_NAME)
}

/// The rates of a file by project, all of them checked. Each needs a time: without one, every start would set it anew.
fn checked(
    rates: &[FileRate],
    projects: &BTreeMap<String, ProjectId>,
) -> Result<BTreeMap<ProjectId, Vec<Rate>>, FileError> {
    let mut found: BTreeMap<ProjectId, Vec<Rate>> = BTreeMap::new();
    let mut seen: BTreeSet<(ProjectId, Key)> = BTreeSet::new();
    for given in rates {
        let wrong = |message: String| FileError::at(given.line, message);
        let name = project_name(given);
        let project = *projects
            .get(name)
            .ok_or_else(|| wrong(format!("there is no project `{name}`")))?;
        let time = given.time.ok_or_else(|| {
            wrong(
                "`time` is missing: it is needed in a file that is read at every start".to_owned(),
            )
        })?;
        let code = |code: &str| {
            Currency::parse(code)
                .map_err(|_| wrong(format!("`{code}` is not a currency code of ISO 4217")))
        };
        let rate = Rate::new(code(&given.from)?, code(&given.to)?, given.rate, time)
            .map_err(|error| wrong(error.to_string()))?;
        if !seen.insert((project, Key::of(&rate))) {
            return Err(wrong("is the second of its pair and time".to_owned()));
        }
        found.entry(project).or_default().push(rate);
    }
    Ok(found)
}

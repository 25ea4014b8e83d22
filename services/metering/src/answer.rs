//! Answers usage questions from rollups and events: adjacent spans in one scan, and visibly for whoever
//! asks under a name.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use chassis::{Context, Db};
use jiff::SignedDuration;
use kernel::{Timestamp, id::ProjectId};

use crate::{
    convert::query::Plan,
    domain::{meter::Meter, query::Row},
    error::MeteringError,
    store::{
        self,
        meter::MeterName,
        progress::Standing,
        scan::{self, Export, Scan, Span, Tally},
    },
};

/// How often a watched query tells how far it is.
const TELL: Duration = Duration::from_secs(1);
/// How long that is remembered after the last change.
const REMEMBER: SignedDuration = SignedDuration::from_mins(5);

/// Whether one scan can answer both: nothing lies between them, and no minute belongs to both. The rest of
/// the two questions must be the same, and have no windows.
pub fn adjoin(first: &Plan, second: &Plan) -> bool {
    let begins_before = |plan: &Plan| match (plan.span.from, plan.span.to) {
        (Some(from), Some(to)) => from < to,
        _ => true,
    };
    let full_minute = |end: Timestamp| end.as_second().rem_euclid(60) == 0;
    first.query.windows.is_none()
        && second.query.windows.is_none()
        && first.span.to.is_some_and(full_minute)
        && first.span.to == second.span.from
        && begins_before(first)
        && begins_before(second)
}

/// Runs plans that adjoin one another, and answers the rows of each.
pub async fn run(
    db: &Db,
    project: ProjectId,
    meter: &Meter,
    plans: &[Plan],
    tally: Option<&Tally>,
) -> Result<Vec<Vec<Row>>, MeteringError> {
    let (Some(first), Some(last)) = (plans.first(), plans.last()) else {
        return Ok(Vec::new());
    };
    let span = Span {
        to: last.span.to,
        ..first.span.clone()
    };
    let ends: Vec<i64> = plans
        .iter()
        .map(|plan| plan.span.to.map_or(i64::MAX, Timestamp::as_second))
        .collect();
    let hours = plans
        .iter()
        .all(|plan| first.query.takes_hours(plan.from, plan.to));
    // What commits added moves into the rows while queries go on: all of it is read as of one moment.
    let snapshot = store::snapshot(db.reader()).await?;
    let progress = store::rollup::progress(&snapshot, project, std::slice::from_ref(meter)).await?;
    let generation = progress
        .get(&meter.id)
        .filter(|progress| progress.complete(meter) && meter.delete_time.is_none())
        .map(|progress| progress.generation);
    let scan = Scan {
        project,
        meter,
        generation,
        span: &span,
        ends: &ends,
        hours,
        tally,
    };
    let folded = scan::fold(&snapshot, scan, &first.query).await?;
    snapshot.commit().await?;
    let each = folded.into_each().into_iter().zip(plans);
    each.map(|(fold, plan)| Ok(fold.rows(plan.from, plan.to)?))
        .collect()
}

/// Runs a plan, and tells how far it is under the caller's name, if there is one.
pub async fn run_named(
    db: &Db,
    context: &Context,
    meter: &Meter,
    plan: &Plan,
    name: Option<&str>,
) -> Result<Vec<Row>, MeteringError> {
    let plans = std::slice::from_ref(plan);
    let (tally, start) = (Tally::default(), Instant::now());
    let Some(name) = name else {
        let rows = run(db, context.project, meter, plans, None).await?;
        return Ok(rows.into_iter().flatten().collect());
    };
    let tell = async || tell(db, context, name, tally.counts(), start.elapsed()).await;
    let tallied = Some(&tally);
    let mut answer = pin!(run(db, context.project, meter, plans, tallied));
    let rows = loop {
        tokio::select! {
            rows = &mut answer => break rows,
            () = tokio::time::sleep(TELL) => tell().await,
        }
    };
    tell().await;
    Ok(rows?.into_iter().flatten().collect())
}

/// Remembers how far a query under a name is: rows used, rows without a value, rows in all. It never
/// changes the answer, so a failure is no failure of the query.
pub async fn tell(
    db: &Db,
    context: &Context,
    name: &str,
    (success, failed, total): (u64, u64, u64),
    after: Duration,
) {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::ZERO);
    let standing = Standing {
        success,
        failed,
        total,
        update_time: context.now.checked_add(after).unwrap_or(context.now),
    };
    let told = async {
        let write = db.system_write(context).await?;
        let until = chassis::clock::system_now() + REMEMBER;
        store::progress::put(write.tx(), context.project, name, &standing, until).await?;
        write.commit().await
    };
    if let Err(error) = told.await {
        tracing::warn!(%error, "the progress of a query could not be noted");
    }
}

/// How far a named query has come, or the rollup of the live meter with this id.
pub async fn progress(db: &Db, project: ProjectId, name: &str) -> Result<Standing, MeteringError> {
    let connection = db.reader();
    let now = chassis::clock::system_now();
    if let Some(standing) = store::progress::get(connection, project, name, now).await? {
        return Ok(standing);
    }
    let unknown = || MeteringError::ProgressNotFound(name.to_owned());
    let id = MeterName::Id(name.to_owned());
    let meter = match store::meter::by_name(connection, project, &id).await {
        Ok(meter) if meter.delete_time.is_none() => meter,
        Ok(_) | Err(MeteringError::MeterNotFound(_)) => return Err(unknown()),
        Err(error) => return Err(error),
    };
    let progress =
        store::rollup::progress(connection, project, std::slice::from_ref(&meter)).await?;
    let progress = progress.get(&meter.id).ok_or_else(unknown)?;
    let done = progress.success_count + progress.failed_count;
    let total = match progress.event_total {
        Some(total) => total,
        None => {
            let wanted = Export {
                event_type: meter.event_type.clone(),
                until_seq: Some(progress.until_seq),
                counting: true,
                ..Export::default()
            };
            scan::count_events(connection, project, &wanted).await?
        }
    };
    Ok(Standing {
        success: progress.success_count.unsigned_abs(),
        failed: progress.failed_count.unsigned_abs(),
        total: total.max(done).unsigned_abs(),
        update_time: progress.update_time,
    })
}

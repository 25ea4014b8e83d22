//! What commits add to rollups: written with the events, read by queries, and taken away when it is merged.

use std::collections::HashSet;

use chassis::Write;
use kernel::id::ProjectId;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Set,
};

use super::{
    entity::usage_rollup_delta::{ActiveModel, Column, Entity, Model},
    rollup::{MICROS, corrupt},
    scan::{Part, Scan},
};
use crate::{
    domain::{
        delta,
        meter::Meter,
        rollup::{Partial, Rollup, RollupKey},
    },
    error::MeteringError,
};

/// Deltas of one insert.
const INSERT_CHUNK: usize = 100;
/// Deltas that are looked at for one step of merging.
const LOOK: u64 = 500;

/// Adds what a commit adds, meter by meter: its generation and its partials by the minute. They go to the database with the
/// commit; who wants to see them before that flushes the write.
pub fn insert_later(write: &Write, added: &[(&Meter, i64, Rollup)]) {
    let project = write.context().project;
    let rows: Vec<ActiveModel> = added
        .iter()
        .filter_map(|(meter, generation, minutes)| {
            let starts = || minutes.keys().map(|key| key.start * MICROS);
            Some(ActiveModel {
                project_id: Set(project.to_string()),
                meter_id: Set(meter.id.to_string()),
                generation: Set(*generation),
                first_minute: Set(starts().min()?),
                last_minute: Set(starts().max()?),
                partial_count: Set(i64::try_from(minutes.len()).unwrap_or(i64::MAX)),
                partials: Set(delta::encode(minutes)),
                ..ActiveModel::default()
            })
        })
        .collect();
    for chunk in rows.chunks(INSERT_CHUNK) {
        let insert = Entity::insert_many(chunk.to_vec());
        write.later(insert.build(write.tx().get_database_backend()));
    }
}

/// The partials of a scan that are not merged yet and begin in some parts of its span, ascending.
pub(super) async fn read(
    connection: &impl ConnectionTrait,
    scan: &Scan<'_>,
    generation: i64,
    parts: &[Part],
    groups: bool,
) -> Result<Vec<(RollupKey, Partial)>, MeteringError> {
    let (Some((first, _)), Some((_, last))) = (parts.first(), parts.last()) else {
        return Ok(Vec::new());
    };
    let texts: Vec<String> = Entity::find()
        .filter(Column::ProjectId.eq(scan.project.to_string()))
        .filter(Column::MeterId.eq(scan.meter.id.to_string()))
        .filter(Column::Generation.eq(generation))
        .apply_if(*first, |found, first| {
            found.filter(Column::LastMinute.gte(first))
        })
        .apply_if(*last, |found, last| {
            found.filter(Column::FirstMinute.lt(last))
        })
        .select_only()
        .column(Column::Partials)
        .into_tuple()
        .all(connection)
        .await?;
    let within = |start: i64| {
        let start = start * MICROS;
        parts.iter().any(|(from, to)| {
            from.is_none_or(|from| from <= start) && to.is_none_or(|to| start < to)
        })
    };
    let subjects: Option<HashSet<String>> = scan.span.subjects.as_ref().map(|subjects| {
        subjects
            .iter()
            .map(|subject| delta::quoted(subject))
            .collect()
    });
    let mut found = Vec::new();
    for line in texts.iter().flat_map(|text| delta::lines(text)) {
        let line = line.ok_or_else(corrupt)?;
        if within(line.start)
            && subjects
                .as_ref()
                .is_none_or(|subjects| subjects.contains(line.subject))
        {
            found.push(line.read(scan.meter, groups).ok_or_else(corrupt)?);
        }
    }
    Ok(found)
}

/// Which deltas are merged.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'wanted> {
    /// Everybody's, up to this one.
    Until(i64),
    /// Those of some meters.
    Of(ProjectId, &'wanted [String]),
}

impl Wanted<'_> {
    fn condition(self) -> Condition {
        match self {
            Self::Until(seq) => Condition::all().add(Column::Seq.lte(seq)),
            Self::Of(project, meters) => Condition::all()
                .add(Column::ProjectId.eq(project.to_string()))
                .add(Column::MeterId.is_in(meters)),
        }
    }
}

/// The delta that was added last.
pub async fn last(connection: &impl ConnectionTrait) -> Result<Option<i64>, DbErr> {
    Entity::find()
        .order_by_desc(Column::Seq)
        .select_only()
        .column(Column::Seq)
        .into_tuple()
        .one(connection)
        .await
}

/// The oldest deltas, of about so many partials in all.
pub async fn oldest(
    connection: &impl ConnectionTrait,
    wanted: Wanted<'_>,
    partials: i64,
) -> Result<Vec<Model>, DbErr> {
    let sizes: Vec<(i64, i64)> = Entity::find()
        .filter(wanted.condition())
        .order_by_asc(Column::Seq)
        .limit(LOOK)
        .select_only()
        .column(Column::Seq)
        .column(Column::PartialCount)
        .into_tuple()
        .all(connection)
        .await?;
    let mut sum = 0;
    let piece: Vec<i64> = sizes
        .into_iter()
        .take_while(|(_, count)| {
            let fits = sum < partials;
            sum += count;
            fits
        })
        .map(|(seq, _)| seq)
        .collect();
    if piece.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::Seq.is_in(piece))
        .order_by_asc(Column::Seq)
        .all(connection)
        .await
}

/// Takes deltas away, and answers whether all of them were still there.
pub async fn remove(tx: &impl ConnectionTrait, seqs: &[i64]) -> Result<bool, DbErr> {
    let gone = Entity::delete_many()
        .filter(Column::Seq.is_in(seqs.iter().copied()))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == seqs.len() as u64)
}

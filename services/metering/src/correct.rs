//! Corrections: stored events are taken out of usage, or replaced. Nothing is changed in place: a row says
//! that an event no longer counts, and what was added up ahead of time is made again from the others.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Write;
use contract::{convert::timestamp, metering::v1 as pb};
use kernel::id::EventId;

use crate::{
    convert,
    domain::{
        event::{EventDraft, NewEvent, replacement_id},
        meter::Meter,
        rollup::Level,
    },
    error::MeteringError,
    freshness,
    ingest::{self, Batch},
    store::{
        self,
        correction::{Correction, Corrections},
        event::{Expected, OwnedIdentity, StoredEvent},
        merge,
        rollup::Progress,
    },
};

/// Takes events out of usage and answers how many counted until now.
pub async fn void(
    write: &mut Write,
    identities: &[OwnedIdentity],
    reason: &str,
) -> Result<usize, MeteringError> {
    let project = write.context().project;
    store::rollup::enter_alone(write.tx(), project).await?;
    let mut stored = store::event::by_identities(write.tx(), project, identities).await?;
    let mut events = Vec::with_capacity(identities.len());
    for identity in identities {
        events.push(stored.remove(identity).ok_or_else(|| not_found(identity))?);
    }
    let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
    let known = store::correction::about(write.tx(), project, &positions).await?;
    events.retain(|event| !known.of.contains_key(&event.seq));
    let correction = correction_now(write, reason);
    apply(write, &events, &known, &correction, None).await?;
    Ok(events.len())
}

/// Takes an event out of usage and stores another that counts instead.
pub async fn replace(
    write: &mut Write,
    identity: &OwnedIdentity,
    draft: EventDraft,
    reason: &str,
) -> Result<pb::IngestedEvent, MeteringError> {
    let context = write.context().clone();
    let project = context.project;
    store::rollup::enter_alone(write.tx(), project).await?;
    let original = one(write, identity)
        .await?
        .ok_or_else(|| not_found(identity))?;
    let known = store::correction::about(write.tx(), project, &[original.seq]).await?;
    if known.of.contains_key(&original.seq) {
        return Err(MeteringError::EventVoided {
            id: original.id,
            source_name: original.source,
        });
    }
    let event = NewEvent::new(completed(draft, &original), context.now)
        .map_err(|wrong| MeteringError::invalid_below("replacement", wrong))?
        .ok_or_else(|| MeteringError::invalid("replacement.time", "must be after 1970-01-01"))?;
    let batch = Batch {
        events: vec![event],
        reject_conflicts: true,
        ingest_time: context.now,
    };
    let stored = ingest::append(write, &[&batch], Expected::Nothing).await?;
    let stored: u64 = stored.into_iter().sum();
    // Rollups are made again below, from what was added to them as well.
    write.flush().await?;
    let event = &batch.events[0];
    let own = (event.source.clone(), event.id.clone());
    if stored == 0 {
        // It is there already with the very same content.
        return Err(MeteringError::EventConflict {
            id: own.1,
            source_name: own.0,
        });
    }
    let replacement = one(write, &own).await?.ok_or_else(|| not_found(&own))?;
    let correction = Correction {
        replacement: Some(own),
        ..correction_now(write, reason)
    };
    let events = [original];
    apply(write, &events, &known, &correction, Some(replacement.seq)).await?;
    let [original] = events;
    let about = Corrections {
        replaced: [(replacement.seq, (original.source, original.id))].into(),
        ..Corrections::default()
    };
    Ok(convert::event::to_proto(
        replacement,
        &about,
        String::new(),
        None,
    ))
}

fn not_found((source, id): &OwnedIdentity) -> MeteringError {
    MeteringError::EventNotFound {
        id: id.clone(),
        source_name: source.clone(),
    }
}

fn correction_now(write: &Write, reason: &str) -> Correction {
    Correction {
        reason: reason.to_owned(),
        actor: write.context().actor.clone(),
        time: write.context().now,
        replacement: None,
    }
}

async fn one(
    write: &Write,
    identity: &OwnedIdentity,
) -> Result<Option<StoredEvent>, MeteringError> {
    let identities = std::slice::from_ref(identity);
    let project = write.context().project;
    let mut found = store::event::by_identities(write.tx(), project, identities).await?;
    Ok(found.remove(identity))
}

/// A replacement with what it leaves open taken from the original.
fn completed(draft: EventDraft, original: &StoredEvent) -> EventDraft {
    let or = |text: String, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text
        }
    };
    EventDraft {
        id: if draft.id.is_empty() {
            replacement_id(&original.id)
        } else {
            draft.id
        },
        source: or(draft.source, &original.source),
        kind: or(draft.kind, &original.kind),
        subject: or(draft.subject, &original.subject),
        time: draft.time.or(Some(original.time)),
        data: draft.data,
    }
}

/// Notes the corrections, makes the rollups again, and tells the audit log and the feed.
async fn apply(
    write: &mut Write,
    events: &[StoredEvent],
    known: &Corrections,
    correction: &Correction,
    replacement: Option<i64>,
) -> Result<(), MeteringError> {
    if events.is_empty() {
        return Ok(());
    }
    let project = write.context().project;
    let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
    store::correction::insert(write.tx(), project, &positions, correction, replacement).await?;
    roll_up_again(write, events).await?;
    let kind = match replacement {
        None => "usage_event.voided",
        Some(_) => "usage_event.replaced",
    };
    for event in events {
        let before = convert::event::to_proto(event.clone(), known, String::new(), None);
        let mut about = known.clone();
        about.of.insert(event.seq, correction.clone());
        let after = convert::event::to_proto(event.clone(), &about, String::new(), None);
        let id = format!("{}/{}", event.source, event.id);
        write
            .record(kind, &id, 2, Some(&before), Some(&after))
            .await?;
    }
    announce(write, events).await
}

/// Makes every minute again that an event was in, for the live meters that measured it.
async fn roll_up_again(write: &Write, events: &[StoredEvent]) -> Result<(), MeteringError> {
    let project = write.context().project;
    let kinds: BTreeSet<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let kinds = kinds.into_iter().map(str::to_owned).collect();
    let meters = store::meter::live_of_types(write.tx(), project, kinds).await?;
    if meters.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = meters.iter().map(|meter| meter.id.to_string()).collect();
    // From here on no builder moves, so that what is read next stays true.
    store::recount::disturb(write.tx(), project, &ids).await?;
    merge::lock(write.tx()).await?;
    merge::settle(write.tx(), project, &ids).await?;
    let progress = store::rollup::progress(write.tx(), project, &meters).await?;
    let mut by_kind: BTreeMap<&str, Vec<(&Meter, &Progress)>> = BTreeMap::new();
    for meter in &meters {
        if let Some(progress) = progress.get(&meter.id).filter(|found| found.fits(meter)) {
            let kind = by_kind.entry(&meter.event_type).or_default();
            kind.push((meter, progress));
        }
    }
    let minutes: BTreeSet<(&str, &str, i64)> = events
        .iter()
        .map(|event| {
            let minute = Level::Minute.floor(event.time.as_second());
            (event.kind.as_str(), event.subject.as_str(), minute)
        })
        .collect();
    let mut hours = BTreeSet::new();
    for key in minutes {
        if let Some(meters) = by_kind.get(key.0) {
            store::recount::minute(write.tx(), project, meters, key).await?;
            hours.insert((key.0, key.1, Level::Hour.floor(key.2)));
        }
    }
    for (kind, subject, hour) in hours {
        if let Some(meters) = by_kind.get(kind) {
            store::recount::hour(write.tx(), project, meters, (subject, hour)).await?;
        }
    }
    Ok(())
}

/// Tells the feed, once a call.
async fn announce(write: &mut Write, events: &[StoredEvent]) -> Result<(), MeteringError> {
    let texts = |read: fn(&StoredEvent) -> &String| -> Vec<String> {
        let texts: BTreeSet<&String> = events.iter().map(read).collect();
        texts.into_iter().cloned().collect()
    };
    let subjects = texts(|event| &event.subject);
    for event in events {
        freshness::touch(write, &event.subject, [event.time]);
    }
    let corrected = pb::UsageChanged {
        subject_keys: subjects,
        event_types: texts(|event| &event.kind),
        from_time: events.iter().map(|event| event.time).min().map(timestamp),
        event_count: i64::try_from(events.len()).unwrap_or(i64::MAX),
    };
    let id: EventId = chassis::id::next();
    write
        .event("usage.changed", &id.to_string(), 1, &corrected)
        .await?;
    Ok(())
}

//! The items of a subscription with its add-ons: each segment of each add-on splits what it meets and fills what it finds
//! empty. Always computed anew from the items without add-ons, so that taking one back leaves no trace; a version that
//! comes out as it was before keeps its id.

use jiff::Timestamp;
use kernel::calendar::CalendarError;
use kernel::id::{ItemId, Ulid};

use super::super::rate_card::RateCard;
use super::super::refusal::Refusal;
use super::super::subscription::{ItemVersion, Phase, Subscription, Timeline};
use super::super::timeline::PhaseTimes;
use super::card::{merge, multiply};

/// A part of an item's timeline, in absolute times; `Timestamp::MAX`: open.
#[derive(Clone, Debug)]
struct Piece {
    start: Timestamp,
    end: Timestamp,
    card: RateCard,
    /// The version without add-ons that it comes from; `None`: made by an add-on.
    origin: Option<ItemId>,
}

/// The pieces of one key.
struct Track {
    key: String,
    pieces: Vec<Piece>,
}

/// The phases that come of `base` with the add-ons of `subscription`, whose phases are those before this change.
pub fn merged(
    subscription: &Subscription,
    base: &[Phase],
    now: Timestamp,
    mint: &mut dyn FnMut() -> Ulid,
) -> Result<Vec<Phase>, Refusal> {
    // Times without the end: what is cut away can come back.
    let clean = Subscription {
        phases: base.to_vec(),
        ..subscription.clone()
    };
    let times = clean.times_until(None)?;
    let mut phases = Vec::with_capacity(base.len());
    for (phase, times) in base.iter().zip(&times) {
        let mut tracks = tracks_of(phase, times);
        for addon in &subscription.addons {
            for segment in addon
                .segments()
                .iter()
                .filter(|segment| segment.quantity > 0)
            {
                let Some(window) = segment.period.intersect(&times.period) else {
                    continue;
                };
                let window = (window.start, window.end.unwrap_or(Timestamp::MAX));
                for card in &addon.cards {
                    lay(&mut tracks, card, segment.quantity, window)?;
                }
            }
        }
        // What stood there before this change, then what stands there without add-ons.
        let before = subscription
            .phases
            .iter()
            .find(|before| before.key == phase.key);
        let known = |key: &str| -> Vec<ItemVersion> {
            let timelines = before
                .iter()
                .chain([&phase])
                .flat_map(|phase| &phase.timelines);
            timelines
                .filter(|known| known.key == key)
                .flat_map(|known| known.versions.clone())
                .collect()
        };
        let timelines = tracks
            .into_iter()
            .map(|track| timeline(known(&track.key), track, times, now, mint))
            .collect::<Result<_, _>>()?;
        phases.push(Phase {
            timelines,
            ..phase.clone()
        });
    }
    Ok(phases)
}

fn tracks_of(phase: &Phase, times: &PhaseTimes) -> Vec<Track> {
    phase
        .timelines
        .iter()
        .zip(&times.items)
        .map(|(timeline, periods)| Track {
            key: timeline.key.clone(),
            pieces: timeline
                .versions
                .iter()
                .zip(periods)
                .map(|(version, period)| Piece {
                    start: period.start,
                    end: period.end.unwrap_or(Timestamp::MAX),
                    card: version.card.clone(),
                    origin: Some(version.id),
                })
                .collect(),
        })
        .collect()
}

/// Lays so many units of a card over a window.
fn lay(
    tracks: &mut Vec<Track>,
    card: &RateCard,
    quantity: i32,
    (start, end): (Timestamp, Timestamp),
) -> Result<(), Refusal> {
    let index = match tracks.iter().position(|track| track.key == card.key) {
        Some(index) => index,
        None => {
            tracks.push(Track {
                key: card.key.clone(),
                pieces: Vec::new(),
            });
            tracks.len() - 1
        }
    };
    let mut laid = Vec::new();
    let mut free_from = start;
    let alone = |from: Timestamp, to: Timestamp| {
        let card = multiply(card, quantity)?;
        Ok::<_, Refusal>(Piece {
            start: from,
            end: to,
            card,
            origin: None,
        })
    };
    for piece in std::mem::take(&mut tracks[index].pieces) {
        let (from, to) = (piece.start.max(start), piece.end.min(end));
        if from >= to {
            laid.push(piece);
            continue;
        }
        if free_from < from {
            laid.push(alone(free_from, from)?);
        }
        free_from = to;
        if piece.start < from {
            laid.push(Piece {
                end: from,
                ..piece.clone()
            });
        }
        let card = merge(&piece.card, card, quantity)?;
        laid.push(Piece {
            start: from,
            end: to,
            card,
            origin: piece.origin,
        });
        if to < piece.end {
            laid.push(Piece { start: to, ..piece });
        }
    }
    if free_from < end {
        laid.push(alone(free_from, end)?);
    }
    laid.sort_by_key(|piece| (piece.start, piece.end));
    tracks[index].pieces = joined(laid);
    Ok(())
}

/// Joins neighbours that are the same again. Two versions of an edit have two origins, so they stay two.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match joined.last_mut() {
            Some(last)
                if last.end == piece.start
                    && last.origin == piece.origin
                    && last.card == piece.card =>
            {
                last.end = piece.end;
            }
            Some(_) | None => joined.push(piece),
        }
    }
    joined
}

/// The pieces as stored versions; one that stood there before, with the same card and start, keeps its id.
fn timeline(
    mut known: Vec<ItemVersion>,
    track: Track,
    times: &PhaseTimes,
    now: Timestamp,
    mint: &mut dyn FnMut() -> Ulid,
) -> Result<Timeline, CalendarError> {
    let phase_end = times.period.end.unwrap_or(Timestamp::MAX);
    let distance = |at: Timestamp| times.period.start.duration_until(at);
    let mut versions = Vec::with_capacity(track.pieces.len());
    for piece in track.pieces {
        let starts_after = (piece.start != times.period.start).then(|| distance(piece.start));
        let ends_after = (piece.end != phase_end).then(|| distance(piece.end));
        let same =
            |known: &ItemVersion| known.starts_after == starts_after && known.card == piece.card;
        let before = known.iter().position(same).map(|place| known.remove(place));
        if let Some(before) = &before {
            known.retain(|known| known.id != before.id);
        }
        let unchanged = before
            .as_ref()
            .filter(|before| before.ends_after == ends_after);
        versions.push(ItemVersion {
            updated_at: unchanged.map_or(now, |before| before.updated_at),
            created_at: before.as_ref().map_or(now, |before| before.created_at),
            id: before.map_or_else(|| ItemId::from_ulid(mint()), |before| before.id),
            card: piece.card,
            starts_after,
            ends_after,
        });
    }
    Ok(Timeline {
        key: track.key,
        versions,
    })
}

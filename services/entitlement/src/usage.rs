//! Usage of many spans, asked sparingly: what stands in memory is not asked again, and where a question has
//! many spans, stretches in which nothing was reported are found first and not looked into.

use std::ops::Range;

use chassis::Context;
use kernel::{Decimal, Timestamp, id::EntitlementId, period::Period};

use crate::{
    clients::{Clients, UsageQuestion},
    error::EntitlementError,
    memory::{Memory, PieceStamp},
    pieces::{self, Piece},
};

/// Spans up to which a question is asked as it is.
const PLAIN_MAX: usize = 128;
/// Parts that a stretch is cut into.
const PARTS: usize = 32;
/// Rounds until every stretch is a span: 32 to the fourth is far beyond any question.
const ROUNDS_MAX: usize = 8;

/// A question whose usage is taken from pieces: per span its pieces with what is known of them.
type Cut = Vec<Vec<(Piece, PieceStamp, Option<Option<Decimal>>)>>;

/// Usage of all spans of all questions, in the shape of the questions. `of` names the entitlement of each
/// question; one that is asked often is put together from pieces, of which only those are asked that are
/// new or old.
pub async fn ask_for(
    memory: &Memory,
    context: &Context,
    questions: &[UsageQuestion<'_>],
    of: &[EntitlementId],
) -> Result<Vec<Vec<Option<Decimal>>>, EntitlementError> {
    let now = context.now;
    let mut cuts = Vec::with_capacity(questions.len());
    for (question, id) in questions.iter().zip(of) {
        cuts.push(cut_question(memory, context, question, *id).await);
    }
    if cuts.iter().all(Option::is_none) {
        return ask(&memory.clients, context, questions, now).await;
    }
    let asked: Vec<UsageQuestion<'_>> = questions
        .iter()
        .zip(&cuts)
        .map(|(question, cut)| match cut {
            None => question.clone(),
            Some(cut) => UsageQuestion {
                spans: missing(cut).map(|(piece, _)| piece.period).collect(),
                ..question.clone()
            },
        })
        .collect();
    let answers = if asked.iter().all(|question| question.spans.is_empty()) {
        vec![Vec::new(); asked.len()]
    } else {
        ask(&memory.clients, context, &asked, now).await?
    };
    let mut found = Vec::with_capacity(questions.len());
    for (((question, id), cut), answer) in questions.iter().zip(of).zip(cuts).zip(answers) {
        let Some(cut) = cut else {
            found.push(answer);
            continue;
        };
        for ((piece, stamp), value) in missing(&cut).zip(&answer) {
            memory.keep_piece(context, *id, piece, *stamp, *value).await;
        }
        let mut new = answer.into_iter();
        let mut spans = Vec::with_capacity(cut.len());
        for pieces in cut {
            let values: Vec<Option<Decimal>> = pieces
                .into_iter()
                .map(|(_, _, known)| known.unwrap_or_else(|| new.next().flatten()))
                .collect();
            spans.push(pieces::join(&values, question.source.aggregation)?);
        }
        found.push(spans);
    }
    Ok(found)
}

/// The pieces that must be asked, in order.
fn missing(cut: &Cut) -> impl Iterator<Item = (&Piece, &PieceStamp)> {
    let all = cut.iter().flatten();
    all.filter(|(_, _, known)| known.is_none())
        .map(|(piece, stamp, _)| (piece, stamp))
}

/// A question in pieces, if it is worth that.
async fn cut_question(
    memory: &Memory,
    context: &Context,
    question: &UsageQuestion<'_>,
    id: EntitlementId,
) -> Option<Cut> {
    if !memory.is_asked_often(context, id).await {
        return None;
    }
    let aggregation = question.source.aggregation;
    let mut cut = Cut::with_capacity(question.spans.len());
    for pieces in pieces::cut(&question.spans, aggregation, context.now)? {
        let mut known = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let found = memory.piece(context, id, question.subjects, &piece).await;
            let (stamp, value) = found?;
            known.push((piece, stamp, value));
        }
        cut.push(known);
    }
    Some(cut)
}

/// Usage of all spans of all questions, in the shape of the questions. What lies after `now` is one
/// stretch at first: most of the time nothing is there.
pub async fn ask(
    clients: &Clients,
    context: &Context,
    questions: &[UsageQuestion<'_>],
    now: Timestamp,
) -> Result<Vec<Vec<Option<Decimal>>>, EntitlementError> {
    if questions
        .iter()
        .all(|question| question.spans.len() <= PLAIN_MAX)
    {
        return clients.usage(context, questions).await;
    }
    let mut answers: Vec<Vec<Option<Decimal>>> = questions
        .iter()
        .map(|question| vec![None; question.spans.len()])
        .collect();
    let mut open: Vec<(usize, Range<usize>)> = Vec::new();
    for (index, question) in questions.iter().enumerate() {
        let ahead = question.spans.partition_point(|span| span.end <= now);
        let behind = if ahead <= PLAIN_MAX {
            ahead.max(1)
        } else {
            PARTS
        };
        open.extend(cut(0..ahead, behind).map(|part| (index, part)));
        open.extend(cut(ahead..question.spans.len(), 1).map(|part| (index, part)));
    }
    for _ in 0..ROUNDS_MAX {
        if open.is_empty() {
            return Ok(answers);
        }
        let stretches: Vec<UsageQuestion<'_>> = open
            .iter()
            .map(|(index, part)| {
                let question = &questions[*index];
                let spans = question.spans.get(part.clone()).unwrap_or_default();
                UsageQuestion {
                    spans: stretch(spans).into_iter().collect(),
                    ..question.clone()
                }
            })
            .collect();
        let found = clients.usage(context, &stretches).await?;
        let mut deeper = Vec::new();
        for ((index, part), answer) in open.into_iter().zip(found) {
            let answer = answer.into_iter().next().flatten();
            if part.len() == 1 {
                answers[index][part.start] = answer;
            } else if questions[index].source.aggregation.is_nothing(answer) {
                answers[index][part].fill(answer);
            } else {
                deeper.extend(cut(part, PARTS).map(|part| (index, part)));
            }
        }
        open = deeper;
    }
    Err(EntitlementError::UsageMismatch)
}

/// The stretch from the first to the last of some spans, which are in order.
fn stretch(spans: &[Period]) -> Option<Period> {
    Some(Period {
        start: spans.first()?.start,
        end: spans.last()?.end,
    })
}

/// A range in at most `parts` pieces, none empty.
fn cut(range: Range<usize>, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let size = range.len().div_ceil(parts).max(1);
    let end = range.end;
    range
        .step_by(size)
        .map(move |start| start..(start + size).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_a_range_once() {
        for (length, parts) in [(0, 3), (1, 3), (7, 3), (100, 32), (129, 128), (5, 1)] {
            let pieces: Vec<Range<usize>> = cut(10..10 + length, parts).collect();
            let all: Vec<usize> = pieces.iter().cloned().flatten().collect();
            assert_eq!(all, (10..10 + length).collect::<Vec<_>>());
            assert!(pieces.len() <= parts && pieces.iter().all(|piece| !piece.is_empty()));
        }
    }
}

//! Work that calls leave behind for a worker: telling others what was committed. While it is fresh it is left to the call, which
//! does it at once; what fails is put off, each time for longer.

use std::collections::BTreeMap;

use chassis::clock::system_now;
use chassis::db::micros;
use jiff::{SignedDuration, Timestamp};
use kernel::id::ProjectId;
use sea_orm::{ColumnTrait, Condition};

/// How long a worker leaves fresh work to the call that left it behind.
const HEAD_START: SignedDuration = SignedDuration::from_secs(15);
/// Pause after the first failure, in microseconds.
const PAUSE_MICROS: i64 = 1_000_000;

/// The system time from which a worker may do what is left behind now.
pub fn free_at() -> Timestamp {
    let now = system_now();
    now.checked_add(HEAD_START).unwrap_or(now)
}

/// When it is a worker's turn. What was left behind before the worker was made is not left to the call any more: that died with its
/// process, or can stand being overtaken.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    fresh_until: Timestamp,
}

impl Turn {
    /// Of a worker that is made now.
    pub fn new() -> Self {
        Self {
            fresh_until: free_at(),
        }
    }

    /// The condition that work may be done now.
    pub fn is_due(self, attempts: impl ColumnTrait, next_attempt: impl ColumnTrait) -> Condition {
        let [now, fresh_until] = self.limits();
        let untried = Condition::all()
            .add(attempts.eq(0))
            .add(next_attempt.lte(fresh_until));
        Condition::any().add(next_attempt.lte(now)).add(untried)
    }

    /// What may be tried again up to, and what may be tried for the first time up to, in microseconds.
    pub fn limits(self) -> [i64; 2] {
        [micros(system_now()), micros(self.fresh_until)]
    }
}

/// How often work that failed was tried by then, and when it may be tried again, in microseconds of system time; the pause is never longer
/// than `longest`.
pub fn put_off(attempts: i32, longest: SignedDuration) -> (i32, i64) {
    let next = micros(system_now()).saturating_add(pause(attempts, longest));
    (attempts.saturating_add(1), next)
}

fn pause(attempts: i32, longest: SignedDuration) -> i64 {
    let longest = i64::try_from(longest.as_micros()).unwrap_or(i64::MAX);
    let doubled = u32::try_from(attempts)
        .ok()
        .and_then(|attempts| 2_i64.checked_pow(attempts))
        .and_then(|factor| PAUSE_MICROS.checked_mul(factor));
    doubled.unwrap_or(longest).min(longest)
}

/// Projects of work, and since when the oldest of each waits.
pub fn oldest(
    work: impl IntoIterator<Item = (ProjectId, Timestamp)>,
) -> Vec<(ProjectId, Timestamp)> {
    let mut projects = BTreeMap::new();
    for (project, since) in work {
        let oldest = projects.entry(project).or_insert(since);
        *oldest = since.min(*oldest);
    }
    projects.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let longest = SignedDuration::from_secs(15);
        let seconds = |attempts| pause(attempts, longest) / PAUSE_MICROS;
        let found = [0, 1, 2, 3, 4, 40, i32::MAX].map(seconds);
        assert_eq!(found, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(put_off(3, longest).0, 4);
    }

    #[test]
    fn the_oldest_work_of_each_project_counts() {
        let project = |number| ProjectId::from_ulid(kernel::id::Ulid(number));
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        let work = [
            (project(2), at(5)),
            (project(1), at(9)),
            (project(2), at(3)),
        ];
        assert_eq!(oldest(work), [(project(1), at(9)), (project(2), at(3))]);
    }
}

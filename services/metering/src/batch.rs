//! Batches of questions about usage, and which of them one scan answers: those of one asker that follow one another
//! without a gap, and those of many askers about the same meter, filters and spans.

use std::collections::{HashMap, HashSet};

use chassis::Db;
use contract::{convert::decimal, metering::v1 as pb};
use kernel::id::ProjectId;
use prost::Message as _;

use crate::{
    answer,
    convert::{self, query::Plan},
    domain::{
        meter::Meter,
        query::{NoAnswer, Row},
    },
    error::MeteringError,
};

/// Most subjects of one scan; an asker with more has one of its own.
const SUBJECTS_MAX: usize = 20_000;

/// Questions of one asker: about the usage of some subjects in adjoining spans.
#[derive(Debug)]
struct Asked {
    /// Place of the first one in the batch; the others follow it.
    first: usize,
    subjects: Vec<String>,
}

/// Questions that one scan answers.
#[derive(Debug)]
pub struct Run {
    /// The meter that they are about.
    pub meter: Meter,
    plans: Vec<Plan>,
    asked: Vec<Asked>,
}

/// A batch, sorted out.
#[derive(Debug)]
pub struct Batch {
    /// What has to be scanned.
    pub runs: Vec<Run>,
    /// An answer to each question, as if there were no usage.
    pub results: Vec<pb::UsageResult>,
}

/// Questions of one asker, and what they have in common with those of others.
struct Chain {
    meter: Meter,
    plans: Vec<Plan>,
    asked: Asked,
    key: Vec<u8>,
    windows: bool,
}

impl Batch {
    /// Sorts the questions of a batch out.
    pub fn of(
        queries: &[pb::UsageQuery],
        meters: &HashMap<String, Meter>,
    ) -> Result<Self, MeteringError> {
        let mut results = Vec::with_capacity(queries.len());
        let mut chains: Vec<Chain> = Vec::new();
        let mut before: Option<&pb::UsageQuery> = None;
        for (index, query) in queries.iter().enumerate() {
            let meter = meters
                .get(&query.meter_id)
                .ok_or_else(|| MeteringError::MeterNotFound(query.meter_id.clone()))?;
            let windows = query.window_size != 0;
            results.push(convert::query::to_empty_result(meter, windows));
            let last = before.replace(query);
            let Some(plan) = convert::query::from_usage_query(index, query, meter)? else {
                continue;
            };
            let alike = last.is_some_and(|last| {
                last.meter_id == query.meter_id
                    && last.subject_keys == query.subject_keys
                    && last.group_by_filters == query.group_by_filters
            });
            let key = pb::UsageQuery {
                subject_keys: Vec::new(),
                ..query.clone()
            }
            .encode_length_delimited_to_vec();
            if let Some(chain) = chains.last_mut().filter(|chain| {
                let follows = chain.asked.first + chain.plans.len() == index;
                let adjoins = |last: &Plan| answer::adjoin(last, &plan);
                alike && follows && chain.plans.last().is_some_and(adjoins)
            }) {
                chain.plans.push(plan);
                chain.key.extend(key);
                continue;
            }
            chains.push(Chain {
                meter: meter.clone(),
                plans: vec![plan],
                asked: Asked {
                    first: index,
                    subjects: query.subject_keys.clone(),
                },
                key,
                windows,
            });
        }
        Ok(Self {
            runs: together(chains),
            results,
        })
    }
}

/// Puts the questions of many askers together. A row says whose usage it is, so nobody's subject may be another's; and
/// windows would make more rows than a query may have.
fn together(chains: Vec<Chain>) -> Vec<Run> {
    let mut runs: Vec<(Run, HashSet<String>)> = Vec::new();
    let mut known: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for chain in chains {
        let places = known.entry(chain.key).or_default();
        let subjects = &chain.asked.subjects;
        let found = places.iter().copied().find(|place| {
            runs.get(*place).is_some_and(|(_, taken)| {
                !chain.windows
                    && taken.len() + subjects.len() <= SUBJECTS_MAX
                    && !subjects.iter().any(|subject| taken.contains(subject))
            })
        });
        if let Some((run, taken)) = found.and_then(|place| runs.get_mut(place)) {
            taken.extend(subjects.iter().cloned());
            run.asked.push(chain.asked);
            continue;
        }
        places.push(runs.len());
        let taken = subjects.iter().cloned().collect();
        let run = Run {
            meter: chain.meter,
            plans: chain.plans,
            asked: vec![chain.asked],
        };
        runs.push((run, taken));
    }
    runs.into_iter().map(|(run, _)| run).collect()
}

impl Run {
    /// The answers, each with the place of its question; those that are not there are as if there were no usage.
    pub async fn answer(
        &self,
        db: &Db,
        project: ProjectId,
    ) -> Result<Vec<(usize, pb::UsageResult)>, MeteringError> {
        if self.asked.len() > 1 {
            match self.answer_together(db, project).await {
                // Too much for one query is not too much for each of them.
                Err(MeteringError::NoAnswer(NoAnswer::TooManyRows | NoAnswer::TooManyValues)) => {}
                answered => return answered,
            }
        }
        let mut results = Vec::with_capacity(self.asked.len() * self.plans.len());
        for asked in &self.asked {
            let mut plans = self.plans.clone();
            for plan in &mut plans {
                plan.span.subjects = Some(asked.subjects.clone());
            }
            let rows = answer::run(db, project, &self.meter, &plans, None).await?;
            for (index, (plan, rows)) in plans.iter().zip(rows).enumerate() {
                let result = convert::query::to_result(&plan.query, rows);
                results.push((asked.first + index, result));
            }
        }
        Ok(results)
    }

    async fn answer_together(
        &self,
        db: &Db,
        project: ProjectId,
    ) -> Result<Vec<(usize, pb::UsageResult)>, MeteringError> {
        let askers = || {
            self.asked.iter().enumerate().flat_map(|(number, asked)| {
                let subjects = asked.subjects.iter().cloned();
                subjects.map(move |subject| (subject, number.to_string()))
            })
        };
        let mut plans = self.plans.clone();
        for plan in &mut plans {
            plan.span.subjects = Some(askers().map(|(subject, _)| subject).collect());
            plan.query.customers = Some(askers().collect());
        }
        let spans = answer::run(db, project, &self.meter, &plans, None).await?;
        let mut results = Vec::with_capacity(self.asked.len() * self.plans.len());
        for (index, rows) in spans.into_iter().enumerate() {
            for row in rows {
                let first = self.asker(&row)?.first;
                let result = pb::UsageResult {
                    value: Some(decimal(row.value)),
                    windows: Vec::new(),
                };
                results.push((first + index, result));
            }
        }
        Ok(results)
    }

    /// Whose usage a row is.
    fn asker(&self, row: &Row) -> Result<&Asked, MeteringError> {
        let number = row.customer.as_deref().and_then(|text| text.parse().ok());
        number
            .and_then(|number: usize| self.asked.get(number))
            .ok_or(MeteringError::Corrupt {
                what: "asker of usage",
            })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::{aggregate::Aggregation, meter::MeterDraft};

    const METER: &str = "meter";

    fn meters() -> HashMap<String, Meter> {
        let draft = MeterDraft {
            slug: "calls".into(),
            event_type: "call".into(),
            aggregation: Some(Aggregation::Count),
            group_by: BTreeMap::from([("model".into(), "$.model".into())]),
            ..MeterDraft::default()
        };
        let id = kernel::id::MeterId::from_ulid(kernel::id::Ulid::nil());
        let meter = Meter::new(id, draft, kernel::Timestamp::UNIX_EPOCH).unwrap();
        HashMap::from([(METER.to_owned(), meter)])
    }

    fn ask(subjects: &[&str], hours: std::ops::Range<i64>) -> pb::UsageQuery {
        let time = |hour: i64| prost_types::Timestamp {
            seconds: hour * 3_600,
            nanos: 0,
        };
        pb::UsageQuery {
            meter_id: METER.to_owned(),
            subject_keys: subjects
                .iter()
                .map(|subject| (*subject).to_owned())
                .collect(),
            start_time: Some(time(hours.start)),
            end_time: Some(time(hours.end)),
            ..Default::default()
        }
    }

    /// Per run the places of the first questions of its askers.
    fn firsts(queries: &[pb::UsageQuery]) -> Vec<Vec<usize>> {
        let batch = Batch::of(queries, &meters()).unwrap();
        assert_eq!(batch.results.len(), queries.len());
        let of = |run: &Run| run.asked.iter().map(|asked| asked.first).collect();
        batch.runs.iter().map(of).collect()
    }

    #[test]
    fn a_thousand_customers_are_one_scan_for_each_span() {
        let names: Vec<String> = (0..500).map(|number| format!("c-{number}")).collect();
        let month = names.iter().map(|name| ask(&[name], 0..744));
        let day = names.iter().map(|name| ask(&[name], 0..24));
        let queries: Vec<pb::UsageQuery> = month.chain(day).collect();
        let found = firsts(&queries);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], (0..500).collect::<Vec<_>>());
        assert_eq!(found[1], (500..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn spans_that_follow_one_another_stay_together_for_each_asker() {
        let queries = [
            ask(&["a"], 0..1),
            ask(&["a"], 1..2),
            ask(&["b"], 0..1),
            ask(&["b"], 1..2),
            ask(&["c"], 0..1),
        ];
        assert_eq!(firsts(&queries), [vec![0, 2], vec![4]]);
    }

    #[test]
    fn who_shares_a_subject_is_asked_about_apart() {
        let queries = [
            ask(&["a", "shared"], 0..1),
            ask(&["b", "shared"], 0..1),
            ask(&["c"], 0..1),
            ask(&[], 0..1),
        ];
        assert_eq!(firsts(&queries), [vec![0, 2, 3], vec![1]]);
    }

    #[test]
    fn windows_filters_and_empty_spans_are_kept_apart() {
        let windows = |subject: &str| pb::UsageQuery {
            window_size: pb::WindowSize::Hour.into(),
            ..ask(&[subject], 0..2)
        };
        let filtered = |subject: &str, value: &str| pb::UsageQuery {
            group_by_filters: [(
                "model".to_owned(),
                pb::FilterString {
                    operator: Some(pb::filter_string::Operator::Equals(value.to_owned())),
                },
            )]
            .into(),
            ..ask(&[subject], 0..2)
        };
        let queries = [
            windows("a"),
            windows("b"),
            filtered("a", "m1"),
            filtered("b", "m1"),
            filtered("c", "m2"),
            ask(&["a"], 2..2),
        ];
        assert_eq!(firsts(&queries), [vec![0], vec![1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn too_many_subjects_are_two_scans() {
        let many: Vec<String> = (0..SUBJECTS_MAX).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(
            firsts(&[ask(&many, 0..1), ask(&["other"], 0..1)]),
            [vec![0], vec![1]]
        );
    }
}

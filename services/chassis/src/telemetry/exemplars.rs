//! Exemplars: for each bucket of a measured duration, a trace that fell into it, told in the OpenMetrics form of `/metrics`.
//! The recorder of metrics knows none, so they are kept beside it and put into its text.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use kernel::Timestamp;
use metrics::Label;
use opentelemetry::trace::TraceId;

use super::DURATION_BUCKETS;

/// A place for each bucket, that without an upper bound included.
type Buckets = [Option<Exemplar>; DURATION_BUCKETS.len() + 1];

/// Those of this process. There are as many series as the recorder has.
static KEPT: LazyLock<Exemplars> = LazyLock::new(Exemplars::default);

#[derive(Default)]
struct Exemplars(Mutex<HashMap<String, Buckets>>);

#[derive(Clone, Copy)]
struct Exemplar {
    trace: TraceId,
    seconds: f64,
    time: Timestamp,
}

/// Notes that a trace took so long in a series.
pub fn keep(name: &str, labels: &[Label], trace: TraceId, seconds: f64, time: Timestamp) {
    KEPT.keep(
        head(name, labels),
        Exemplar {
            trace,
            seconds,
            time,
        },
    );
}

/// The text of the recorder as OpenMetrics, with exemplars.
pub fn openmetrics(text: &str) -> String {
    KEPT.openmetrics(text)
}

/// How the lines of a series' buckets begin, up to their upper bound.
fn head(name: &str, labels: &[Label]) -> String {
    let mut head = format!("{name}_bucket{{");
    for label in labels {
        let value = label.value();
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        // Writing into a text cannot fail.
        let _ = write!(head, "{}=\"{value}\",", label.key());
    }
    head
}

impl Exemplars {
    fn kept(&self) -> MutexGuard<'_, HashMap<String, Buckets>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, head: String, exemplar: Exemplar) {
        let place = DURATION_BUCKETS
            .iter()
            .position(|bound| exemplar.seconds <= *bound)
            .unwrap_or(DURATION_BUCKETS.len());
        let mut kept = self.kept();
        let buckets = kept.entry(head).or_insert([None; _]);
        if let Some(bucket) = buckets.get_mut(place) {
            *bucket = Some(exemplar);
        }
    }

    fn of(&self, head: &str, bound: &str) -> Option<Exemplar> {
        let place = match bound {
            "+Inf" => DURATION_BUCKETS.len(),
            bound => {
                let bound: f64 = bound.parse().ok()?;
                let is_it = |known: &f64| known.total_cmp(&bound).is_eq();
                DURATION_BUCKETS.iter().position(is_it)?
            }
        };
        *self.kept().get(head)?.get(place)?
    }

    fn openmetrics(&self, text: &str) -> String {
        let mut answer = String::with_capacity(text.len() + text.len() / 4);
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("# ").map(|told| told.splitn(3, ' ')) {
                Some(mut words) => {
                    // What a counter counts has a name without the end that its sample has.
                    let (what, name) = (words.next(), words.next().unwrap_or_default());
                    let family = name.strip_suffix("_total").unwrap_or(name);
                    let rest = words.next().unwrap_or_default();
                    let _ = writeln!(answer, "# {} {family} {rest}", what.unwrap_or_default());
                }
                None => self.sample(&mut answer, line),
            }
        }
        answer.push_str("# EOF\n");
        answer
    }

    /// A line with a number: upper bounds are written as floating-point numbers, and behind a bucket stands its exemplar.
    fn sample(&self, answer: &mut String, line: &str) {
        let bucket = line.split_once("le=\"").and_then(|(head, rest)| {
            let (bound, count) = rest.split_once("\"} ")?;
            Some((head, bound, count))
        });
        let Some((head, bound, count)) = bucket else {
            answer.push_str(line);
            answer.push('\n');
            return;
        };
        let whole = bound.bytes().all(|byte| byte.is_ascii_digit());
        let fraction = if whole { ".0" } else { "" };
        let _ = write!(answer, "{head}le=\"{bound}{fraction}\"}} {count}");
        if let Some(Exemplar {
            trace,
            seconds,
            time,
        }) = self.of(head, bound)
        {
            let (second, micro) = (time.as_second(), time.subsec_microsecond());
            let _ = write!(
                answer,
                " # {{trace_id=\"{trace}\"}} {seconds} {second}.{micro:06}"
            );
        }
        answer.push('\n');
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_bucket_shows_the_last_trace_that_fell_into_it() {
        let kept = Exemplars::default();
        let labels = [Label::new("service", "billing"), Label::new("code", "a\"b")];
        let at = |seconds: f64, trace: u128, second: i64| {
            let exemplar = Exemplar {
                trace: TraceId::from(trace),
                seconds,
                time: Timestamp::new(second, 5_000).unwrap(),
            };
            kept.keep(head("took_seconds", &labels), exemplar);
        };
        at(0.0004, 1, 100);
        at(0.001, 2, 200);
        at(0.7, 3, 300);
        at(99.5, 4, 400);
        let text = "# HELP calls_total How many calls\n# TYPE calls_total counter\ncalls_total{service=\"billing\"} 4\n\n\
                    # TYPE lag_seconds gauge\nlag_seconds 0.5\n\n\
                    # HELP took_seconds How long\n# TYPE took_seconds histogram\n\
                    took_seconds_bucket{service=\"billing\",code=\"a\\\"b\",le=\"0.001\"} 2\n\
                    took_seconds_bucket{service=\"billing\",code=\"a\\\"b\",le=\"1\"} 3\n\
                    took_seconds_bucket{service=\"billing\",code=\"a\\\"b\",le=\"+Inf\"} 4\n\
                    took_seconds_bucket{service=\"other\",code=\"a\\\"b\",le=\"1\"} 3\n\
                    took_seconds_sum{service=\"billing\",code=\"a\\\"b\"} 100.2014\n\
                    took_seconds_count{service=\"billing\",code=\"a\\\"b\"} 4\n\n";
        let trace = |last: u8| format!("{last:032x}");
        let expected = format!(
            "# HELP calls How many calls\n# TYPE calls counter\ncalls_total{{service=\"billing\"}} 4\n\
             # TYPE lag_seconds gauge\nlag_seconds 0.5\n\
             # HELP took_seconds How long\n# TYPE took_seconds histogram\n\
             took_seconds_bucket{{service=\"billing\",code=\"a\\\"b\",le=\"0.001\"}} 2 # {{trace_id=\"{}\"}} 0.001 200.000005\n\
             took_seconds_bucket{{service=\"billing\",code=\"a\\\"b\",le=\"1.0\"}} 3 # {{trace_id=\"{}\"}} 0.7 300.000005\n\
             took_seconds_bucket{{service=\"billing\",code=\"a\\\"b\",le=\"+Inf\"}} 4 # {{trace_id=\"{}\"}} 99.5 400.000005\n\
             took_seconds_bucket{{service=\"other\",code=\"a\\\"b\",le=\"1.0\"}} 3\n\
             took_seconds_sum{{service=\"billing\",code=\"a\\\"b\"}} 100.2014\n\
             took_seconds_count{{service=\"billing\",code=\"a\\\"b\"}} 4\n# EOF\n",
            trace(2),
            trace(3),
            trace(4)
        );
        assert_eq!(kept.openmetrics(text), expected);
    }
}

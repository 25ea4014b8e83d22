//! What alerts and dashboards ask for is what a running installation tells: each metric, with each label, and with the value
//! where a value is asked for.

use std::{collections::BTreeMap, path::Path, time::Duration};

use contract::notification::v1 as notification;
use perennial_sdk::Client;
use serde_json::Value;
use suite::{Installation, Nats};

use crate::resilience::setup::{company, customer, event, eventually, send, subscribe};

const RULES: &str = include_str!("../../../k8s/components/monitoring/rules.yaml");
const DASHBOARDS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../k8s/components/monitoring/dashboards"
);
/// An authority, and a certificate of it for `localhost`.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/tls");
const SETTINGS: &str = "allow_private_webhooks = true\n[subscription]\nrevenue_metrics = true\n";
const LIMIT: Duration = Duration::from_secs(90);

/// A metric as it is asked for or told: its name and its labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    labels: BTreeMap<String, Wanted>,
}

/// What is wanted of a label, or known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Value(String),
    /// A pattern, or a value that it must not have: what is in it is a matter of the day.
    Any,
}

/// The series of ours that a text names. A label in `by (…)` is wanted of all series of the text.
fn series(text: &str) -> Vec<Series> {
    let grouped: Vec<&str> = text
        .split("by (")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .flat_map(|(labels, _)| labels.split(','))
        .map(str::trim)
        .filter(|label| *label != "le")
        .collect();
    text.match_indices("perennial_")
        .map(|(start, _)| {
            let rest = &text[start..];
            let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_');
            let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
            let inside = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let mut labels = labels(inside.map_or("", |(inside, _)| inside));
            for label in &grouped {
                labels.entry((*label).to_owned()).or_insert(Wanted::Any);
            }
            Series {
                name: name.to_owned(),
                labels,
            }
        })
        .collect()
}

/// `a="x",b=~"y"`; no value has a quote in it.
fn labels(text: &str) -> BTreeMap<String, Wanted> {
    let parts: Vec<&str> = text.split('"').collect();
    let pairs = parts.chunks_exact(2).map(|pair| {
        let name = pair[0].trim_start_matches(',').trim();
        let label = name.trim_end_matches(['=', '!', '~']);
        let wanted = if name.strip_prefix(label) == Some("=") {
            Wanted::Value(pair[1].to_owned())
        } else {
            Wanted::Any
        };
        (label.to_owned(), wanted)
    });
    pairs.collect()
}

impl Series {
    /// Whether what is told answers what is asked for.
    fn answers(&self, asked: &Self) -> bool {
        self.name == asked.name
            && asked
                .labels
                .iter()
                .all(|(label, wanted)| match (self.labels.get(label), wanted) {
                    (Some(told), Wanted::Value(_)) => told == wanted,
                    (Some(_), Wanted::Any) => true,
                    (None, _) => false,
                })
    }
}

/// Everything that rules and dashboards ask for.
fn asked() -> Vec<Series> {
    // An expression of a rule ends where its next field begins.
    let mut expressions: Vec<String> = RULES
        .split("expr:")
        .skip(1)
        .filter_map(|rest| rest.split_once("labels:"))
        .map(|(expression, _)| expression.to_owned())
        .collect();
    assert!(expressions.len() >= 10, "{expressions:?}");
    for file in std::fs::read_dir(DASHBOARDS).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                expressions.push(target["expr"].as_str().unwrap().to_owned());
            }
        }
    }
    let mut asked: Vec<Series> = expressions.iter().flat_map(|text| series(text)).collect();
    asked.sort();
    asked.dedup();
    asked
}

/// Something of everything: customers, a subscription, usage, an invoice, a webhook that fails.
async fn work(client: &Client) {
    company(client).await;
    let id = customer(client, "acme", "").await.unwrap();
    send(client, vec![event("1", "acme")]).await.unwrap();
    subscribe(client, &id, "").await.unwrap();
    let channel = notification::Channel {
        name: "nobody".into(),
        target: Some(notification::channel::Target::Webhook(
            notification::Webhook {
                url: "http://127.0.0.1:9/".into(),
                ..Default::default()
            },
        )),
        ..Default::default()
    };
    let request = notification::CreateChannelRequest {
        channel: Some(channel),
        request_id: String::new(),
    };
    let answer = client.channels().create_channel(request).await.unwrap();
    let rule = notification::Rule {
        name: "reset".into(),
        event_type: notification::EventType::EntitlementReset.into(),
        channels: vec![notification::RuleChannel {
            id: answer.into_inner().channel.unwrap().id,
            ..Default::default()
        }],
        ..Default::default()
    };
    let request = notification::CreateRuleRequest {
        rule: Some(rule),
        request_id: String::new(),
    };
    let answer = client.rules().create_rule(request).await.unwrap();
    let request = notification::TestRuleRequest {
        id: answer.into_inner().rule.unwrap().id,
        request_id: String::new(),
    };
    client.rules().test_rule(request).await.unwrap();
    client.advance_clock("P1M").await.unwrap();
}

#[tokio::test]
async fn everything_that_is_watched_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    let key = folder.path().join("server.key.pem");
    let certificates = Path::new(CERTIFICATES);
    std::fs::copy(certificates.join("server.key.pem"), &key).unwrap();
    let certificate = certificates.join("server.pem");
    let mut flags = vec![
        format!("--config={}", settings.display()),
        format!("--grpc-tls-certificate={}", certificate.display()),
        format!("--grpc-tls-key={}", key.display()),
    ];
    let nats = Nats::start().await;
    flags.extend(
        nats.as_ref()
            .map(|nats| format!("--ingest-log={}", nats.url())),
    );
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let installation = Installation::all_in_one_with(&flags).await.unwrap();
    let authority = std::fs::read_to_string(certificates.join("authority.pem")).unwrap();
    work(&installation.client_trusting(&authority)).await;
    let rest = installation.rest();
    assert_eq!(rest.get("/api/v1/customers/acme").await.status, 200);

    let mut asked = asked();
    if nats.is_none() {
        asked.retain(|series| !series.name.starts_with("perennial_ingest_log_"));
    }
    // Feeds are followed, and timers run, behind the scenes.
    eventually(LIMIT, || async {
        let told: Vec<Series> = rest
            .get("/metrics")
            .await
            .text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(series)
            .collect();
        let missing: Vec<&Series> = asked
            .iter()
            .filter(|asked| !told.iter().any(|told| told.answers(asked)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("nobody tells {missing:#?}"))
    })
    .await;

    // What an alert waits for: files that cannot be used.
    std::fs::write(&key, "").unwrap();
    eventually(LIMIT, || async {
        let told = rest.get("/metrics").await.text;
        if told.contains("perennial_tls_files_usable{purpose=\"grpc\"} 0\n") {
            return Ok(());
        }
        Err("the files count as usable".to_owned())
    })
    .await;
    installation.stop().await.unwrap();
}

#[test]
fn what_is_asked_for_is_read_from_an_expression() {
    let asked = series(
        "sum by (kind) (rate(perennial_changes_total{service=\"billing\",kind=~\"invoice[.].*\"}[5m]))",
    );
    let told = |line: &str| series(line).remove(0);
    let good = told("perennial_changes_total{service=\"billing\",kind=\"invoice.created\"} 3");
    assert!(good.answers(&asked[0]));
    for line in [
        "perennial_changes_total{service=\"catalog\",kind=\"plan.created\"} 3",
        "perennial_changes_total{service=\"billing\"} 3",
        "perennial_changes{service=\"billing\",kind=\"invoice.created\"} 3",
    ] {
        assert!(!told(line).answers(&asked[0]), "{line}");
    }
}

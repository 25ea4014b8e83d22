//! The dashboards of Grafana: one for each service and one for the business. They are written by this recipe, so that what they
//! have in common is said once, and are checked in, so that Kustomize finds them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{build, process, python};

const FOLDER: &str = "k8s/components/monitoring/dashboards";
/// Panels of a row, and the size of one in units of Grafana.
const COLUMNS: usize = 2;
const WIDTH: usize = 12;
const HEIGHT: usize = 8;
/// What stands in a panel whose query finds nothing: mostly it asks for what has not happened, such as calls that failed.
const NOTHING: &str = "none";
/// The one that is drawn, and what draws it.
const PICTURE: &str = "subscription";
const RENDERER: &str = "k8s/observe/render.py";
const REQUIREMENTS: &str = "k8s/observe/requirements.txt";
/// Calls that wait for something to happen, and tell nothing by their duration.
const WAITING: &str = ".*/(ListEvents|WatchEvents)";

const SERVICES: [(&str, &str); 8] = [
    ("customer", "Projects, keys, customers"),
    ("metering", "Meters, usage events and their sums"),
    ("catalog", "Features, plans and add-ons"),
    ("entitlement", "Entitlements, grants and balances"),
    ("billing", "Profiles, invoices and payments"),
    ("subscription", "Subscriptions and revenue"),
    ("notification", "Channels, rules and webhook deliveries"),
    ("gateway", "The JSON dialects"),
];

/// Services with work that falls due by itself.
const TIMED: [&str; 5] = [
    "catalog",
    "entitlement",
    "billing",
    "subscription",
    "notification",
];
/// Services that follow feeds of others.
const FOLLOWING: [&str; 5] = [
    "metering",
    "entitlement",
    "billing",
    "subscription",
    "notification",
];

struct Panel {
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    /// Expressions, each with what its lines are called.
    queries: Vec<(String, &'static str)>,
    /// Whether the last value is shown in large, instead of lines.
    large: bool,
}

struct Dashboard {
    name: &'static str,
    title: String,
    description: &'static str,
    panels: Vec<Panel>,
}

/// Writes them, and draws one if that is asked for.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => write(),
        [flag] if flag == "--render" => write().and_then(|()| render()),
        _ => bail!("`dashboards` takes --render or nothing"),
    }
}

/// Draws one of them over an installation under a small load, which a Prometheus reads meanwhile.
fn render() -> Result<()> {
    process::find("prometheus").context("the program prometheus is not installed")?;
    let perennial = match std::env::var_os("PERENNIAL_BINARY") {
        Some(binary) => PathBuf::from(binary),
        None => build::everything()?
            .perennial
            .context("nothing was built")?,
    };
    let python = python::required("dashboards", &process::root().join(REQUIREMENTS))?;
    let mut renderer = Command::new(python);
    renderer.arg(RENDERER).arg(perennial);
    renderer.arg(format!("{FOLDER}/{PICTURE}.json"));
    process::run(renderer.arg(format!("k8s/dashboards/{PICTURE}.png")))
}

fn write() -> Result<()> {
    std::fs::create_dir_all(FOLDER)?;
    for dashboard in all() {
        let text = serde_json::to_string_pretty(&dashboard.json())? + "\n";
        std::fs::write(dashboard.path(), text)
            .with_context(|| format!("cannot write {}", dashboard.path().display()))?;
    }
    Ok(())
}

/// Where those that are checked in differ.
pub(crate) fn check() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for dashboard in all() {
        let path = dashboard.path();
        let there: Option<Value> = std::fs::read_to_string(&path)
            .ok()
            .map(|text| serde_json::from_str(&text))
            .transpose()?;
        if there != Some(dashboard.json()) {
            findings.push(format!("{}: run `cargo xtask dashboards`", path.display()));
        }
    }
    Ok(findings)
}

fn all() -> Vec<Dashboard> {
    let mut dashboards = vec![business()];
    for (name, description) in SERVICES {
        dashboards.push(Dashboard {
            name,
            title: format!("Perennial: {name}"),
            description,
            panels: if name == "gateway" {
                gateway()
            } else {
                service(name)
            },
        });
    }
    dashboards
}

fn panel(
    title: &'static str,
    unit: &'static str,
    description: &'static str,
    queries: &[(&str, &'static str)],
) -> Panel {
    let queries = queries
        .iter()
        .map(|(query, legend)| ((*query).to_owned(), *legend))
        .collect();
    Panel {
        title,
        description,
        unit,
        queries,
        large: false,
    }
}

fn large(panel: Panel) -> Panel {
    Panel {
        large: true,
        ..panel
    }
}

/// What everybody wants to know of a service, and what is special about this one.
fn service(name: &str) -> Vec<Panel> {
    let mut panels = calls(name);
    panels.extend(database(name));
    if TIMED.contains(&name) {
        panels.push(timers(name));
    }
    if FOLLOWING.contains(&name) {
        panels.push(feeds(name));
    }
    match name {
        "metering" => panels.extend(ingest()),
        "notification" => panels.push(deliveries()),
        _ => {}
    }
    panels
}

fn calls(name: &str) -> Vec<Panel> {
    let count = format!("perennial_rpc_duration_seconds_count{{service=\"{name}\"");
    let bucket =
        format!("perennial_rpc_duration_seconds_bucket{{service=\"{name}\",path!~\"{WAITING}\"}}");
    let quantile = |part: &str| {
        format!("histogram_quantile({part}, sum by (le) (rate({bucket}[$__rate_interval])))")
    };
    vec![
        panel(
            "Calls",
            "reqps",
            "By gRPC code; 0 is good. 2, 4, 13 and 14 are never the fault of the caller, 8 has no room or has reached a limit.",
            &[(
                &format!("sum by (code) (rate({count}}}[$__rate_interval]))"),
                "code {{code}}",
            )],
        ),
        panel(
            "Calls that failed here",
            "reqps",
            "By path; readers of feeds included.",
            &[(
                &format!("sum by (path) (rate({count},code=~\"2|4|13|14\"}}[$__rate_interval]))"),
                "{{path}}",
            )],
        ),
        panel(
            "Duration",
            "s",
            "Half, 95 and 99 of a hundred calls are quicker. Without calls that wait for events.",
            &[
                (&quantile("0.5"), "50 %"),
                (&quantile("0.95"), "95 %"),
                (&quantile("0.99"), "99 %"),
            ],
        ),
        panel(
            "Slowest calls",
            "s",
            "99 of a hundred are quicker.",
            &[(
                &format!(
                    "topk(10, histogram_quantile(0.99, sum by (path, le) (rate({bucket}[$__rate_interval]))))"
                ),
                "{{path}}",
            )],
        ),
        panel(
            "Most frequent calls",
            "reqps",
            "Readers of feeds included.",
            &[(
                &format!("topk(10, sum by (path) (rate({count}}}[$__rate_interval])))"),
                "{{path}}",
            )],
        ),
        panel(
            "Calls turned away",
            "reqps",
            "More went on at once than the service has room for (concurrent_calls); callers try again.",
            &[(
                &format!(
                    "rate(perennial_calls_shed_total{{service=\"{name}\"}}[$__rate_interval])"
                ),
                "{{pod}}",
            )],
        ),
    ]
}

fn database(name: &str) -> Vec<Panel> {
    let statements = format!("perennial_database_statements_total{{service=\"{name}\"");
    vec![
        panel(
            "Statements per call",
            "short",
            "What a call costs the database. A jump is a mistake in the code or a plan gone wrong.",
            &[(
                &format!(
                    "sum(rate({statements},rpc!=\"\"}}[$__rate_interval])) / sum(rate(perennial_rpc_duration_seconds_count{{service=\"{name}\"}}[$__rate_interval]))"
                ),
                "statements",
            )],
        ),
        panel(
            "Statements behind the scenes",
            "ops",
            "Of timers and readers of feeds.",
            &[(
                &format!("sum(rate({statements},rpc=\"\"}}[$__rate_interval]))"),
                "statements",
            )],
        ),
        panel(
            "Database connections",
            "short",
            "Of all pods. Busy at the most there may be: calls wait for a connection.",
            &[(
                &format!("sum by (state) (perennial_database_connections{{service=\"{name}\"}})"),
                "{{state}}",
            )],
        ),
        panel(
            "Changes",
            "ops",
            "Committed, by kind, as the feed tells them.",
            &[(
                &format!(
                    "sum by (kind) (rate(perennial_changes_total{{service=\"{name}\"}}[$__rate_interval]))"
                ),
                "{{kind}}",
            )],
        ),
    ]
}

fn timers(name: &str) -> Panel {
    panel(
        "Work of timers",
        "ops",
        "Things done because they fell due.",
        &[(
            &format!(
                "sum by (timer) (rate(perennial_timer_work_total{{service=\"{name}\"}}[$__rate_interval]))"
            ),
            "{{timer}}",
        )],
    )
}

fn feeds(name: &str) -> Panel {
    panel(
        "Age of the oldest event not yet applied",
        "s",
        "By feed that it follows.",
        &[(
            &format!("min by (consumer) (perennial_feed_lag_seconds{{consumer=~\"{name}[.].*\"}})"),
            "{{consumer}}",
        )],
    )
}

fn ingest() -> Vec<Panel> {
    vec![
        usage(),
        panel(
            "Ingest log: age of what waits",
            "s",
            "Only with an ingest log. More replicas bring it in quicker, up to 16.",
            &[("max(perennial_ingest_log_lag_seconds)", "oldest")],
        ),
        panel(
            "Ingest log: messages that wait",
            "short",
            "Only with an ingest log.",
            &[("max(perennial_ingest_log_pending_messages)", "messages")],
        ),
        panel(
            "Ingest log: events",
            "ops",
            "Accepted or refused; then stored, duplicate or parked. What is parked wants somebody to look.",
            &[(
                "sum by (outcome) (rate(perennial_ingest_log_events_total[$__rate_interval]))",
                "{{outcome}}",
            )],
        ),
    ]
}

fn usage() -> Panel {
    panel(
        "Usage events",
        "ops",
        "New ones; repetitions are not counted.",
        &[(
            "sum(rate(perennial_usage_events_total[$__rate_interval]))",
            "events",
        )],
    )
}

fn deliveries() -> Panel {
    panel(
        "Webhook attempts",
        "ops",
        "By outcome.",
        &[(
            "sum by (outcome) (rate(perennial_webhook_attempts_total[$__rate_interval]))",
            "{{outcome}}",
        )],
    )
}

fn gateway() -> Vec<Panel> {
    let bucket = "perennial_http_duration_seconds_bucket";
    let quantile = format!(
        "histogram_quantile(0.99, sum by (dialect, le) (rate({bucket}[$__rate_interval])))"
    );
    vec![
        panel(
            "Requests",
            "reqps",
            "By dialect.",
            &[(
                "sum by (dialect) (rate(perennial_http_duration_seconds_count[$__rate_interval]))",
                "{{dialect}}",
            )],
        ),
        panel(
            "Statuses",
            "reqps",
            "429 is a documented limit, or a service without room; 5xx is never the fault of the caller.",
            &[(
                "sum by (status) (rate(perennial_http_duration_seconds_count[$__rate_interval]))",
                "{{status}}",
            )],
        ),
        panel(
            "99 % of requests are quicker than",
            "s",
            "By dialect.",
            &[(&quantile, "{{dialect}}")],
        ),
        panel(
            "Requests that failed here",
            "reqps",
            "5xx, by dialect.",
            &[(
                "sum by (dialect) (rate(perennial_http_duration_seconds_count{status=~\"5..\"}[$__rate_interval]))",
                "{{dialect}}",
            )],
        ),
    ]
}

fn business() -> Dashboard {
    let day = |title, service: &str, kind: &str| {
        large(panel(
            title,
            "short",
            "In the last 24 hours.",
            &[(
                &format!(
                    "sum(increase(perennial_changes_total{{service=\"{service}\",kind=\"{kind}\"}}[24h]))"
                ),
                "",
            )],
        ))
    };
    Dashboard {
        name: "business",
        title: "Perennial: business".to_owned(),
        description: "Usage, invoices, recurring revenue",
        panels: vec![
            large(panel(
                "Recurring revenue",
                "short",
                "MRR now, by project and in its currency. Told where the subscription service is set to (revenue_metrics).",
                &[(
                    "max by (project, currency) (perennial_recurring_revenue)",
                    "{{project}} {{currency}}",
                )],
            )),
            large(panel(
                "Paying customers",
                "short",
                "Now, by project.",
                &[(
                    "max by (project) (perennial_paying_customers)",
                    "{{project}}",
                )],
            )),
            panel(
                "Recurring revenue over time",
                "short",
                "MRR as it was told then; what was restated since is in `perennial revenue`.",
                &[(
                    "max by (project, currency) (perennial_recurring_revenue)",
                    "{{project}} {{currency}}",
                )],
            ),
            usage(),
            large(panel(
                "Usage events",
                "short",
                "In the last 24 hours.",
                &[("sum(increase(perennial_usage_events_total[24h]))", "")],
            )),
            day("Invoices", "billing", "invoice.created"),
            day("Subscriptions", "subscription", "subscription.created"),
            day("Customers", "customer", "customer.created"),
            panel(
                "Invoices over time",
                "ops",
                "Made, and moved on (issued, paid, …).",
                &[(
                    "sum by (kind) (rate(perennial_changes_total{service=\"billing\",kind=~\"invoice[.].*\"}[$__rate_interval]))",
                    "{{kind}}",
                )],
            ),
            deliveries(),
        ],
    }
}

impl Dashboard {
    fn path(&self) -> PathBuf {
        PathBuf::from(FOLDER).join(format!("{}.json", self.name))
    }

    fn json(&self) -> Value {
        let panels: Vec<Value> = self
            .panels
            .iter()
            .enumerate()
            .map(|(index, panel)| panel.json(index))
            .collect();
        json!({
            "uid": format!("perennial-{}", self.name),
            "title": self.title,
            "description": self.description,
            "tags": ["perennial"],
            "schemaVersion": 39,
            "editable": true,
            "timezone": "utc",
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "templating": {"list": [{
                "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"
            }]},
            "links": [{
                "type": "dashboards", "title": "Perennial", "tags": ["perennial"],
                "asDropdown": true, "includeVars": true, "keepTime": true
            }],
            "panels": panels,
        })
    }
}

impl Panel {
    fn json(&self, index: usize) -> Value {
        let source = json!({"type": "prometheus", "uid": "${datasource}"});
        let targets: Vec<Value> = self
            .queries
            .iter()
            .zip('A'..)
            .map(|((query, legend), letter)| {
                json!({
                    "refId": letter.to_string(),
                    "expr": query,
                    // Of durations the traces are shown too.
                    "exemplar": query.contains("_duration_seconds_bucket"),
                    "legendFormat": legend,
                    "datasource": source.clone(),
                })
            })
            .collect();
        let options = if self.large {
            json!({"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "auto", "graphMode": "area"})
        } else {
            json!({
                "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"},
            })
        };
        json!({
            "id": index + 1,
            "type": if self.large { "stat" } else { "timeseries" },
            "title": self.title,
            "description": self.description,
            "datasource": source.clone(),
            "gridPos": {
                "x": index % COLUMNS * WIDTH, "y": index / COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT
            },
            "fieldConfig": {"defaults": {"unit": self.unit, "min": 0, "noValue": NOTHING}, "overrides": []},
            "options": options,
            "targets": targets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_dashboard_has_a_name_and_a_place_for_each_panel() {
        let dashboards = all();
        let names: BTreeSet<&str> = dashboards.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), SERVICES.len() + 1);
        for dashboard in &dashboards {
            let json = dashboard.json();
            let panels = json["panels"].as_array().map_or(&[][..], Vec::as_slice);
            let places: BTreeSet<String> = panels
                .iter()
                .map(|panel| panel["gridPos"].to_string())
                .collect();
            assert_eq!(places.len(), panels.len(), "{}", dashboard.name);
            assert!(panels.len() >= 4, "{}", dashboard.name);
        }
    }
}

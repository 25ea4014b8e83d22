//! A working day on the command line: from a customer to an invoice, with tables for people, JSON and CSV for scripts, and exit
//! codes that say what kind of failure it was.

use clap::Parser as _;
use perennial::{cli::Cli, commands, failure::exit_code};
use serde_json::{Value, json};
use suite::{World, ports::free_port};

/// A plan of 49 a month with 1000 tokens included and a cent for each further one, as `catalog create` reads it.
const PLAN: &str = r#"{"plan": {
  "key": "pro", "name": "Pro", "currencyCode": "USD", "billingCadence": "P1M",
  "phases": [{"key": "default", "name": "Default", "rateCards": [
    {"key": "base", "name": "Base fee", "kind": "RATE_CARD_KIND_FLAT_FEE", "billingCadence": "P1M",
     "price": {"flat": {"amount": {"value": "49"}, "paymentTerm": "PAYMENT_TERM_IN_ADVANCE"}}},
    {"key": "tokens", "name": "Tokens", "kind": "RATE_CARD_KIND_USAGE_BASED", "featureKey": "tokens", "billingCadence": "P1M",
     "price": {"tiered": {"mode": "MODE_GRADUATED", "tiers": [
       {"upToAmount": {"value": "1000"}, "unitAmount": {"value": "0"}}, {"unitAmount": {"value": "0.01"}}]}},
     "entitlementTemplate": {"metered": {"issueAfterReset": {"value": "1000"}, "usagePeriodDuration": "P1M"}}}
  ]}]}}"#;

/// A fee of 5 a month on top, as `catalog create-addon` reads it.
const ADDON: &str = r#"{"key": "support", "name": "Support", "currencyCode": "USD", "instanceType": "INSTANCE_TYPE_SINGLE",
  "rateCards": [{"key": "support", "name": "Support", "kind": "RATE_CARD_KIND_FLAT_FEE", "billingCadence": "P1M",
    "price": {"flat": {"amount": {"value": "5"}, "paymentTerm": "PAYMENT_TERM_IN_ADVANCE"}}}]}"#;

const EVENTS: &str = r#"{"id": "1", "type": "prompt", "subject": "acme-eu", "data": {"tokens": 700.5}}
{"id": "2", "type": "prompt", "subject": "acme-eu", "data": {"tokens": 799.75}}
"#;

/// A terminal of somebody who works with a world.
struct Desk {
    address: String,
    key: String,
    folder: tempfile::TempDir,
}

impl Desk {
    fn at(address: impl ToString, key: &str) -> Self {
        Self {
            address: address.to_string(),
            key: key.to_owned(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// What a command says.
    async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let profiles = self.file("profiles.toml", None);
        let remote = [
            "--address",
            &self.address,
            "--key",
            &self.key,
            "--profiles",
            &profiles,
        ];
        let all = ["perennial"].iter().chain(arguments).chain(&remote);
        let mut out = Vec::new();
        // Boxed: a story of many commands would not fit on the stack of a test.
        Box::pin(commands::run_to(Cli::try_parse_from(all)?, &mut out, false)).await?;
        Ok(String::from_utf8(out)?)
    }

    /// What a command that has to succeed says.
    async fn said(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments).await;
        said.unwrap_or_else(|error| panic!("{arguments:?}: {error:#}"))
    }

    /// The same for a script.
    async fn json(&self, arguments: &[&str]) -> Value {
        let all: Vec<&str> = arguments
            .iter()
            .copied()
            .chain(["--output", "json"])
            .collect();
        serde_json::from_str(&self.said(&all).await).unwrap()
    }

    /// The exit code of a command that has to fail.
    async fn code(&self, arguments: &[&str]) -> u8 {
        let said = self.run(arguments).await;
        exit_code(&said.expect_err(&format!("{arguments:?} succeeded")))
    }

    /// The path of a file, written where a text is given.
    fn file(&self, name: &str, text: Option<&str>) -> String {
        let path = self.folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        path.display().to_string()
    }
}

/// The cells of a table's rows, without its head.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| {
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
    .collect()
}

#[tokio::test]
async fn from_a_customer_to_an_invoice() {
    let world = World::start().await;
    let desk = &Desk::at(world.grpc(), world.key());
    let made = [
        "usage",
        "create-meter",
        "tokens",
        "--aggregation",
        "sum",
        "--type",
        "prompt",
        "--value",
        "$.tokens",
    ];
    desk.said(&made).await;
    let made = [
        "catalog",
        "create-feature",
        "tokens",
        "--name",
        "Tokens",
        "--meter",
        "tokens",
    ];
    desk.said(&made).await;
    let made = [
        "customers",
        "create",
        "acme",
        "--name",
        "Acme",
        "--currency",
        "USD",
        "--subject",
        "acme-eu",
    ];
    let customer = desk.json(&made).await["customer"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = desk.json(&["customers", "show", "acme"]).await;
    assert_eq!(shown["customer"]["id"], json!(customer));
    desk.said(&["catalog", "create", &desk.file("plan.json", Some(PLAN))])
        .await;
    desk.said(&["catalog", "publish", "pro"]).await;
    let plans = desk.said(&["catalog", "plans"]).await;
    assert_eq!(
        cells(&plans)[0][1..],
        ["pro", "1", "active", "Pro", "USD", "P1M"]
    );
    let plan = desk.said(&["catalog", "plan", "pro"]).await;
    assert!(
        plan.contains("0 USD each up to 1000, then 0.01 USD each") && plan.contains("49 USD"),
        "{plan}"
    );
    let features = desk.said(&["catalog", "features", "--output", "csv"]).await;
    assert!(
        features.starts_with("id,key,name,meter,archived\n")
            && features.contains(",tokens,Tokens,tokens,\n")
    );
    assert_eq!(desk.said(&["catalog", "addons"]).await, "no addons\n");

    let started = desk.json(&["subscriptions", "start", "acme", "pro"]).await;
    let subscription = started["view"]["subscription"]["id"].as_str().unwrap();
    let listed = desk
        .said(&[
            "subscriptions",
            "list",
            "--customer",
            "acme",
            "--status",
            "active",
        ])
        .await;
    assert_eq!(
        cells(&listed)[0][..5],
        [subscription, &customer, "pro", "1", "active"]
    );

    let sent = [
        "usage",
        "send",
        &desk.file("events.jsonl", Some(EVENTS)),
        "--source",
        "desk",
    ];
    assert_eq!(
        desk.json(&sent).await,
        json!({"accepted": 2, "new": 2, "pending": 0})
    );
    assert_eq!(
        desk.json(&sent).await,
        json!({"accepted": 2, "new": 0, "pending": 0})
    );
    let used = desk
        .json(&["usage", "query", "tokens", "--customer", "acme"])
        .await;
    assert_eq!(used["rows"][0]["value"]["value"], "1500.25");
    let events = desk
        .said(&["usage", "events", "--subject", "acme-eu", "--limit", "1"])
        .await;
    assert_eq!(
        events.lines().last(),
        Some("There are more: --limit 0 shows all.")
    );
    assert_eq!(
        desk.json(&["usage", "events"]).await["events"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let access = desk.said(&["access", "list", "acme"]).await;
    assert_eq!(
        cells(&access)[0][..5],
        ["tokens", "no", "1500.25", "0", "500.25"]
    );
    assert_eq!(desk.code(&["access", "check", "acme", "tokens"]).await, 1);
    let entry = &desk.json(&["access", "list", "acme"]).await["values"][0];
    assert_eq!(entry["hasAccess"], false);
    desk.said(&["access", "grant", "acme", "beta", "--for", "P7D"])
        .await;
    desk.said(&["access", "check", "acme", "beta"]).await;
    desk.said(&["access", "revoke", "acme", "beta"]).await;
    assert_eq!(desk.code(&["access", "check", "acme", "beta"]).await, 1);

    let invoices = desk
        .json(&[
            "invoices",
            "list",
            "--customer",
            "acme",
            "--status",
            "gathering",
        ])
        .await;
    assert_eq!(invoices["invoices"].as_array().unwrap().len(), 1);
    let invoice = invoices["invoices"][0]["id"].as_str().unwrap();
    assert!(
        desk.said(&["invoices", "show", invoice])
            .await
            .contains("Tokens")
    );
    let lines = desk
        .said(&["invoices", "show", invoice, "--output", "csv"])
        .await;
    assert!(
        lines.starts_with("line,quantity,total,from,to\n"),
        "{lines}"
    );

    let audit = desk
        .said(&["audit", "customer", "--resource", &customer])
        .await;
    assert!(
        cells(&audit).iter().any(|row| row[1] == "customer.created"),
        "{audit}"
    );
    let keys = desk.said(&["keys", "list"]).await;
    assert!(keys.contains("bootstrap"), "{keys}");
    assert!(
        desk.said(&["revenue"])
            .await
            .starts_with("Recurring revenue, USD\n")
    );
    desk.said(&["subscriptions", "cancel", subscription]).await;
    let shown = desk.said(&["subscriptions", "show", subscription]).await;
    assert_eq!(cells(&shown)[0][4], "canceled", "{shown}");
    assert!(shown.contains("49 USD"), "{shown}");
    desk.said(&["subscriptions", "resume", subscription]).await;
    assert!(desk.said(&["reconcile"]).await.contains("nothing differs"));
    world.stop().await;
}

#[tokio::test]
async fn meters_features_and_addons_are_made_and_taken_away() {
    let world = World::start().await;
    let desk = &Desk::at(world.grpc(), world.key());
    let made = [
        "usage",
        "create-meter",
        "calls",
        "--aggregation",
        "count",
        "--type",
        "request",
        "--group-by",
        "model=$.model",
        "--group-by",
        "zone=$.zone",
        "--name",
        "Calls",
    ];
    let meter = desk.json(&made).await["meter"].take();
    assert_eq!(
        (&meter["name"], &meter["aggregation"], &meter["groupBy"]),
        (
            &json!("Calls"),
            &json!("AGGREGATION_COUNT"),
            &json!({"model": "$.model", "zone": "$.zone"})
        )
    );
    let meters = desk.said(&["usage", "meters"]).await;
    assert_eq!(cells(&meters)[0][1..], ["calls", "count", "request", "-"]);

    let made = ["catalog", "create-feature", "calls", "--meter", "calls"];
    let feature = desk.json(&made).await["feature"].take();
    assert_eq!(
        (&feature["name"], &feature["meterSlug"]),
        (&json!("calls"), &json!("calls"))
    );
    // A feature counts with it.
    assert_eq!(desk.code(&["usage", "delete-meter", "calls"]).await, 1);
    desk.said(&["catalog", "archive-feature", "calls"]).await;
    desk.said(&["usage", "delete-meter", "calls"]).await;
    assert_eq!(desk.said(&["usage", "meters"]).await, "no meters\n");

    let file = desk.file("addon.json", Some(ADDON));
    let draft = desk.json(&["catalog", "create-addon", &file]).await;
    let id = draft["addon"]["id"].as_str().unwrap();
    desk.said(&["catalog", "publish-addon", "support"]).await;
    let shown = desk.json(&["catalog", "addon", "support"]).await;
    assert_eq!(
        (&shown["addon"]["id"], &shown["addon"]["state"]),
        (&json!(id), &json!("STATE_ACTIVE"))
    );
    desk.said(&["catalog", "archive-addon", "support"]).await;
    // What was shown is what the next version is made of.
    let file = desk.file("addon.json", Some(&shown.to_string()));
    desk.said(&["catalog", "create-addon", &file]).await;
    let addons = desk.said(&["catalog", "addons"]).await;
    let mut versions: Vec<_> = cells(&addons)
        .into_iter()
        .map(|row| row[1..].to_vec())
        .collect();
    versions.sort_unstable();
    assert_eq!(
        versions,
        [
            ["support", "1", "archived", "Support", "USD"],
            ["support", "2", "draft", "Support", "USD"]
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn exit_codes_say_what_kind_of_failure_it_was() {
    let world = World::start().await;
    let desk = &Desk::at(world.grpc(), world.key());
    let bad_plan = desk.file("plan.json", Some("{\"plan\": {\"kee\": \"pro\"}}"));
    let bad_events = desk.file("events.jsonl", Some("{\"id\": \"1\"}\n"));
    for (arguments, code) in [
        (
            &["customers", "create", "acme", "--currency", "dollars"][..],
            1,
        ),
        (&["catalog", "create", &bad_plan], 1),
        (&["catalog", "create-addon", &bad_plan], 1),
        (&["catalog", "create-feature", "UPPER CASE"], 1),
        (&["catalog", "archive-feature", "nothing"], 5),
        (&["catalog", "addon", "nothing"], 5),
        (&["usage", "delete-meter", "nothing"], 5),
        (
            &[
                "usage",
                "create-meter",
                "m",
                "--aggregation",
                "sum",
                "--type",
                "t",
            ],
            1,
        ),
        (
            &[
                "usage",
                "create-meter",
                "m",
                "--aggregation",
                "total",
                "--type",
                "t",
            ],
            2,
        ),
        (
            &[
                "usage",
                "create-meter",
                "m",
                "--aggregation",
                "count",
                "--type",
                "t",
                "--group-by",
                "model",
            ],
            2,
        ),
        (&["usage", "send", &bad_events], 1),
        (&["usage", "send", "/nowhere.jsonl"], 1),
        (&["customers", "list", "--nonsense"], 2),
        (
            &["subscriptions", "start", "acme", "pro", "--at", "soon"],
            2,
        ),
        (&["usage", "query", "tokens", "--from", "soon"], 2),
        (&["clock", "show", "--output", "csv"], 2),
        (&["clock", "show", "--profile", "nobody"], 2),
        (&["audit", "nothing"], 2),
        (&["customers", "show", "nobody"], 5),
        (&["subscriptions", "list", "--customer", "nobody"], 5),
        (&["invoices", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], 5),
    ] {
        assert_eq!(desk.code(arguments).await, code, "{arguments:?}");
    }
    assert_eq!(desk.said(&["customers", "list"]).await, "no customers\n");

    let stranger = Desk::at(world.grpc(), "wrong");
    assert_eq!(stranger.code(&["customers", "list"]).await, 4);
    let closed = format!("127.0.0.1:{}", free_port().unwrap());
    assert_eq!(
        Desk::at(closed, "key").code(&["customers", "list"]).await,
        3
    );
    assert_eq!(
        Desk::at("ftp://host:1", "key")
            .code(&["customers", "list"])
            .await,
        2
    );
    world.stop().await;
}

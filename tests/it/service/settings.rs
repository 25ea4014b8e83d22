//! Settings that are missing or wrong: the process does not start, and says all of it.

use std::collections::BTreeMap;

use chassis::config::Config;
use perennial::Process;

async fn refusal(part: &str, settings: &[(&str, &str)]) -> String {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut flags: BTreeMap<String, String> = settings.iter().map(own).collect();
    for port in ["http", "grpc"] {
        flags.insert(port.to_owned(), "127.0.0.1:0".to_owned());
    }
    let config = Config::load(None, [], flags).unwrap();
    let started = Process::start(config, &[part.to_owned()]).await;
    format!("{:#}", started.err().unwrap())
}

#[tokio::test]
async fn a_part_names_the_key_and_every_address_that_it_misses() {
    let said = refusal("billing", &[("catalog.url", "127.0.0.1:1")]).await;
    for missing in [
        "--master-key",
        "--customer-url",
        "--metering-url",
        "--entitlement-url",
    ] {
        assert!(said.contains(missing), "{said}");
    }
    assert!(!said.contains("--catalog-url"), "{said}");
}

#[tokio::test]
async fn a_setting_of_a_service_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = "dGVzdC1tYXN0ZXIta2V5LW9mLTMyLWJ5dGVzLWxvbmc=";
    for (part, name, value) in [
        ("customer", "concurrent_calls", "0"),
        ("customer", "database_connections", "many"),
        ("subscription", "revenue_metrics", "perhaps"),
    ] {
        let field = format!("{part}.{name}");
        let database = format!("sqlite://{}/{name}.db?mode=rwc", folder.path().display());
        let mut settings = vec![
            ("master_key", key),
            ("database_url", database.as_str()),
            (field.as_str(), value),
        ];
        let others: Vec<String> = chassis::config::SERVICES
            .iter()
            .filter(|other| **other != part)
            .map(|other| format!("{other}.url"))
            .collect();
        settings.extend(others.iter().map(|other| (other.as_str(), "127.0.0.1:1")));
        let said = refusal(part, &settings).await;
        assert!(said.contains(&field) && said.contains(value), "{said}");
    }
}

//! The public Python client of the vendor's API, unchanged, against the RevenueCat dialect. Runs where the Python that
//! `PERENNIAL_TEST_PYTHON` names (else `python3`) has the packages of `tests/clients/revenuecat/requirements.txt`, which `cargo xtask test`
//! sees to; elsewhere a line says that it was skipped.

use std::path::Path;

use serde_json::json;
use tokio::process::Command;

use super::revenuecat_scene::{Sale, id, record, unlimited};

#[tokio::test]
async fn the_public_python_client_works_unchanged() {
    let python = python();
    let known = Command::new(&python)
        .args(["-c", "import revenuecat_client"])
        .output()
        .await;
    if !known.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED: {python} has no package revenuecat_client");
        return;
    }
    let (world, project) = unlimited().await;
    let now = "2025-03-10T00:00:00Z";
    world
        .client()
        .freeze_clock(now.parse().unwrap())
        .await
        .unwrap();
    let app =
        json!({"name": "Web", "type": "rc_billing", "rc_billing": {"seller_company_name": "S"}});
    let app = id(&project.make("/apps", app).await);
    let monthly = project.product(&app, "owner_monthly").await;
    let coins = json!({"store_identifier": "coins", "app_id": app, "type": "one_time"});
    let coins = id(&project.make("/products", coins).await);
    project.make("/customers", json!({"id": "owner"})).await;
    for (transaction, subscription, product) in [("t1", "s1", &monthly), ("t2", "", &coins)] {
        record(
            &world,
            Sale {
                id: transaction,
                subscription,
                customer: "owner",
                product,
                price: "9.99",
                time: now,
                ..Sale::default()
            },
        )
        .await;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/revenuecat/check.py");
    let output = Command::new(&python)
        .arg(script)
        .args([project.rest.base(), world.key(), &project.id, "owner"])
        .output()
        .await
        .unwrap();
    let (told, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && told.contains("OK"),
        "{told}{failed}"
    );
    world.stop().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
fn python() -> String {
    std::env::var("PERENNIAL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

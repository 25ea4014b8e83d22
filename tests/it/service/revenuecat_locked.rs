//! Writes to the same thing at once. A trigger in the database stands for another writer who always comes first, so that nothing here
//! depends on luck: whoever would move the customer's number on finds that somebody else did.

use http::Method;
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Value, json};
use suite::World;

use super::revenuecat_scene::{Project, refused, unlimited};

/// Another writer of the subscription service.
struct Rival {
    database: DatabaseConnection,
    schema: Option<&'static str>,
}

impl Rival {
    async fn begin(world: &World) -> Self {
        let (url, schema) = world.database_url("subscription");
        let mut options = ConnectOptions::new(url);
        options.sqlx_logging(false).max_connections(1);
        let database = Database::connect(options).await.unwrap();
        let statements = match schema {
            None => vec![
                "CREATE TRIGGER rival BEFORE UPDATE ON customer_gate BEGIN SELECT RAISE(IGNORE); END"
                    .to_owned(),
            ],
            Some(schema) => vec![
                format!(
                    "CREATE FUNCTION {schema}.rival() RETURNS trigger LANGUAGE plpgsql \
                     AS 'BEGIN RETURN NULL; END'"
                ),
                format!(
                    "CREATE TRIGGER rival BEFORE UPDATE ON {schema}.customer_gate \
                     FOR EACH ROW EXECUTE FUNCTION {schema}.rival()"
                ),
            ],
        };
        for statement in statements {
            database.execute_unprepared(&statement).await.unwrap();
        }
        Self { database, schema }
    }

    async fn end(self) {
        let statement = match self.schema {
            None => "DROP TRIGGER rival".to_owned(),
            Some(schema) => format!("DROP TRIGGER rival ON {schema}.customer_gate"),
        };
        self.database.execute_unprepared(&statement).await.unwrap();
        self.database.close().await.unwrap();
    }
}

/// A subscription of `ann`, by its id.
async fn subscribed(project: &Project) -> String {
    let rest = &project.rest;
    let plan = json!({
        "key": "team", "name": "Team", "currency": "USD", "billingCadence": "P1M",
        "phases": [{"key": "default", "name": "Default", "duration": null, "rateCards": [{
            "type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "50", "paymentTerm": "in_advance"},
        }]}],
    });
    let plan = rest.post("/api/v1/plans", plan).await.expect(201);
    let publish = format!("/api/v1/plans/{}/publish", plan["id"].as_str().unwrap());
    rest.post(&publish, Value::Null).await.expect(200);
    project.make("/customers", json!({"id": "ann"})).await;
    let body = json!({"customerKey": "ann", "plan": {"key": "team"}});
    rest.post("/api/v1/subscriptions", body).await.expect(201);
    let list = project
        .get("/customers/ann/subscriptions")
        .await
        .expect(200);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_write_that_never_gets_its_turn_is_423_and_may_be_sent_again() {
    let (world, project) = unlimited().await;
    let client = world.client();
    let now = "2025-06-10T00:00:00Z".parse().unwrap();
    client.freeze_clock(now).await.unwrap();
    let subscription = subscribed(&project).await;
    let cancel = format!("/subscriptions/{subscription}/actions/cancel");
    let attempts = [
        (Method::POST, cancel.as_str(), "cancel-1"),
        (Method::DELETE, "/customers/ann", "delete-1"),
    ];

    let rival = Rival::begin(&world).await;
    for (method, path, key) in &attempts {
        let answer = project.once(method.clone(), path, key, &Value::Null).await;
        assert_eq!(refused(&answer, 423), ("resource_locked_error", None));
        assert!(answer.json["backoff_ms"].as_u64().unwrap() > 0);
    }
    // Nothing is written.
    let read = project.get(&format!("/subscriptions/{subscription}")).await;
    assert_eq!(read.expect(200)["auto_renewal_status"], "will_renew");

    // It was no answer for good: the same request goes through once the way is free.
    rival.end().await;
    for (method, path, key) in &attempts {
        let answer = project.once(method.clone(), path, key, &Value::Null).await;
        answer.expect(200);
    }
    project.get("/customers/ann").await.expect(404);
    world.stop().await;
}

#[tokio::test]
async fn a_subscription_whose_plan_is_to_change_is_canceled_with_what_was_to_follow() {
    let (world, project) = unlimited().await;
    let client = world.client();
    let now = "2025-06-10T00:00:00Z".parse().unwrap();
    client.freeze_clock(now).await.unwrap();
    let subscription = subscribed(&project).await;
    let rest = &project.rest;
    let next = rest.post("/api/v1/plans/team/next", Value::Null).await;
    let next = next.expect(201);
    let publish = format!("/api/v1/plans/{}/publish", next["id"].as_str().unwrap());
    rest.post(&publish, Value::Null).await.expect(200);
    let held = "/api/v1/customers/ann/subscriptions";
    let held = rest.get(held).await.expect(200);
    let held = held["items"][0]["id"].as_str().unwrap().to_owned();
    let migrate = format!("/api/v1/subscriptions/{held}/migrate");
    let timing = json!({"timing": "next_billing_cycle"});
    let migrated = rest.post(&migrate, timing).await.expect(200);
    let follows = migrated["next"]["id"].as_str().unwrap();

    let cancel = format!("/subscriptions/{subscription}/actions/cancel");
    let canceled = project.post(&cancel, Value::Null).await.expect(200);
    assert_eq!(canceled["auto_renewal_status"], "will_not_renew");
    let follows = rest.get(&format!("/api/v1/subscriptions/{follows}")).await;
    follows.problem(404);
    let held = rest.get(&format!("/api/v1/subscriptions/{held}")).await;
    let held = held.expect(200);
    assert_eq!(
        (&held["status"], &held["activeTo"]),
        (&json!("canceled"), &json!("2025-07-10T00:00:00Z"))
    );
    world.stop().await;
}

#[tokio::test]
async fn a_deletion_sent_again_has_its_first_answer_and_a_new_one_finds_nobody() {
    let (world, project) = unlimited().await;
    project.make("/customers", json!({"id": "ann"})).await;
    let delete = async |key: &str| {
        let path = "/customers/ann";
        project.once(Method::DELETE, path, key, &Value::Null).await
    };
    let first = delete("delete-1").await;
    let gone = first.expect(200);
    assert_eq!(
        (&gone["object"], &gone["id"]),
        (&json!("customer"), &json!("ann"))
    );
    assert!(gone["deleted_at"].is_i64());
    let again = delete("delete-1").await;
    assert_eq!(again.expect(200), gone);
    assert_eq!(
        refused(&delete("delete-2").await, 404),
        ("resource_missing", Some("customer_id"))
    );
    let without = project.delete("/customers/ann").await;
    assert_eq!(refused(&without, 404).0, "resource_missing");
    // The id is free, and the old answer is still the old one: it does not delete the new customer.
    project.make("/customers", json!({"id": "ann"})).await;
    assert_eq!(delete("delete-1").await.expect(200), gone);
    project.get("/customers/ann").await.expect(200);
    world.stop().await;
}

//! A page of a list costs its services the same number of statements whether it shows few rows or many: nothing is asked row by row. That a
//! page is read along an index, however long the list, the tests of the services show by the plans of the queries.

use futures::future::join_all;
use serde_json::json;
use suite::{Installation, Rest};

use super::catalog_scene::{ADDONS, PLANS, act, addon, flat, id, simple};
use super::subscription_cost::{Counts, quiet, statements};

/// Rows of each list at first, and then: more than a page shows.
const FEW: usize = 2;
const MANY: usize = 120;
const PAGE: &str = "page=1&pageSize=100";
/// The services whose lists they are.
const OWNERS: [&str; 2] = ["catalog", "customer"];
/// Rows that are made at the same time.
const AT_ONCE: usize = 16;
/// What a timer asks meanwhile is no part of a list; the cheapest of so many tries has none of it.
const TRIES: usize = 3;

/// Makes the rows of all lists from one number up to another.
async fn fill(rest: &Rest, assigned: &str, from: usize, to: usize) {
    let row = |number: usize| async move {
        let body = json!({"key": format!("c{number}"), "name": "C"});
        rest.post("/api/v1/customers", body).await.expect(201);
        let body = json!({"key": format!("f{number}"), "name": "F"});
        rest.post("/api/v1/features", body).await.expect(201);
        rest.post(PLANS, simple(&format!("p{number}")))
            .await
            .expect(201);
        let key = format!("a{number}");
        let body = addon(&key, "single", vec![flat(&key, "1", "P1M")]);
        let made = rest.post(ADDONS, body).await.expect(201);
        act(rest, &format!("{ADDONS}/{}", id(&made)), "publish", 200).await;
        let body = json!({"addonId": id(&made), "fromPlanPhase": "only"});
        rest.post(assigned, body).await.expect(201);
    };
    for some in (from..to).collect::<Vec<_>>().chunks(AT_ONCE) {
        join_all(some.iter().copied().map(&row)).await;
    }
}

/// The least that each call costs for a page of a list; with how many rows it shows.
async fn cost(rest: &Rest, list: &str) -> (Counts, usize) {
    let path = &format!("{list}?{PAGE}");
    let (mut least, mut rows): (Option<Counts>, usize) = (None, 0);
    for _ in 0..TRIES {
        let before = statements(rest).await;
        let listed = rest.get(path).await.expect(200);
        let mut cost = statements(rest).await;
        let items = listed.get("items").unwrap_or(&listed);
        rows = items.as_array().map_or(0, Vec::len);
        for (call, count) in &mut cost {
            *count -= before.get(call).copied().unwrap_or_default();
        }
        if let Some(known) = &least {
            cost.retain(|call, _| known.contains_key(call));
            for (call, count) in &mut cost {
                *count = known[call].min(*count);
            }
        }
        cost.retain(|(service, _), count| OWNERS.contains(&service.as_str()) && *count > 0);
        least = Some(cost);
    }
    (least.unwrap_or_default(), rows)
}

#[tokio::test]
async fn a_full_page_costs_what_a_short_one_does() {
    let installation = Installation::all_in_one().await.unwrap();
    let rest = &installation.rest();
    let plan = rest.post(PLANS, simple("pro")).await.expect(201);
    let assigned = format!("{PLANS}/{}/addons", id(&plan));
    let assigned = assigned.as_str();
    let lists = [
        "/api/v1/customers",
        "/api/v1/features",
        PLANS,
        ADDONS,
        assigned,
    ];
    let costs = async || {
        quiet(rest).await;
        let mut costs = Vec::new();
        for list in lists {
            costs.push(cost(rest, list).await);
        }
        costs
    };
    fill(rest, assigned, 0, FEW).await;
    let short = costs().await;
    fill(rest, assigned, FEW, MANY).await;
    let full = costs().await;
    for ((list, (few, shown)), (many, all)) in lists.iter().zip(short).zip(full) {
        assert!(
            shown < all && all == 100,
            "{list}: {shown} rows, then {all}"
        );
        assert!(!few.is_empty(), "{list} asks the database");
        assert_eq!(few, many, "{list}");
    }
    installation.stop().await.unwrap();
}

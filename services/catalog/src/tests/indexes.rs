//! A page of a list costs the same over many rows as over few: it is read along an index.

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement, TransactionTrait as _};

use super::World;

/// Rows of other plans beside those that a page shows.
const MANY: usize = 5000;

/// What the database would do. The statements are those of `store::offer::list`.
async fn explain(world: &World, sql: &str) -> String {
    let backend = world.db.backend();
    let (prefix, column) = if backend == DatabaseBackend::Postgres {
        ("EXPLAIN ", "QUERY PLAN")
    } else {
        ("EXPLAIN QUERY PLAN ", "detail")
    };
    let tx = world.db.reader().begin().await.unwrap();
    let rows = tx
        .query_all_raw(Statement::from_string(backend, format!("{prefix}{sql}")))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get::<String>("", column).unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

async fn fill(world: &World) {
    let project = world.context().project;
    let mut sql = String::from(
        "INSERT INTO offer_version (project_id, id, kind, key, number, currency, effective_from, \
         body, revision, create_time, update_time) VALUES ",
    );
    for row in 0..MANY {
        let separator = if row == 0 { "" } else { ", " };
        sql.push_str(&format!(
            "{separator}('{project}', '01ARZ3NDEKTSV4RRFFQ6{row:06}', 'plan', 'plan_{row}', 1, 'USD', \
             1, '{{}}', 1, {row}, {row})"
        ));
    }
    world.execute(&sql).await;
    world.execute("ANALYZE").await;
}

#[tokio::test]
async fn pages_of_plans_are_read_along_an_index() {
    let world = World::new().await;
    fill(&world).await;
    let project = world.context().project;
    let list = |rest: &str| {
        format!(
            "SELECT * FROM offer_version WHERE project_id = '{project}' AND kind = 'plan' \
             AND delete_time IS NULL {rest} LIMIT 51"
        )
    };
    for rest in [
        "ORDER BY id ASC",
        "ORDER BY id DESC",
        "AND id > '01ARZ3NDEKTSV4RRFFQ6002500' ORDER BY id ASC",
        "ORDER BY key ASC, number ASC",
        "ORDER BY number DESC, id DESC",
        "ORDER BY create_time DESC, id DESC",
        "ORDER BY update_time ASC, id ASC",
        "AND key IN ('plan_17') ORDER BY id DESC",
    ] {
        let plan = explain(&world, &list(rest)).await;
        assert!(
            !plan.contains("Seq Scan") && !plan.contains("SCAN "),
            "{rest}: {plan}"
        );
        let sorted = plan.contains("Sort") || plan.contains("TEMP B-TREE");
        assert!(rest.contains("IN (") || !sorted, "{rest}: {plan}");
    }
}

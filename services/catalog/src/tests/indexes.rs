//! A page of a list costs the same over many rows as over few: it is read along an index.

use chassis::keyset::Slice;
use sea_orm::{
    ConnectionTrait as _, DatabaseBackend, QueryTrait as _, Statement, TransactionTrait as _,
};

use super::World;
use crate::{
    domain::plan::PlanBody,
    store::offer::{Filter, Sort, page_of},
};

/// Rows of other plans beside those that a page shows.
const MANY: usize = 5000;

/// What the database would do for a page, as the store asks for it.
async fn explain(world: &World, filter: &Filter, slice: &Slice) -> String {
    let backend = world.db.backend();
    let context = world.context();
    let query = page_of::<PlanBody>(context.project, filter, slice, context.now).build(backend);
    let (prefix, column) = if backend == DatabaseBackend::Postgres {
        ("EXPLAIN ", "QUERY PLAN")
    } else {
        ("EXPLAIN QUERY PLAN ", "detail")
    };
    let values = query.values.map(|values| values.0).unwrap_or_default();
    let statement =
        Statement::from_sql_and_values(backend, format!("{prefix}{}", query.sql), values);
    let tx = world.db.reader().begin().await.unwrap();
    let rows = tx.query_all_raw(statement).await.unwrap();
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
    let id = "01ARZ3NDEKTSV4RRFFQ6002500";
    for (sort, place) in [
        (Sort::Id, vec![id]),
        (Sort::Key, vec!["plan_2500", "1"]),
        (Sort::Number, vec!["1", id]),
        (Sort::CreateTime, vec!["2500", id]),
        (Sort::UpdateTime, vec!["2500", id]),
    ] {
        let place: Vec<String> = place.into_iter().map(str::to_owned).collect();
        for (descending, after) in [
            (false, None),
            (true, None),
            (false, Some(place.clone())),
            (true, Some(place)),
        ] {
            let filter = Filter {
                sort,
                ..Filter::default()
            };
            let slice = Slice {
                limit: 50,
                page: None,
                after,
                descending,
            };
            let plan = explain(&world, &filter, &slice).await;
            let what = format!("{sort:?} {slice:?}");
            assert!(
                !plan.contains("Seq Scan") && !plan.contains("SCAN "),
                "{what}: {plan}"
            );
            assert!(
                !plan.contains("Sort") && !plan.contains("TEMP B-TREE"),
                "{what}: {plan}"
            );
        }
    }
}

#[tokio::test]
async fn a_plan_is_found_by_its_key_along_an_index() {
    let world = World::new().await;
    fill(&world).await;
    let filter = Filter {
        keys: vec!["plan_17".to_owned()],
        ..Filter::default()
    };
    let slice = Slice {
        limit: 50,
        page: None,
        after: None,
        descending: true,
    };
    let plan = explain(&world, &filter, &slice).await;
    assert!(
        !plan.contains("Seq Scan") && !plan.contains("SCAN "),
        "{plan}"
    );
}

//! A page of a list costs the same over many rows as over few: it is read along an index.

use chassis::keyset::Slice;
use sea_orm::{
    ConnectionTrait as _, DatabaseBackend, EntityTrait, QueryTrait as _, Select, Statement,
    TransactionTrait as _,
};

use super::World;
use crate::{
    domain::plan::PlanBody,
    store::{
        feature,
        offer::{self, Filter, Sort},
    },
};

/// Rows of other plans or features beside those that a page shows.
const MANY: usize = 5000;
/// Of a row in the middle.
const ID: &str = "01ARZ3NDEKTSV4RRFFQ6002500";

/// What the database would do for a page, as the store asks for it.
async fn explain<E: EntityTrait>(world: &World, page: Select<E>) -> String {
    let backend = world.db.backend();
    let query = page.build(backend);
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

/// Fills a table with rows that are written by their number.
async fn fill(world: &World, into: &str, row: impl Fn(usize) -> String) {
    let rows: Vec<String> = (0..MANY).map(row).collect();
    let sql = format!("INSERT INTO {into} VALUES {}", rows.join(", "));
    world.execute(&sql).await;
    world.execute("ANALYZE").await;
}

async fn fill_plans(world: &World) {
    let project = world.context().project;
    let into = "offer_version (project_id, id, kind, key, number, currency, effective_from, body, \
                revision, create_time, update_time)";
    fill(world, into, |row| {
        format!(
            "('{project}', '01ARZ3NDEKTSV4RRFFQ6{row:06}', 'plan', 'plan_{row}', 1, 'USD', 1, '{{}}', \
             1, {row}, {row})"
        )
    })
    .await;
}

fn reads_an_index(plan: &str) -> bool {
    !plan.contains("Seq Scan") && !plan.contains("SCAN ")
}

/// Asks for pages from both ends of a list, and for those behind a row in the middle.
async fn is_read_along_an_index<E: EntityTrait>(
    world: &World,
    what: &str,
    place: &[&str],
    page: impl Fn(&Slice) -> Select<E>,
) {
    let place: Vec<String> = place.iter().map(|text| (*text).to_owned()).collect();
    for (descending, after) in [
        (false, None),
        (true, None),
        (false, Some(place.clone())),
        (true, Some(place)),
    ] {
        let slice = Slice {
            limit: 50,
            page: None,
            after,
            descending,
        };
        let plan = explain(world, page(&slice)).await;
        assert!(reads_an_index(&plan), "{what} {slice:?}: {plan}");
        assert!(
            !plan.contains("Sort") && !plan.contains("TEMP B-TREE"),
            "{what} {slice:?}: {plan}"
        );
    }
}

#[tokio::test]
async fn pages_of_plans_are_read_along_an_index() {
    let world = World::new().await;
    fill_plans(&world).await;
    let context = world.context();
    for (sort, place) in [
        (Sort::Id, vec![ID]),
        (Sort::Key, vec!["plan_2500", "1"]),
        (Sort::Number, vec!["1", ID]),
        (Sort::CreateTime, vec!["2500", ID]),
        (Sort::UpdateTime, vec!["2500", ID]),
    ] {
        let filter = Filter {
            sort,
            ..Filter::default()
        };
        let page = |slice: &Slice| {
            offer::page_of::<PlanBody>(context.project, &filter, slice, context.now)
        };
        is_read_along_an_index(&world, &format!("{sort:?}"), &place, page).await;
    }
}

#[tokio::test]
async fn pages_of_features_are_read_along_an_index() {
    use feature::Sort;
    let world = World::new().await;
    let project = world.context().project;
    let into = "feature (project_id, id, key, name, body, revision, create_time, update_time)";
    fill(&world, into, |row| {
        format!(
            "('{project}', '01ARZ3NDEKTSV4RRFFQ6{row:06}', 'feature_{row}', 'Name {row}', '{{}}', 1, \
             {row}, {row})"
        )
    })
    .await;
    for (sort, place) in [
        (Sort::Id, vec![ID]),
        (Sort::Key, vec!["feature_2500", ID]),
        (Sort::Name, vec!["Name 2500", ID]),
        (Sort::CreateTime, vec!["2500", ID]),
        (Sort::UpdateTime, vec!["2500", ID]),
    ] {
        let filter = feature::Filter {
            sort,
            ..feature::Filter::default()
        };
        let page = |slice: &Slice| feature::page_of(project, &filter, slice);
        is_read_along_an_index(&world, &format!("{sort:?}"), &place, page).await;
    }
}

#[tokio::test]
async fn a_plan_is_found_by_its_key_along_an_index() {
    let world = World::new().await;
    fill_plans(&world).await;
    let context = world.context();
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
    let page = offer::page_of::<PlanBody>(context.project, &filter, &slice, context.now);
    let plan = explain(&world, page).await;
    assert!(reads_an_index(&plan), "{plan}");
}

//! A page of a list costs the same however many customers there are: the database starts in
//! the middle of an index and stops at the end of the page. Shown by its own plans.

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseConnection, EntityTrait, Order, QueryTrait as _,
    Statement,
};

use super::World;
use crate::store::{
    customer_list::{Filter, OrderBy, Paging, page_query},
    entity,
};

/// Customers in the table.
const MANY: u32 = 100_000;

/// Fills the table, one customer in ten deleted.
async fn fill(db: &DatabaseConnection, project: &str) {
    let numbers = if db.get_database_backend() == DatabaseBackend::Postgres {
        format!("SELECT generate_series(1, {MANY}) AS n")
    } else {
        format!(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MANY}) \
             SELECT n FROM c"
        )
    };
    // The names are in another order than the ids.
    let sql = format!(
        "INSERT INTO customer (project_id, id, key, name, name_lower, address, metadata, \
         deleted_subject_keys, revision, create_time, update_time, delete_time, touch_time) \
         SELECT '{project}', 'id' || (1000000 + n), 'k' || n, 'n' || ((n * 7919) % 1000003), \
         'n', '{{}}', '{{}}', '[]', 1, n, n, CASE WHEN n % 10 = 0 THEN n END, n \
         FROM ({numbers}) AS numbers"
    );
    db.execute_unprepared(&sql).await.expect("rows");
    db.execute_unprepared("ANALYZE").await.expect("statistics");
}

/// The plan of a page, in the words of the database.
async fn plan<E: EntityTrait>(db: &DatabaseConnection, query: sea_orm::Select<E>) -> String {
    let backend = db.get_database_backend();
    let statement = query.build(backend);
    let (explain, column) = if backend == DatabaseBackend::Postgres {
        ("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF)", "QUERY PLAN")
    } else {
        ("EXPLAIN QUERY PLAN", "detail")
    };
    let values = statement.values.map(|values| values.0).unwrap_or_default();
    let sql = format!("{explain} {}", statement.sql);
    let rows = db
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
        .expect("a plan");
    let lines = rows
        .iter()
        .map(|row| row.try_get::<String>("", column).expect("a line of a plan"));
    lines.collect::<Vec<_>>().join("\n")
}

/// No sort, no full scan, one index, entered where the page begins.
fn check(plan: &str, index: &str, seeks: bool, what: &str) {
    let lower = plan.to_lowercase();
    assert!(plan.contains(index), "{what}: not {index}:\n{plan}");
    for forbidden in ["sort", "temp b-tree", "seq scan", "multi-index or"] {
        assert!(!lower.contains(forbidden), "{what}: {forbidden}:\n{plan}");
    }
    if lower.contains("query plan") || !lower.contains("limit") {
        // SQLite tells how it enters the index.
        let enters = lower.contains(">(?,?)")
            || lower.contains("<(?,?)")
            || lower.contains("id>?")
            || lower.contains("id<?");
        assert!(enters || !seeks, "{what}: does not seek:\n{plan}");
        return;
    }
    // PostgreSQL tells what it read: a page and the row that says whether there is more.
    let condition = lower.lines().find(|line| line.contains("index cond"));
    let condition = condition.expect("an index condition");
    let enters = condition.contains('>') || condition.contains('<');
    assert!(enters || !seeks, "{what}: does not seek:\n{plan}");
    for line in lower.lines().filter(|line| line.contains("actual rows=")) {
        let read = line
            .split("actual rows=")
            .nth(1)
            .and_then(|rest| rest.split(['.', ' ']).next());
        let read: u64 = read.and_then(|text| text.parse().ok()).expect("a count");
        assert!(read <= 51, "{what}: read {read} rows:\n{plan}");
    }
    assert!(
        !lower.contains("rows removed by filter"),
        "{what}: passes rows by:\n{plan}"
    );
}

#[tokio::test]
async fn a_page_of_customers_is_read_from_the_middle_of_an_index() {
    let world = World::start().await;
    let db = world.database().await;
    let project = world.project();
    fill(&db, &project.to_string()).await;
    let now = chassis::clock::system_now();
    for (order_by, value, index) in [
        (OrderBy::Id, "id1050001", "customer_live_by_id"),
        (OrderBy::Name, "n500000", "customer_live_by_name"),
        (OrderBy::CreateTime, "50001", "customer_live_by_create_time"),
        (OrderBy::TouchTime, "50001", "customer_live_by_touch_time"),
    ] {
        for direction in [Order::Asc, Order::Desc] {
            let what = format!("{order_by:?} {direction:?}");
            for (place, seeks) in [
                (None, false),
                (Some((value.to_owned(), "id1050001".to_owned())), true),
            ] {
                let filter = Filter::default();
                let order = (order_by, direction.clone());
                let query = page_query(project, &filter, &order, &Paging::After(place), 50, now);
                check(&plan(&db, query).await, index, seeks, &what);
            }
        }
    }
    // Who has an e-mail address is found by an index too.
    let filter = Filter {
        email_equal: "A@b".into(),
        ..Filter::default()
    };
    let order = (OrderBy::Id, Order::Asc);
    let query = page_query(project, &filter, &order, &Paging::After(None), 50, now);
    check(
        &plan(&db, query).await,
        "customer_live_by_email",
        false,
        "e-mail",
    );
    db.close().await.expect("closed");
    world.stop().await;
}

#[tokio::test]
async fn what_hangs_on_a_page_is_found_by_indexes() {
    use sea_orm::{ColumnTrait as _, QueryFilter as _};
    let world = World::start().await;
    let db = world.database().await;
    let project = world.project().to_string();
    let ids = ["a", "b", "c"];
    macro_rules! joined {
        ($($table:ident)+) => {$(
            let query = entity::$table::Entity::find()
                .filter(entity::$table::Column::ProjectId.eq(project.as_str()))
                .filter(entity::$table::Column::CustomerId.is_in(ids));
            if db.get_database_backend() == DatabaseBackend::Sqlite {
                let plan = plan(&db, query).await;
                assert!(plan.contains("SEARCH"), "{}:\n{plan}", stringify!($table));
                assert!(!plan.contains("SCAN"), "{}:\n{plan}", stringify!($table));
            }
        )+};
    }
    joined!(customer_handle customer_subject_key customer_subscription customer_trait customer_attribute);
    db.close().await.expect("closed");
    world.stop().await;
}

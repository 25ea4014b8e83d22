//! Projects, test clocks and exchange rates.

use contract::{
    customer::v1::{self as pb, KeyKind},
    kernel::v1::Decimal,
};
use tonic::Code::{AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied};

use super::{World, acme, ok, refusal, time, with_key};

#[tokio::test]
async fn the_default_project_survives_a_restart() {
    let mut world = World::start().await;
    let get = async |world: &World| {
        let request = world.request(pb::GetProjectRequest {});
        ok(world.projects().get_project(request).await)
            .project
            .expect("a project")
    };
    let before = get(&world).await;
    assert_eq!(before.name, "default");
    assert_eq!(
        (before.currency_code.as_str(), before.time_zone.as_str()),
        ("USD", "UTC")
    );
    assert!(before.revenuecat_id.starts_with("proj"));
    world.restart().await;
    assert_eq!(get(&world).await, before);
    world.stop().await;
}

#[tokio::test]
async fn an_operator_makes_projects_and_acts_in_them_by_any_of_their_names() {
    let world = World::start().await;
    let create = |name: &str, request_id: &str| {
        world.request(pb::CreateProjectRequest {
            project: Some(pb::Project {
                name: name.into(),
                currency_code: "EUR".into(),
                time_zone: "Europe/Berlin".into(),
                ..Default::default()
            }),
            request_id: request_id.into(),
        })
    };
    let made = ok(world.projects().create_project(create("acme", "")).await).project;
    let made = made.expect("a project");
    let again = world.projects().create_project(create("acme", "")).await;
    assert_eq!(refusal(again), (AlreadyExists, "PROJECT_TAKEN".into()));
    for name in [&made.id, &made.name, &made.revenuecat_id] {
        let request = world.request_in(name, pb::GetProjectRequest {});
        let found = ok(world.projects().get_project(request).await).project;
        assert_eq!(found.as_ref(), Some(&made));
    }
    let nowhere = world.request_in("nowhere", pb::GetProjectRequest {});
    let nowhere = world.projects().get_project(nowhere).await;
    assert_eq!(
        refusal(nowhere),
        (PermissionDenied, "PROJECT_REFUSED".into())
    );
    let listed = world.request(pb::ListProjectsRequest {
        page_size: 1,
        ..Default::default()
    });
    let listed = ok(world.projects().list_projects(listed).await);
    assert_eq!(listed.projects.len(), 1);
    assert!(!listed.next_page_token.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_secret_key_stays_in_its_project_and_is_no_operator() {
    let world = World::start().await;
    let request = world.request(pb::CreateKeyRequest {
        key: Some(pb::ApiKey {
            kind: KeyKind::Secret.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    });
    let secret = ok(world.keys().create_key(request).await).secret;
    let list = with_key(&secret, pb::ListProjectsRequest::default());
    assert_eq!(
        refusal(world.projects().list_projects(list).await).0,
        PermissionDenied
    );
    let mut own = with_key(&secret, pb::GetProjectRequest {});
    own.metadata_mut()
        .insert("x-perennial-project", "default".parse().expect("metadata"));
    ok(world.projects().get_project(own).await);
    world.stop().await;
}

#[tokio::test]
async fn settings_change_by_mask() {
    let world = World::start().await;
    let update = |project: pb::Project, paths: &[&str]| {
        world.request(pb::UpdateProjectRequest {
            project: Some(project),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            request_id: String::new(),
        })
    };
    let given = pb::Project {
        name: "ignored".into(),
        currency_code: "CHF".into(),
        ..Default::default()
    };
    let request = update(given, &["currency_code"]);
    let changed = ok(world.projects().update_project(request).await)
        .project
        .expect("a project");
    assert_eq!(
        (changed.name.as_str(), changed.currency_code.as_str()),
        ("default", "CHF")
    );
    let wrong = pb::Project {
        time_zone: "Nowhere".into(),
        ..Default::default()
    };
    let wrong = world
        .projects()
        .update_project(update(wrong, &["time_zone"]))
        .await;
    assert_eq!(refusal(wrong), (InvalidArgument, "INVALID_ARGUMENT".into()));
    world.stop().await;
}

#[tokio::test]
async fn a_test_clock_gives_customers_their_times_and_moves_forward_only() {
    let mut world = World::start().await;
    let advance = async |world: &World, by: &str| {
        let request = world.request(pb::AdvanceClockRequest {
            advance_duration: by.into(),
            request_id: String::new(),
        });
        world
            .clocks()
            .advance_clock(request)
            .await
            .map(|a| a.into_inner().clock.expect("a clock"))
    };
    assert_eq!(
        refusal(advance(&world, "P1D").await),
        (FailedPrecondition, "CLOCK_NOT_FROZEN".into())
    );
    let freeze = world.request(pb::FreezeClockRequest {
        time: time("2024-01-31T12:00:00Z"),
        request_id: String::new(),
    });
    ok(world.clocks().freeze_clock(freeze).await);
    let made = world.create(acme("acme", &[])).await.expect("made");
    assert_eq!(made.create_time, time("2024-01-31T12:00:00Z"));
    let clock = advance(&world, "P1M").await.expect("advanced");
    assert_eq!(
        (clock.frozen, clock.time),
        (true, time("2024-02-29T12:00:00Z"))
    );
    assert_eq!(refusal(advance(&world, "-P1D").await).0, InvalidArgument);
    world.restart().await;
    let get = || world.request(pb::GetClockRequest {});
    let clock = ok(world.clocks().get_clock(get()).await)
        .clock
        .expect("a clock");
    assert_eq!(clock.time, time("2024-02-29T12:00:00Z"));
    let made = world.create(acme("later", &[])).await.expect("made");
    assert_eq!(made.create_time, time("2024-02-29T12:00:00Z"));
    let listed = world.internal(pb::ListTestClocksRequest {});
    assert_eq!(
        ok(world.clocks().list_test_clocks(listed).await)
            .clocks
            .len(),
        1
    );
    let reset = world.request(pb::ResetClockRequest::default());
    let clock = ok(world.clocks().reset_clock(reset).await)
        .clock
        .expect("a clock");
    assert!(!clock.frozen);
    let made = world.create(acme("now", &[])).await.expect("made");
    assert!(made.create_time.map(|t| t.seconds) > time("2025-01-01T00:00:00Z").map(|t| t.seconds));
    world.stop().await;
}

#[tokio::test]
async fn rates_are_found_exactly_or_through_other_currencies() {
    let world = World::start().await;
    let set = async |from: &str, to: &str, rate: &str, at: &str| {
        let request = world.request(pb::SetRateRequest {
            rate: Some(pb::ExchangeRate {
                from_currency_code: from.into(),
                to_currency_code: to.into(),
                rate: Some(Decimal { value: rate.into() }),
                effective_time: time(at),
                ..Default::default()
            }),
            request_id: String::new(),
        });
        ok(world.rates().set_rate(request).await);
    };
    set("EUR", "USD", "1.25", "2024-01-01T00:00:00Z").await;
    set("EUR", "USD", "1.5", "2024-02-01T00:00:00Z").await;
    set("EUR", "USD", "1.6", "2024-02-01T00:00:00Z").await;
    set("GBP", "USD", "1.123456789012345678", "2024-01-01T00:00:00Z").await;
    let get = async |from: &str, to: &str, at: &str| {
        let request = world.request(pb::GetRateRequest {
            from_currency_code: from.into(),
            to_currency_code: to.into(),
            time: time(at),
        });
        let answer = world.rates().get_rate(request).await?;
        let rate = answer.into_inner().rate.expect("a rate");
        Ok::<_, tonic::Status>(rate.rate.expect("a number").value)
    };
    assert_eq!(
        get("EUR", "USD", "2024-01-15T00:00:00Z")
            .await
            .expect("found"),
        "1.25"
    );
    assert_eq!(
        get("EUR", "USD", "2024-03-01T00:00:00Z")
            .await
            .expect("found"),
        "1.6"
    );
    assert_eq!(
        get("USD", "EUR", "2023-01-01T00:00:00Z")
            .await
            .expect("found"),
        "0.8"
    );
    assert_eq!(
        get("GBP", "USD", "2024-01-15T00:00:00Z")
            .await
            .expect("found"),
        "1.123456789012345678"
    );
    assert_eq!(
        get("GBP", "EUR", "2024-01-15T00:00:00Z")
            .await
            .expect("found"),
        "0.898765431209876542"
    );
    let missing = get("CHF", "USD", "2024-01-15T00:00:00Z").await;
    assert_eq!(refusal(missing), (NotFound, "RATE_MISSING".into()));
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = world.request(pb::ListRatesRequest {
            page_size: 2,
            page_token,
            ..Default::default()
        });
        let answer = ok(world.rates().list_rates(request).await);
        seen.extend(
            answer
                .rates
                .into_iter()
                .map(|r| r.rate.expect("a number").value),
        );
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["1.6", "1.25", "1.123456789012345678"]);
    world.stop().await;
}

//! What usage costs: fixed amounts, and prices of language models.

use contract::{
    catalog::v1::{
        self as pb,
        feature_service_server::FeatureService as _,
        llm_unit_cost::{ModelSource, ProviderSource, TokenTypeSource},
        model_price_service_server::ModelPriceService as _,
        unit_cost::Source,
    },
    metering::v1 as metering_pb,
};
use tonic::Code;

use super::{World, decimal, features, reason, refused};

fn manual(amount: &str) -> Option<Source> {
    Some(Source::Manual(pb::ManualUnitCost {
        amount: decimal(amount),
    }))
}

/// By provider `openai`, and by the meter's model and kind of token.
fn llm() -> Option<Source> {
    Some(Source::Llm(pb::LlmUnitCost {
        provider_source: Some(ProviderSource::Provider("openai".into())),
        model_source: Some(ModelSource::ModelProperty("model".into())),
        token_type_source: Some(TokenTypeSource::TokenTypeProperty("kind".into())),
        pricing: None,
    }))
}

async fn create(world: &World, source: Option<Source>, model: Option<&str>) -> pb::Feature {
    let mut request = features::feature("tokens", "tokens");
    if let Some(feature) = &mut request.feature {
        feature.unit_cost = source.map(|source| pb::UnitCost {
            source: Some(source),
        });
        if let Some(model) = model {
            let operator = metering_pb::filter_string::Operator::Equals(model.into());
            let filter = metering_pb::FilterString {
                operator: Some(operator),
            };
            feature
                .meter_group_by_filters
                .insert("model".into(), filter);
        }
    }
    let answer = world.catalog.create_feature(world.call(request)).await;
    answer.unwrap().into_inner().feature.unwrap()
}

fn ask(key: &str, group_by: &[&str]) -> pb::QueryFeatureCostRequest {
    pb::QueryFeatureCostRequest {
        feature: Some(pb::FeatureRef {
            r#ref: Some(pb::feature_ref::Ref::IdOrKey(key.into())),
        }),
        usage: Some(metering_pb::QueryMeterRequest {
            group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
            ..Default::default()
        }),
    }
}

/// Usage, cost and group of each row; no cost: its detail.
async fn costs(world: &World, group_by: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let request = world.call(ask("tokens", group_by));
    let answer = world.catalog.query_feature_cost(request).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.currency_code, "USD");
    let row = |row: pb::FeatureCostRow| {
        let usage = row.usage.unwrap();
        let mut group: Vec<String> = usage.group_by.into_values().collect();
        group.sort();
        let cost = row.cost.map_or(row.detail, |cost| cost.value);
        (usage.value.unwrap().value, cost, group)
    };
    answer.rows.into_iter().map(row).collect()
}

fn pricing(input: &str, output: &str) -> Option<pb::ModelPricing> {
    Some(pb::ModelPricing {
        input_per_token: decimal(input),
        output_per_token: decimal(output),
        ..Default::default()
    })
}

async fn set(world: &World, model: &str, pricing: Option<pb::ModelPricing>) -> pb::ModelPrice {
    let request = pb::SetModelPriceRequest {
        model_price: Some(pb::ModelPrice {
            provider: "openai".into(),
            model: model.into(),
            pricing,
            ..Default::default()
        }),
        request_id: String::new(),
    };
    let answer = world.catalog.set_model_price(world.call(request)).await;
    answer.unwrap().into_inner().model_price.unwrap()
}

fn row(usage: &str, cost: &str, group: &[&str]) -> (String, String, Vec<String>) {
    let group = group.iter().map(|value| (*value).to_owned());
    (usage.to_owned(), cost.to_owned(), group.collect())
}

#[tokio::test]
async fn a_fixed_cost_is_usage_times_amount_to_the_last_digit() {
    let world = World::new().await;
    create(&world, manual("0.002"), None).await;
    world.meters.used(&[("model", "a")], 1000);
    world.meters.used(&[("model", "b")], 500);
    assert_eq!(costs(&world, &[]).await, [row("1500", "3", &[])]);
    assert_eq!(
        costs(&world, &["model"]).await,
        [row("1000", "2", &["a"]), row("500", "1", &["b"])]
    );
}

#[tokio::test]
async fn the_filters_of_the_feature_hold_beside_those_of_the_question() {
    let world = World::new().await;
    create(&world, manual("1"), Some("a")).await;
    for (model, kind) in [("a", "input"), ("a", "output"), ("b", "input")] {
        world.meters.used(&[("model", model), ("kind", kind)], 10);
    }
    assert_eq!(costs(&world, &[]).await, [row("20", "20", &[])]);
    let mut request = ask("tokens", &["model"]);
    if let Some(usage) = &mut request.usage {
        let values = |values: &[&str]| metering_pb::StringList {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        usage.group_by_values = [
            ("kind".to_owned(), values(&["input"])),
            ("model".to_owned(), values(&["a", "b"])),
            ("provider".to_owned(), values(&[])),
        ]
        .into();
        usage.from_time = Some(prost_types::Timestamp {
            seconds: 60,
            nanos: 0,
        });
        usage.window_size = metering_pb::WindowSize::Day.into();
        usage.window_time_zone = "Europe/Berlin".into();
        usage.subjects = vec!["acme".into()];
    }
    let asked = request.usage.clone().unwrap();
    let call = world.call(request);
    let answer = world.catalog.query_feature_cost(call).await.unwrap();
    let rows = answer.into_inner().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].cost, decimal("10"));
    // Everything else goes to the meter as it was asked.
    let passed = world.meters.state().asked.pop().unwrap();
    assert_eq!(
        (passed.from_time, passed.to_time, passed.window_size),
        (asked.from_time, asked.to_time, asked.window_size)
    );
    assert_eq!(
        (passed.window_time_zone, passed.subjects, passed.group_by),
        (asked.window_time_zone, asked.subjects, asked.group_by)
    );
}

#[tokio::test]
async fn tokens_are_priced_by_model_and_kind_whether_grouped_by_them_or_not() {
    let world = World::new().await;
    create(&world, llm(), None).await;
    set(&world, "gpt-4", pricing("0.00001", "0.00003")).await;
    set(&world, "gpt-5", pricing("0.00002", "0.00004")).await;
    for (model, kind, value) in [
        ("gpt-4", "input", 1000),
        ("gpt-4", "output", 500),
        ("gpt-5", "input", 2000),
    ] {
        world
            .meters
            .used(&[("model", model), ("kind", kind)], value);
    }
    let mut fine = costs(&world, &["model", "kind"]).await;
    fine.sort();
    assert_eq!(
        fine,
        [
            row("1000", "0.01", &["gpt-4", "input"]),
            row("2000", "0.04", &["gpt-5", "input"]),
            row("500", "0.015", &["gpt-4", "output"]),
        ]
        .map(|(usage, cost, mut group)| {
            group.sort();
            (usage, cost, group)
        })
    );
    assert_eq!(
        costs(&world, &["model"]).await,
        [
            row("1500", "0.025", &["gpt-4"]),
            row("2000", "0.04", &["gpt-5"])
        ]
    );
    assert_eq!(costs(&world, &[]).await, [row("3500", "0.065", &[])]);
    // A new price holds for past usage as well.
    set(&world, "gpt-5", pricing("0.00001", "0.00004")).await;
    assert_eq!(costs(&world, &[]).await, [row("3500", "0.045", &[])]);
}

#[tokio::test]
async fn an_unknown_price_is_told_and_not_guessed() {
    let world = World::new().await;
    create(&world, llm(), None).await;
    assert_eq!(
        costs(&world, &[]).await,
        [row("0", "0", &[])],
        "nothing used costs nothing"
    );
    set(&world, "gpt-4", pricing("0.00001", "0.00003")).await;
    world
        .meters
        .used(&[("model", "gpt-4"), ("kind", "input")], 1);
    world
        .meters
        .used(&[("model", "gpt-4"), ("kind", "reasoning")], 1);
    let sum = &costs(&world, &[]).await[0];
    assert!(
        sum.1.contains("`openai`") && sum.1.contains("`gpt-4`") && sum.1.contains("`reasoning`"),
        "{sum:?}"
    );
    let rows = costs(&world, &["kind"]).await;
    assert_eq!(rows[0], row("1", "0.00001", &["input"]));
    assert!(rows[1].1.starts_with("no price is known"), "{rows:?}");
}

#[tokio::test]
async fn a_feature_of_one_model_shows_its_prices() {
    let world = World::new().await;
    set(&world, "gpt-4", pricing("0.00001", "0.00003")).await;
    let shown = |feature: &pb::Feature| match &feature.unit_cost.as_ref().unwrap().source {
        Some(Source::Llm(llm)) => llm.pricing.clone(),
        other => panic!("a cost by model, not {other:?}"),
    };
    let feature = create(&world, llm(), Some("gpt-4")).await;
    assert_eq!(shown(&feature), pricing("0.00001", "0.00003"));
    set(&world, "gpt-4", pricing("0.00002", "0.00003")).await;
    let request = pb::ListFeaturesRequest::default();
    let listed = world.catalog.list_features(world.call(request)).await;
    let listed = listed.unwrap().into_inner().features;
    assert_eq!(shown(&listed[0]), pricing("0.00002", "0.00003"));
    features::archive(&world, "tokens").await.unwrap();
    let feature = create(&world, llm(), None).await;
    assert_eq!(shown(&feature), None, "many models have many prices");
}

#[tokio::test]
async fn costs_need_a_live_feature_with_meter_and_unit_cost() {
    let world = World::new().await;
    let query = async |key: &str| {
        let request = world.call(ask(key, &[]));
        let (code, why, _) = refused(world.catalog.query_feature_cost(request).await);
        (code, why)
    };
    let not_costed = (Code::FailedPrecondition, "FEATURE_NOT_COSTED".to_owned());
    assert_eq!(
        query("tokens").await,
        (Code::NotFound, "FEATURE_NOT_FOUND".to_owned())
    );
    features::create(&world, "plain", "").await;
    assert_eq!(query("plain").await, not_costed);
    features::create(&world, "metered", "tokens").await;
    assert_eq!(query("metered").await, not_costed);
    create(&world, manual("1"), None).await;
    features::archive(&world, "tokens").await.unwrap();
    assert_eq!(
        query("tokens").await,
        (Code::NotFound, "FEATURE_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn the_price_list_is_set_listed_and_forgotten() {
    let world = World::new().await;
    let bad = |price: pb::ModelPrice| {
        let request = pb::SetModelPriceRequest {
            model_price: Some(price),
            request_id: String::new(),
        };
        world.catalog.set_model_price(world.call(request))
    };
    let price = |model: &str, pricing| pb::ModelPrice {
        provider: "openai".into(),
        model: model.into(),
        pricing,
        ..Default::default()
    };
    for (price, field) in [
        (price("", pricing("1", "1")), "model_price.model"),
        (price("m", None), "model_price.pricing"),
        (
            price("m", pricing("-1", "1")),
            "model_price.pricing.input_per_token",
        ),
        (
            price("m", pricing("1", "x")),
            "model_price.pricing.output_per_token",
        ),
    ] {
        let (code, _, fields) = refused(bad(price).await);
        assert_eq!((code, fields), (Code::InvalidArgument, vec![field.into()]));
    }
    assert!(world.kinds().await.is_empty());

    let first = set(&world, "b", pricing("1", "2")).await;
    set(&world, "a", pricing("1", "2")).await;
    let second = set(&world, "b", pricing("3", "4")).await;
    assert_ne!(first.etag, second.etag);
    let stale = pb::ModelPrice {
        etag: first.etag,
        ..price("b", pricing("5", "6"))
    };
    assert_eq!(reason(bad(stale).await), "ETAG_STALE");
    let list = async |page_token| {
        let request = pb::ListModelPricesRequest {
            page_size: 1,
            page_token,
        };
        let answer = world.catalog.list_model_prices(world.call(request)).await;
        answer.unwrap().into_inner()
    };
    let page = list(String::new()).await;
    assert_eq!(page.model_prices[0].model, "a");
    let page = list(page.next_page_token).await;
    assert_eq!(page.model_prices, [second]);
    assert!(page.next_page_token.is_empty());
    let delete = |model: &str| {
        let request = pb::DeleteModelPriceRequest {
            provider: "openai".into(),
            model: model.into(),
            request_id: String::new(),
        };
        world.catalog.delete_model_price(world.call(request))
    };
    delete("b").await.unwrap();
    assert_eq!(reason(delete("b").await), "MODEL_PRICE_NOT_FOUND");
    let kinds: Vec<String> = world
        .audit("openai/b")
        .await
        .into_iter()
        .map(|entry| entry.kind)
        .collect();
    assert_eq!(
        kinds,
        ["model_price.set", "model_price.set", "model_price.deleted"]
    );
}

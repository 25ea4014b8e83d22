//! Store apps, products and plans by name: one thing sold is one product in every dialect.

use contract::catalog::v1::{
    self as pb, named_plan_service_server::NamedPlanService as _, product::Kind, product::Origin,
    product_service_server::ProductService as _, store_app::Details, store_app::Type,
    store_app_service_server::StoreAppService as _,
};
use tonic::{Code, Response, Status};

use super::{World, flat, plan, plans, reason, refused};

pub fn shop(name: &str) -> pb::StoreApp {
    pb::StoreApp {
        name: name.into(),
        r#type: Type::PlayStore.into(),
        details: Some(Details::PlayStore(pb::PlayStoreDetails {
            package_name: "com.acme.shop".into(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

async fn create_app(
    world: &World,
    app: pb::StoreApp,
) -> Result<Response<pb::CreateStoreAppResponse>, Status> {
    let request = pb::CreateStoreAppRequest {
        store_app: Some(app),
        request_id: String::new(),
    };
    world.catalog.create_store_app(world.call(request)).await
}

pub async fn app(world: &World, app: pb::StoreApp) -> pb::StoreApp {
    let answer = create_app(world, app).await.unwrap();
    answer.into_inner().store_app.unwrap()
}

async fn apps(world: &World) -> Vec<pb::StoreApp> {
    let request = pb::ListStoreAppsRequest::default();
    let answer = world.catalog.list_store_apps(world.call(request)).await;
    answer.unwrap().into_inner().store_apps
}

async fn create_product(
    world: &World,
    product: pb::Product,
) -> Result<Response<pb::CreateProductResponse>, Status> {
    let request = pb::CreateProductRequest {
        product: Some(product),
        request_id: String::new(),
    };
    world.catalog.create_product(world.call(request)).await
}

/// A monthly product of an app.
pub async fn product(world: &World, app: &pb::StoreApp, identifier: &str) -> pb::Product {
    let product = pb::Product {
        store_app_id: app.short_id.clone(),
        store_identifier: identifier.into(),
        kind: Kind::Subscription.into(),
        duration: "P1M".into(),
        ..Default::default()
    };
    let answer = create_product(world, product).await.unwrap();
    answer.into_inner().product.unwrap()
}

async fn products(world: &World) -> Vec<pb::Product> {
    let request = pb::ListProductsRequest::default();
    let answer = world.catalog.list_products(world.call(request)).await;
    answer.unwrap().into_inner().products
}

async fn ensure(world: &World, key: &str, duration: &str) -> pb::Product {
    let request = pb::EnsureProductRequest {
        product_key: key.into(),
        kind: Kind::Subscription.into(),
        duration: duration.into(),
        ..Default::default()
    };
    let answer = world.catalog.ensure_product(world.call(request)).await;
    answer.unwrap().into_inner().product.unwrap()
}

async fn create_plan(
    world: &World,
    key: &str,
    name: &str,
) -> Result<Response<pb::CreateNamedPlanResponse>, Status> {
    let request = pb::CreateNamedPlanRequest {
        named_plan: Some(pb::NamedPlan {
            key: key.into(),
            display_name: name.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world.catalog.create_named_plan(world.call(request)).await
}

async fn rename_plan(
    world: &World,
    key: &str,
    name: &str,
) -> Result<Response<pb::UpdateNamedPlanResponse>, Status> {
    let request = pb::UpdateNamedPlanRequest {
        named_plan: Some(pb::NamedPlan {
            key: key.into(),
            display_name: name.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world.catalog.update_named_plan(world.call(request)).await
}

/// Key and name of all plans by name, in the order of the list.
async fn named_plans(world: &World) -> Vec<(String, String)> {
    let request = pb::ListNamedPlansRequest::default();
    let answer = world.catalog.list_named_plans(world.call(request)).await;
    let plans = answer.unwrap().into_inner().named_plans;
    plans
        .into_iter()
        .map(|plan| (plan.key, plan.display_name))
        .collect()
}

#[tokio::test]
async fn secrets_are_sealed_and_never_shown() {
    let world = World::new().await;
    let key = "k".repeat(33);
    let made = app(
        &world,
        pb::StoreApp {
            name: "TV".into(),
            r#type: Type::Roku.into(),
            details: Some(Details::Roku(pb::RokuDetails {
                roku_api_key: key.clone(),
                roku_channel_id: "123456".into(),
                roku_channel_name: String::new(),
            })),
            ..Default::default()
        },
    )
    .await;
    let Some(Details::Roku(shown)) = &made.details else {
        panic!("details of its type");
    };
    assert_eq!(
        (shown.roku_api_key.as_str(), shown.roku_channel_id.as_str()),
        ("", "123456")
    );
    assert!(made.short_id.starts_with("app") && made.short_id.len() == 13);
    let stored =
        crate::store::store_app::find(world.db.reader(), world.context().project, &made.short_id)
            .await
            .unwrap();
    let sealed = &stored.spec.details.secret["roku_api_key"];
    assert_ne!(*sealed, key);
    assert_eq!(world.unseal(sealed), key);
    for entry in world.audit(&made.id).await {
        let text = String::from_utf8_lossy(&entry.after).into_owned();
        assert!(!text.contains(&key) && !text.contains(sealed.as_str()));
    }
}

#[tokio::test]
async fn every_bad_app_is_refused_with_its_field_and_leaves_nothing() {
    let world = World::new().await;
    let with = |kind: Type, details: Option<Details>| pb::StoreApp {
        name: "Shop".into(),
        r#type: kind.into(),
        details,
        ..Default::default()
    };
    let amazon = || {
        Some(Details::Amazon(pb::AmazonDetails {
            package_name: "com.acme".into(),
            shared_secret: String::new(),
        }))
    };
    let cases = [
        (
            pb::StoreApp {
                name: String::new(),
                ..shop("")
            },
            "store_app.name",
        ),
        (shop(&"n".repeat(256)), "store_app.name"),
        (with(Type::Unspecified, amazon()), "store_app.type"),
        (with(Type::Amazon, None), "store_app.amazon.package_name"),
        (with(Type::Stripe, amazon()), "store_app.amazon"),
        (
            with(Type::BuiltIn, None),
            "store_app.built_in.seller_company_name",
        ),
        (
            with(
                Type::BuiltIn,
                Some(Details::BuiltIn(pb::BuiltInDetails {
                    seller_company_name: "Acme".into(),
                    default_currency_code: "CHF".into(),
                    ..Default::default()
                })),
            ),
            "store_app.built_in.default_currency_code",
        ),
        (
            with(
                Type::MacAppStore,
                Some(Details::MacAppStore(pb::MacAppStoreDetails {
                    bundle_id: "com.acme".into(),
                    shared_secret: "short".into(),
                    ..Default::default()
                })),
            ),
            "store_app.mac_app_store.shared_secret",
        ),
    ];
    for (app, field) in cases {
        let (code, why, fields) = refused(create_app(&world, app).await);
        assert_eq!(
            (code, why.as_str()),
            (Code::InvalidArgument, "INVALID_ARGUMENT")
        );
        assert_eq!(fields, [field]);
    }
    let mac = with(
        Type::MacAppStore,
        Some(Details::MacAppStore(pb::MacAppStoreDetails {
            bundle_id: "com.acme".into(),
            shared_secret: String::new(),
            ..Default::default()
        })),
    );
    let (code, why, _) = refused(create_app(&world, mac).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::FailedPrecondition, "STORE_APP_TYPE_OFF")
    );
    assert!(apps(&world).await.is_empty() && world.kinds().await.is_empty());
}

#[tokio::test]
async fn apps_change_in_part_and_keep_what_is_not_named() {
    let world = World::new().await;
    let secret = "s".repeat(32);
    let made = app(
        &world,
        pb::StoreApp {
            name: "iOS".into(),
            r#type: Type::AppStore.into(),
            details: Some(Details::AppStore(pb::AppStoreDetails {
                bundle_id: "com.acme".into(),
                shared_secret: secret.clone(),
                subscription_private_key: "-----BEGIN".into(),
                subscription_key_id: "KEY".into(),
                subscription_key_issuer: "ISSUER".into(),
                small_business_program: true,
            })),
            ..Default::default()
        },
    )
    .await;
    let update = async |name: &str, bundle: &str, shared: &str, mask: &[&str], etag: &str| {
        let request = pb::UpdateStoreAppRequest {
            store_app: Some(pb::StoreApp {
                id: made.short_id.clone(),
                name: name.into(),
                details: Some(Details::AppStore(pb::AppStoreDetails {
                    bundle_id: bundle.into(),
                    shared_secret: shared.into(),
                    ..Default::default()
                })),
                etag: etag.into(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: mask.iter().map(|path| (*path).to_owned()).collect(),
            }),
            request_id: String::new(),
        };
        world.catalog.update_store_app(world.call(request)).await
    };
    let stored = async || {
        let project = world.context().project;
        let db = world.db.reader();
        crate::store::store_app::find(db, project, &made.id)
            .await
            .unwrap()
            .spec
    };
    update("Phone", "", "", &["name"], &made.etag)
        .await
        .unwrap();
    let spec = stored().await;
    assert_eq!(
        (spec.name.as_str(), spec.details.open["bundle_id"].as_str()),
        ("Phone", "com.acme")
    );
    assert_eq!(spec.details.open["small_business_program"], "true");
    assert_eq!(world.unseal(&spec.details.secret["shared_secret"]), secret);
    let stale = update("Again", "", "", &["name"], &made.etag).await;
    assert_eq!(reason(stale), "ETAG_STALE");
    let (code, _, fields) = refused(update("", "", "x", &["app_store.shared_secret"], "").await);
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(fields, ["store_app.app_store.shared_secret"]);
    // Named and empty, the secret is forgotten; the required ones are not.
    update("", "", "", &["app_store.shared_secret"], "")
        .await
        .unwrap();
    assert!(!stored().await.details.secret.contains_key("shared_secret"));
    assert!(
        stored()
            .await
            .details
            .secret
            .contains_key("subscription_private_key")
    );
    let (_, _, fields) = refused(update("", "", "", &["app_store.bundle_id"], "").await);
    assert_eq!(fields, ["store_app.app_store.bundle_id"]);
    // Everything but secrets, which nobody can repeat.
    update("All", "com.new", "", &["*"], "").await.unwrap();
    let spec = stored().await;
    assert_eq!(spec.details.open["bundle_id"], "com.new");
    assert!(spec.details.secret.contains_key("subscription_key_id"));
    // Nothing changed: nothing is recorded.
    let before = world.audit(&made.id).await.len();
    update("All", "com.new", "", &["name", "app_store.bundle_id"], "")
        .await
        .unwrap();
    assert_eq!(world.audit(&made.id).await.len(), before);
}

#[tokio::test]
async fn a_published_plan_is_one_product_and_one_name() {
    let world = World::new().await;
    assert!(apps(&world).await.is_empty());
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    assert!(products(&world).await.is_empty(), "a draft is not sold");
    plans::publish(&world, &draft.id).await.unwrap();
    let home = &apps(&world).await[0];
    assert_eq!(
        (home.name.as_str(), home.r#type(), home.is_default),
        ("Default", Type::BuiltIn, true)
    );
    let sold = products(&world).await;
    assert_eq!(sold.len(), 1);
    let first = &sold[0];
    assert_eq!(
        (
            first.store_identifier.as_str(),
            first.product_key.as_str(),
            first.display_name.as_str()
        ),
        ("pro", "pro", "Pro")
    );
    assert_eq!(
        (first.origin(), first.duration.as_str()),
        (Origin::Plan, "P1M")
    );
    assert!(first.short_id.starts_with("prod") && first.short_id.len() == 14);
    assert_eq!(
        named_plans(&world).await,
        [("pro".to_owned(), "Pro".to_owned())]
    );

    // The next version is the same product, under its new name and cadence.
    let yearly = pb::Plan {
        name: "Professional".into(),
        billing_cadence: "P1Y".into(),
        ..plan(vec![flat("fee", "P1Y")])
    };
    let next = plans::created(&world, yearly).await;
    plans::publish(&world, &next.id).await.unwrap();
    let sold = products(&world).await;
    assert_eq!(sold.len(), 1);
    assert_eq!(
        (&sold[0].id, &sold[0].short_id),
        (&first.id, &first.short_id)
    );
    assert_eq!(
        (sold[0].duration.as_str(), sold[0].display_name.as_str()),
        ("P1Y", "Professional")
    );
    assert_eq!(
        named_plans(&world).await,
        [("pro".to_owned(), "Professional".to_owned())]
    );

    // It goes with its plan.
    let (code, why, _) = refused(rename_plan(&world, "pro", "Mine").await);
    assert_eq!(
        (code, why.as_str()),
        (Code::FailedPrecondition, "NAMED_PLAN_VERSIONED")
    );
    assert_eq!(
        reason(create_plan(&world, "pro", "Mine").await),
        "NAMED_PLAN_EXISTS"
    );
    let delete = pb::DeleteProductRequest {
        id: first.short_id.clone(),
        request_id: String::new(),
    };
    assert_eq!(
        reason(world.catalog.delete_product(world.call(delete)).await),
        "PRODUCT_MANAGED"
    );
    let rename = |product: pb::Product| {
        let request = pb::UpdateProductRequest {
            product: Some(pb::Product {
                id: first.id.clone(),
                ..product
            }),
            update_mask: None,
            request_id: String::new(),
        };
        world.catalog.update_product(world.call(request))
    };
    let renamed = pb::Product {
        display_name: "Mine".into(),
        ..Default::default()
    };
    assert_eq!(reason(rename(renamed).await), "PRODUCT_MANAGED");
    let grace = pb::Product {
        grace_period_duration: "P3D".into(),
        ..Default::default()
    };
    let changed = rename(grace).await.unwrap().into_inner().product.unwrap();
    assert_eq!(changed.grace_period_duration, "P3D");
    let delete = pb::DeleteStoreAppRequest {
        id: home.id.clone(),
        request_id: String::new(),
    };
    let (code, why, _) = refused(world.catalog.delete_store_app(world.call(delete)).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::FailedPrecondition, "STORE_APP_IN_USE")
    );
}

#[tokio::test]
async fn reported_plans_are_products_by_interval() {
    let world = World::new().await;
    create_plan(&world, "Gold Plan", "Gold").await.unwrap();
    let made = products(&world).await.remove(0);
    assert_eq!(
        (made.store_identifier.as_str(), made.duration.as_str()),
        ("Gold Plan", "")
    );
    assert_eq!(made.origin(), Origin::Reported);
    // The first subscription tells the interval; a second interval is a second product.
    let monthly = ensure(&world, "Gold Plan", "P1M").await;
    assert_eq!((&monthly.id, monthly.duration.as_str()), (&made.id, "P1M"));
    assert_eq!(ensure(&world, "Gold Plan", "P1M").await, monthly);
    let yearly = ensure(&world, "Gold Plan", "P1Y").await;
    assert_eq!(yearly.store_identifier, "Gold Plan:year");
    assert_eq!(yearly.product_key, "Gold Plan");
    assert_eq!(yearly.store_app_id, monthly.store_app_id);
    // An unknown one is made, named by its key.
    ensure(&world, "silver", "P1M").await;
    let names = [("Gold Plan", "Gold"), ("silver", "silver")];
    let names = names.map(|(key, name)| (key.to_owned(), name.to_owned()));
    assert_eq!(named_plans(&world).await, names);
    rename_plan(&world, "silver", "Silver").await.unwrap();
    assert_eq!(named_plans(&world).await[1].1, "Silver");
    assert_eq!(
        reason(rename_plan(&world, "bronze", "Bronze").await),
        "NAMED_PLAN_NOT_FOUND"
    );
    for (key, name, field) in [
        ("", "n", "named_plan.key"),
        ("k", "", "named_plan.display_name"),
    ] {
        let (code, _, fields) = refused(create_plan(&world, key, name).await);
        assert_eq!((code, fields), (Code::InvalidArgument, vec![field.into()]));
    }
    // A plan that is published under the key takes over name and product.
    let reported = ensure(&world, "pro", "P1M").await;
    let draft = plans::created(&world, plan(vec![flat("fee", "P1M")])).await;
    plans::publish(&world, &draft.id).await.unwrap();
    let adopted = ensure(&world, "pro", "P1M").await;
    assert_eq!(
        (adopted.id, adopted.short_id.as_str()),
        (reported.id, reported.short_id.as_str())
    );
    assert_eq!(Origin::try_from(adopted.origin).unwrap(), Origin::Plan);
    assert!(
        named_plans(&world)
            .await
            .contains(&("pro".to_owned(), "Pro".to_owned()))
    );
}

#[tokio::test]
async fn products_of_a_store_are_made_listed_and_deleted() {
    let world = World::new().await;
    let play = app(&world, shop("Play")).await;
    let gold = product(&world, &play, "gold").await;
    let again = pb::Product {
        store_app_id: play.id.clone(),
        store_identifier: "gold".into(),
        kind: Kind::OneTime.into(),
        ..Default::default()
    };
    let (code, why, _) = refused(create_product(&world, again.clone()).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::AlreadyExists, "PRODUCT_EXISTS")
    );
    let unknown = pb::Product {
        store_app_id: "app0000000000".into(),
        ..again.clone()
    };
    let status = create_product(&world, unknown).await.unwrap_err();
    let details = chassis::error::details(&status);
    assert_eq!(
        (
            status.code(),
            details.reason.as_str(),
            details.metadata["field"].as_str()
        ),
        (Code::NotFound, "STORE_APP_NOT_FOUND", "store_app_id")
    );
    for (bad, field) in [
        (
            pb::Product {
                store_identifier: String::new(),
                ..again.clone()
            },
            "product.store_identifier",
        ),
        (
            pb::Product {
                kind: 0,
                ..again.clone()
            },
            "product.kind",
        ),
        (
            pb::Product {
                duration: "P1M".into(),
                ..again.clone()
            },
            "product.duration",
        ),
        (
            pb::Product {
                duration: "month".into(),
                ..again.clone()
            },
            "product.duration",
        ),
    ] {
        let (code, _, fields) = refused(create_product(&world, bad).await);
        assert_eq!((code, fields), (Code::InvalidArgument, vec![field.into()]));
    }
    let silver = product(&world, &play, "silver").await;
    let other = app(&world, shop("Other")).await;
    product(&world, &other, "gold").await;
    assert_eq!(named_plans(&world).await.len(), 2, "one key, one plan");

    let list = async |after: &str, app: &str, size| {
        let request = pb::ListProductsRequest {
            after_id: after.into(),
            store_app_id: app.into(),
            page_size: size,
            ..Default::default()
        };
        world.catalog.list_products(world.call(request)).await
    };
    let ids = |answer: Response<pb::ListProductsResponse>| {
        let products = answer.into_inner().products;
        products
            .into_iter()
            .map(|product| product.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(list("", "", 2).await.unwrap()),
        [gold.id.clone(), silver.id.clone()]
    );
    assert_eq!(
        ids(list(&gold.short_id, &play.short_id, 0).await.unwrap()),
        std::slice::from_ref(&silver.id)
    );
    for (after, app) in [
        ("prod0000000000", ""),
        (gold.id.as_str(), other.id.as_str()),
    ] {
        let (code, _, fields) = refused(list(after, app, 0).await);
        assert_eq!(
            (code, fields),
            (Code::InvalidArgument, vec!["after_id".into()])
        );
    }
    let (_, _, fields) = refused(list("", "", -1).await);
    assert_eq!(fields, ["page_size"]);

    let delete = |id: &str| {
        let request = pb::DeleteProductRequest {
            id: id.into(),
            request_id: String::new(),
        };
        world.catalog.delete_product(world.call(request))
    };
    delete(&gold.short_id).await.unwrap();
    assert_eq!(reason(delete(&gold.short_id).await), "PRODUCT_NOT_FOUND");
    let batch = pb::BatchGetProductsRequest {
        ids: vec![gold.short_id.clone(), "prod0000000000".into()],
        product_keys: vec!["silver".into(), "gold".into()],
    };
    let found = world
        .catalog
        .batch_get_products(world.call(batch))
        .await
        .unwrap();
    let found = found.into_inner().products;
    assert_eq!(
        found.len(),
        3,
        "the deleted one by id, the live ones by key"
    );
    assert!(found[0].delete_time.is_some());
    // The identifier is free again, and what takes it is another product.
    let new = product(&world, &play, "gold").await;
    assert_ne!(new.short_id, gold.short_id);

    // An app goes with its products.
    let delete = pb::DeleteStoreAppRequest {
        id: play.short_id.clone(),
        request_id: String::new(),
    };
    world
        .catalog
        .delete_store_app(world.call(delete.clone()))
        .await
        .unwrap();
    assert_eq!(
        reason(world.catalog.delete_store_app(world.call(delete)).await),
        "STORE_APP_NOT_FOUND"
    );
    assert_eq!(products(&world).await.len(), 1);
    assert_eq!(apps(&world).await, [other]);
}

#[tokio::test]
async fn a_project_sees_nothing_of_another() {
    let world = World::new().await;
    let play = app(&world, shop("Play")).await;
    let gold = product(&world, &play, "gold").await;
    let other = chassis::id::next();
    let get = pb::GetStoreAppRequest { id: play.id };
    let answer = world.catalog.get_store_app(world.call_as(other, get)).await;
    assert_eq!(reason(answer), "STORE_APP_NOT_FOUND");
    let get = pb::GetProductRequest { id: gold.short_id };
    let answer = world.catalog.get_product(world.call_as(other, get)).await;
    assert_eq!(reason(answer), "PRODUCT_NOT_FOUND");
    let list = pb::ListNamedPlansRequest::default();
    let answer = world
        .catalog
        .list_named_plans(world.call_as(other, list))
        .await;
    assert!(answer.unwrap().into_inner().named_plans.is_empty());
}

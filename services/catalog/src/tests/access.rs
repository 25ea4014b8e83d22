//! Entitlement definitions, offerings and packages.

use contract::catalog::v1::{
    self as pb, entitlement_definition_service_server::EntitlementDefinitionService as _,
    offering_service_server::OfferingService as _,
    package_product::EligibilityCriteria as Criteria, package_service_server::PackageService as _,
    product_service_server::ProductService as _,
};
use tonic::{Code, Response, Status};

use super::{
    World, features, reason, refused,
    stores::{app, product, shop},
};

async fn define(
    world: &World,
    key: &str,
    name: &str,
) -> Result<Response<pb::CreateEntitlementDefinitionResponse>, Status> {
    let request = pb::CreateEntitlementDefinitionRequest {
        entitlement_definition: Some(pb::EntitlementDefinition {
            lookup_key: key.into(),
            display_name: name.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world
        .catalog
        .create_entitlement_definition(world.call(request))
        .await
}

pub async fn defined(world: &World, key: &str) -> pb::EntitlementDefinition {
    let answer = define(world, key, key).await.unwrap();
    answer.into_inner().entitlement_definition.unwrap()
}

pub async fn attach(
    world: &World,
    id: &str,
    products: &[&str],
) -> Result<Response<pb::AttachEntitlementProductsResponse>, Status> {
    let request = pb::AttachEntitlementProductsRequest {
        id: id.into(),
        product_ids: products.iter().map(|id| (*id).to_owned()).collect(),
        request_id: String::new(),
    };
    world
        .catalog
        .attach_entitlement_products(world.call(request))
        .await
}

async fn detach(
    world: &World,
    id: &str,
    products: &[&str],
) -> Result<Response<pb::DetachEntitlementProductsResponse>, Status> {
    let request = pb::DetachEntitlementProductsRequest {
        id: id.into(),
        product_ids: products.iter().map(|id| (*id).to_owned()).collect(),
        request_id: String::new(),
    };
    world
        .catalog
        .detach_entitlement_products(world.call(request))
        .await
}

async fn given_by(world: &World, id: &str) -> Vec<String> {
    let request = pb::ListEntitlementProductsRequest {
        id: id.into(),
        ..Default::default()
    };
    let answer = world
        .catalog
        .list_entitlement_products(world.call(request))
        .await;
    let products = answer.unwrap().into_inner().products;
    products.into_iter().map(|product| product.id).collect()
}

async fn get_definition(world: &World, id: &str) -> pb::EntitlementDefinition {
    let request = pb::GetEntitlementDefinitionRequest { id: id.into() };
    let answer = world
        .catalog
        .get_entitlement_definition(world.call(request))
        .await;
    answer.unwrap().into_inner().entitlement_definition.unwrap()
}

pub async fn offer(
    world: &World,
    key: &str,
) -> Result<Response<pb::CreateOfferingResponse>, Status> {
    let request = pb::CreateOfferingRequest {
        offering: Some(pb::Offering {
            lookup_key: key.into(),
            display_name: key.into(),
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world.catalog.create_offering(world.call(request)).await
}

async fn offered(world: &World, key: &str) -> pb::Offering {
    let answer = offer(world, key).await.unwrap();
    answer.into_inner().offering.unwrap()
}

async fn change_offering(
    world: &World,
    offering: pb::Offering,
    mask: &[&str],
) -> Result<Response<pb::UpdateOfferingResponse>, Status> {
    let request = pb::UpdateOfferingRequest {
        offering: Some(offering),
        update_mask: Some(prost_types::FieldMask {
            paths: mask.iter().map(|path| (*path).to_owned()).collect(),
        }),
        request_id: String::new(),
    };
    world.catalog.update_offering(world.call(request)).await
}

async fn pack(
    world: &World,
    offering: &str,
    key: &str,
    position: i32,
) -> Result<Response<pb::CreatePackageResponse>, Status> {
    let request = pb::CreatePackageRequest {
        package: Some(pb::Package {
            offering_id: offering.into(),
            lookup_key: key.into(),
            display_name: key.into(),
            position,
            ..Default::default()
        }),
        request_id: String::new(),
    };
    world.catalog.create_package(world.call(request)).await
}

async fn packed(world: &World, offering: &str, key: &str, position: i32) -> pb::Package {
    let answer = pack(world, offering, key, position).await.unwrap();
    answer.into_inner().package.unwrap()
}

/// Keys of the packages of an offering by position; the positions are 1..n.
async fn order(world: &World, offering: &str) -> Vec<String> {
    let request = pb::ListPackagesRequest {
        offering_id: offering.into(),
        ..Default::default()
    };
    let answer = world.catalog.list_packages(world.call(request)).await;
    let packages = answer.unwrap().into_inner().packages;
    let places: Vec<i32> = packages.iter().map(|package| package.position).collect();
    let expected: Vec<i32> = (1..=i32::try_from(places.len()).unwrap()).collect();
    assert_eq!(places, expected);
    packages
        .into_iter()
        .map(|package| package.lookup_key)
        .collect()
}

async fn fill(
    world: &World,
    package: &str,
    products: &[(&str, Criteria)],
) -> Result<Response<pb::AttachPackageProductsResponse>, Status> {
    let entry = |(id, criteria): &(&str, Criteria)| pb::PackageProduct {
        product: Some(pb::Product {
            id: (*id).to_owned(),
            ..Default::default()
        }),
        eligibility_criteria: (*criteria).into(),
    };
    let request = pb::AttachPackageProductsRequest {
        id: package.into(),
        products: products.iter().map(entry).collect(),
        request_id: String::new(),
    };
    world
        .catalog
        .attach_package_products(world.call(request))
        .await
}

#[tokio::test]
async fn a_definition_is_the_live_feature_of_its_key() {
    let world = World::new().await;
    let premium = defined(&world, "premium").await;
    assert!(premium.short_id.starts_with("entl") && premium.short_id.len() == 14);
    assert_eq!(premium.feature_id, "");
    let feature = features::create(&world, "premium", "").await;
    assert_eq!(
        get_definition(&world, &premium.id).await.feature_id,
        feature.id
    );
    features::archive(&world, "premium").await.unwrap();
    assert_eq!(
        get_definition(&world, &premium.short_id).await.feature_id,
        ""
    );
    let again = features::create(&world, "premium", "").await;
    assert_eq!(
        get_definition(&world, &premium.id).await.feature_id,
        again.id
    );
}

#[tokio::test]
async fn lookup_keys_are_unique_and_free_again_after_deletion() {
    let world = World::new().await;
    let premium = defined(&world, "premium").await;
    let status = define(&world, "premium", "Other").await.unwrap_err();
    let details = chassis::error::details(&status);
    assert_eq!(
        (
            status.code(),
            details.reason.as_str(),
            details.metadata["field"].as_str()
        ),
        (
            Code::AlreadyExists,
            "ENTITLEMENT_DEFINITION_EXISTS",
            "lookup_key"
        )
    );
    defined(&world, "Premium").await;
    for (key, name, field) in [
        ("", "n", "entitlement_definition.lookup_key"),
        ("k", "", "entitlement_definition.display_name"),
    ] {
        let (code, _, fields) = refused(define(&world, key, name).await);
        assert_eq!((code, fields), (Code::InvalidArgument, vec![field.into()]));
    }
    let update = |name: &str, etag: &str| {
        let request = pb::UpdateEntitlementDefinitionRequest {
            entitlement_definition: Some(pb::EntitlementDefinition {
                id: premium.short_id.clone(),
                display_name: name.into(),
                etag: etag.into(),
                ..Default::default()
            }),
            update_mask: None,
            request_id: String::new(),
        };
        world
            .catalog
            .update_entitlement_definition(world.call(request))
    };
    let renamed = update("Premium access", &premium.etag).await.unwrap();
    let renamed = renamed.into_inner().entitlement_definition.unwrap();
    assert_eq!(renamed.display_name, "Premium access");
    assert_eq!(reason(update("Late", &premium.etag).await), "ETAG_STALE");
    let same = update("", "").await.unwrap().into_inner();
    assert_eq!(
        same.entitlement_definition.unwrap(),
        renamed,
        "nothing to change"
    );
    let delete = pb::DeleteEntitlementDefinitionRequest {
        id: premium.id.clone(),
        request_id: String::new(),
    };
    let call = || world.call(delete.clone());
    world
        .catalog
        .delete_entitlement_definition(call())
        .await
        .unwrap();
    let twice = world.catalog.delete_entitlement_definition(call()).await;
    assert_eq!(reason(twice), "ENTITLEMENT_DEFINITION_NOT_FOUND");
    let new = defined(&world, "premium").await;
    assert_ne!(new.short_id, premium.short_id);
    let request = pb::ListEntitlementDefinitionsRequest {
        page_size: 1,
        ..Default::default()
    };
    let page = world
        .catalog
        .list_entitlement_definitions(world.call(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.entitlement_definitions[0].lookup_key, "Premium");
    let request = pb::ListEntitlementDefinitionsRequest {
        page_token: page.next_page_token,
        ..request
    };
    let page = world
        .catalog
        .list_entitlement_definitions(world.call(request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.entitlement_definitions, [new]);
    assert!(page.next_page_token.is_empty());
}

#[tokio::test]
async fn products_are_attached_and_detached_all_or_none() {
    let world = World::new().await;
    let play = app(&world, shop("Play")).await;
    let gold = product(&world, &play, "gold").await;
    let silver = product(&world, &play, "silver").await;
    let premium = defined(&world, "premium").await;
    let unknown = attach(&world, &premium.id, &[&gold.id, "prod0000000000"]).await;
    let status = unknown.unwrap_err();
    let details = chassis::error::details(&status);
    assert_eq!(
        (
            status.code(),
            details.reason.as_str(),
            details.metadata["field"].as_str()
        ),
        (Code::NotFound, "PRODUCT_NOT_FOUND", "product_ids")
    );
    assert!(
        given_by(&world, &premium.id).await.is_empty(),
        "all or none"
    );
    let too_many = vec![gold.id.as_str(); 51];
    for count in [0, 51] {
        let (code, _, fields) = refused(attach(&world, &premium.id, &too_many[..count]).await);
        assert_eq!(
            (code, fields),
            (Code::InvalidArgument, vec!["product_ids".into()])
        );
    }
    let twice = [gold.short_id.as_str(), gold.id.as_str(), silver.id.as_str()];
    let attached = attach(&world, &premium.short_id, &twice).await.unwrap();
    let attached = attached.into_inner().entitlement_definition.unwrap();
    assert_eq!(
        given_by(&world, &premium.id).await,
        [gold.id.clone(), silver.id.clone()]
    );
    let again = attach(&world, &premium.id, &[&gold.id]).await.unwrap();
    assert_eq!(
        again.into_inner().entitlement_definition.unwrap(),
        attached,
        "nothing new"
    );

    let batch = pb::BatchGetEntitlementDefinitionsRequest {
        product_ids: vec![gold.short_id.clone()],
        ..Default::default()
    };
    let found = world
        .catalog
        .batch_get_entitlement_definitions(world.call(batch))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.entitlement_definitions, [attached]);
    assert_eq!(found.attachments[0].product_id, gold.id);
    let batch = pb::BatchListEntitlementProductsRequest {
        ids: vec![premium.short_id.clone()],
        limit: 1,
    };
    let found = world
        .catalog
        .batch_list_entitlement_products(world.call(batch))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            found.entitlements[0].products.len(),
            found.entitlements[0].has_more
        ),
        (1, true)
    );
    let list = |after: &str| {
        let request = pb::ListEntitlementProductsRequest {
            id: premium.id.clone(),
            after_id: after.into(),
            ..Default::default()
        };
        world.catalog.list_entitlement_products(world.call(request))
    };
    let behind = list(&gold.short_id).await.unwrap().into_inner().products;
    assert_eq!(behind[0].id, silver.id);

    detach(&world, &premium.id, &[&silver.id]).await.unwrap();
    let (_, _, fields) = refused(list(&silver.id).await);
    assert_eq!(fields, ["after_id"], "it is no longer in the list");
    let (code, why, _) = refused(detach(&world, &premium.id, &[&gold.id, &silver.id]).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::NotFound, "PRODUCT_NOT_ATTACHED")
    );
    assert_eq!(
        given_by(&world, &premium.id).await,
        std::slice::from_ref(&gold.id),
        "all or none"
    );
    // A product that is deleted gives nothing any more.
    let delete = pb::DeleteProductRequest {
        id: gold.id,
        request_id: String::new(),
    };
    world
        .catalog
        .delete_product(world.call(delete))
        .await
        .unwrap();
    assert!(given_by(&world, &premium.id).await.is_empty());
}

#[tokio::test]
async fn at_most_one_offering_is_current() {
    let world = World::new().await;
    let first = offered(&world, "default").await;
    let second = offered(&world, "sale").await;
    assert!(first.is_current && !second.is_current);
    assert!(first.short_id.starts_with("ofrng") && first.short_id.len() == 15);
    let current = async || {
        let request = pb::ListOfferingsRequest::default();
        let answer = world.catalog.list_offerings(world.call(request)).await;
        let all = answer.unwrap().into_inner().offerings;
        let current = all.into_iter().filter(|offering| offering.is_current);
        current
            .map(|offering| offering.lookup_key)
            .collect::<Vec<_>>()
    };
    let make = |id: &str, is_current| pb::Offering {
        id: id.into(),
        is_current,
        ..Default::default()
    };
    change_offering(&world, make(&second.short_id, true), &["is_current"])
        .await
        .unwrap();
    assert_eq!(current().await, ["sale"]);
    change_offering(&world, make(&second.id, false), &["is_current"])
        .await
        .unwrap();
    assert!(current().await.is_empty());
    change_offering(&world, make(&first.id, true), &["is_current"])
        .await
        .unwrap();
    let delete = |id: &str| {
        let request = pb::DeleteOfferingRequest {
            id: id.into(),
            request_id: String::new(),
        };
        world.catalog.delete_offering(world.call(request))
    };
    delete(&first.short_id).await.unwrap();
    assert!(current().await.is_empty(), "none takes its place");
    assert_eq!(reason(delete(&first.id).await), "OFFERING_NOT_FOUND");
    assert!(!offered(&world, "default").await.is_current);
    assert_eq!(reason(offer(&world, "default").await), "OFFERING_EXISTS");
}

#[tokio::test]
async fn metadata_of_an_offering_is_a_json_object_kept_to_the_letter() {
    let world = World::new().await;
    let sale = offered(&world, "sale").await;
    let with = |text: &str| pb::Offering {
        id: sale.id.clone(),
        metadata_json: text.into(),
        ..Default::default()
    };
    let text = r#"{"price": 1.50, "nested": {"a": [null, 12345678901234567890.1]}}"#;
    let mask = ["metadata_json"];
    let kept = change_offering(&world, with(text), &mask).await.unwrap();
    assert_eq!(kept.into_inner().offering.unwrap().metadata_json, text);
    for text in ["[]", "1", "{"] {
        let (code, _, fields) = refused(change_offering(&world, with(text), &mask).await);
        assert_eq!(code, Code::InvalidArgument);
        assert_eq!(fields, ["offering.metadata_json"]);
    }
    let erased = change_offering(&world, with(""), &mask).await.unwrap();
    assert_eq!(erased.into_inner().offering.unwrap().metadata_json, "");
    let stale = pb::Offering {
        etag: sale.etag.clone(),
        ..with("{}")
    };
    assert_eq!(
        reason(change_offering(&world, stale, &mask).await),
        "ETAG_STALE"
    );
}

#[tokio::test]
async fn packages_stand_in_order_without_gaps() {
    let world = World::new().await;
    let sale = offered(&world, "sale").await;
    let a = packed(&world, &sale.short_id, "a", 0).await;
    assert!(a.short_id.starts_with("pkg") && a.short_id.len() == 13);
    packed(&world, &sale.id, "b", 0).await;
    packed(&world, &sale.id, "first", 1).await;
    let last = packed(&world, &sale.id, "last", 99).await;
    assert_eq!(last.position, 4);
    assert_eq!(order(&world, &sale.id).await, ["first", "a", "b", "last"]);
    let place = async |id: &str, position| {
        let request = pb::UpdatePackageRequest {
            package: Some(pb::Package {
                id: id.into(),
                position,
                ..Default::default()
            }),
            update_mask: None,
            request_id: String::new(),
        };
        world.catalog.update_package(world.call(request)).await
    };
    place(&last.short_id, 2).await.unwrap();
    assert_eq!(order(&world, &sale.id).await, ["first", "last", "a", "b"]);
    place(&last.id, 3).await.unwrap();
    assert_eq!(order(&world, &sale.id).await, ["first", "a", "last", "b"]);
    place(&a.id, 50).await.unwrap();
    assert_eq!(order(&world, &sale.id).await, ["first", "last", "b", "a"]);
    let (code, _, fields) = refused(place(&a.id, -1).await);
    assert_eq!(
        (code, fields),
        (Code::InvalidArgument, vec!["package.position".into()])
    );

    assert_eq!(
        reason(pack(&world, &sale.id, "a", 1).await),
        "PACKAGE_EXISTS"
    );
    assert_eq!(
        order(&world, &sale.id).await,
        ["first", "last", "b", "a"],
        "nothing moved"
    );
    let other = offered(&world, "other").await;
    packed(&world, &other.id, "a", 0).await;
    let delete = |id: &str| {
        let request = pb::DeletePackageRequest {
            id: id.into(),
            request_id: String::new(),
        };
        world.catalog.delete_package(world.call(request))
    };
    delete(&last.id).await.unwrap();
    assert_eq!(order(&world, &sale.id).await, ["first", "b", "a"]);
    assert_eq!(reason(delete(&last.id).await), "PACKAGE_NOT_FOUND");

    let batch = pb::BatchListPackagesRequest {
        offering_ids: vec![sale.short_id.clone(), other.id.clone()],
        limit: 2,
    };
    let found = world.catalog.batch_list_packages(world.call(batch)).await;
    let found = found.unwrap().into_inner().offerings;
    let counts: Vec<(usize, bool)> = found
        .iter()
        .map(|offering| (offering.packages.len(), offering.has_more))
        .collect();
    assert_eq!(counts, [(2, true), (1, false)]);
    let page = pb::ListPackagesRequest {
        offering_id: sale.id.clone(),
        after_id: a.short_id.clone(),
        ..Default::default()
    };
    let page = world.catalog.list_packages(world.call(page)).await.unwrap();
    assert!(page.into_inner().packages.is_empty(), "it is the last one");
    // An offering goes with its packages.
    let delete = pb::DeleteOfferingRequest {
        id: sale.id.clone(),
        request_id: String::new(),
    };
    world
        .catalog
        .delete_offering(world.call(delete))
        .await
        .unwrap();
    let get = pb::GetPackageRequest { id: a.id };
    assert_eq!(
        reason(world.catalog.get_package(world.call(get)).await),
        "PACKAGE_NOT_FOUND"
    );
    assert_eq!(
        reason(pack(&world, &sale.id, "c", 0).await),
        "OFFERING_NOT_FOUND"
    );
}

#[tokio::test]
async fn products_for_all_clients_exclude_the_others_in_a_package() {
    let world = World::new().await;
    let play = app(&world, shop("Play")).await;
    let gold = product(&world, &play, "gold").await;
    let silver = product(&world, &play, "silver").await;
    let sale = offered(&world, "sale").await;
    let monthly = packed(&world, &sale.id, "monthly", 0).await;
    let fill =
        async |products: &[(&str, Criteria)]| fill(&world, &monthly.short_id, products).await;
    let both = [
        (gold.id.as_str(), Criteria::GoogleBefore6),
        (silver.short_id.as_str(), Criteria::GoogleFrom6),
    ];
    fill(&both).await.unwrap();
    let (code, why, _) = refused(fill(&[(gold.id.as_str(), Criteria::Unspecified)]).await);
    assert_eq!(
        (code, why.as_str()),
        (Code::FailedPrecondition, "PACKAGE_ELIGIBILITY_CONFLICT")
    );
    let everyone = [
        (gold.id.as_str(), Criteria::All),
        (silver.id.as_str(), Criteria::All),
    ];
    fill(&everyone).await.unwrap();
    let request = pb::ListPackageProductsRequest {
        id: monthly.id.clone(),
        ..Default::default()
    };
    let listed = world
        .catalog
        .list_package_products(world.call(request))
        .await;
    let listed = listed.unwrap().into_inner().products;
    let listed: Vec<(String, Criteria)> = listed
        .into_iter()
        .map(|entry| {
            (
                entry.product.clone().unwrap().id,
                entry.eligibility_criteria(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            (gold.id.clone(), Criteria::All),
            (silver.id.clone(), Criteria::All)
        ]
    );
    let (code, why, _) = refused(fill(&[("prod0000000000", Criteria::All)]).await);
    assert_eq!((code, why.as_str()), (Code::NotFound, "PRODUCT_NOT_FOUND"));
    let (_, _, fields) = refused(fill(&[("", Criteria::All)]).await);
    assert_eq!(fields, ["products[0].product.id"]);
    let (_, _, fields) = refused(fill(&[]).await);
    assert_eq!(fields, ["products"]);
    let detach = |ids: &[&str]| {
        let request = pb::DetachPackageProductsRequest {
            id: monthly.id.clone(),
            product_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            request_id: String::new(),
        };
        world.catalog.detach_package_products(world.call(request))
    };
    detach(&[&gold.id]).await.unwrap();
    assert_eq!(
        reason(detach(&[&gold.id, &silver.id]).await),
        "PRODUCT_NOT_ATTACHED"
    );
    let batch = pb::BatchListPackageProductsRequest {
        ids: vec![monthly.id.clone()],
        limit: 0,
    };
    let found = world
        .catalog
        .batch_list_package_products(world.call(batch))
        .await;
    let found = found.unwrap().into_inner().packages;
    assert_eq!((found[0].products.len(), found[0].has_more), (1, false));
}

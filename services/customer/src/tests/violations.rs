//! What a refusal names as wrong is a field of the request.

use contract::customer::v1 as pb;
use tonic::{Request, Response, Status};

use super::{World, acme, by_id, field, refusal};

fn changed(change: impl FnOnce(&mut pb::Customer)) -> pb::Customer {
    let mut customer = acme("acme", &["s"]);
    change(&mut customer);
    customer
}

#[tokio::test]
async fn fields_of_a_customer_lie_in_the_customer_of_the_request() {
    let world = World::start().await;
    let stored = world.create(acme("stored", &[])).await.expect("made");
    let address = |city: &str| pb::Address {
        city: Some(city.to_owned()),
        ..Default::default()
    };
    for (path, wrong) in [
        ("display_name", changed(|one| one.display_name.clear())),
        ("key", changed(|one| one.key = "k".repeat(5000))),
        (
            "currency_code",
            changed(|one| one.currency_code = "EURO".into()),
        ),
        (
            "metadata",
            changed(|one| one.metadata = [("k".repeat(300), String::new())].into()),
        ),
        (
            "billing_address.city",
            changed(|one| one.billing_address = Some(address("a\0b"))),
        ),
        (
            "usage_attribution.subject_keys",
            changed(|one| one.usage_attribution = super::attribution(&[""])),
        ),
    ] {
        let named = format!("customer.{path}");
        assert_eq!(field(world.create(wrong.clone()).await), named);
        let mask = path.split('.').next().expect("a name");
        assert_eq!(field(world.update(&stored.id, wrong, &[mask]).await), named);
    }
    world.stop().await;
}

#[tokio::test]
async fn all_wrong_fields_of_a_customer_are_named_in_order() {
    let world = World::start().await;
    let stored = world.create(acme("stored", &[])).await.expect("made");
    let wrong = changed(|one| {
        one.display_name.clear();
        one.key = "k".repeat(5000);
        one.currency_code = "EURO".to_owned();
        one.description = "d".repeat(9000);
        one.billing_address = Some(pb::Address {
            country_code: Some("de".to_owned()),
            city: Some("a\0b".to_owned()),
            ..Default::default()
        });
        one.metadata = [("k".repeat(300), String::new())].into();
    });
    let fields = |refused: Status| -> Vec<String> {
        let violations = chassis::error::details(&refused).violations;
        violations.into_iter().map(|one| one.field).collect()
    };
    let created = fields(world.create(wrong.clone()).await.expect_err("wrong"));
    let expected = [
        "display_name",
        "key",
        "currency_code",
        "description",
        "billing_address.country_code",
        "billing_address.city",
        "metadata",
    ];
    assert_eq!(created, expected.map(|path| format!("customer.{path}")));
    let masks = ["display_name", "currency_code", "billing_address", "key"];
    let updated = world.update(&stored.id, wrong, &masks).await;
    let expected = [
        "key",
        "display_name",
        "currency_code",
        "billing_address.country_code",
        "billing_address.city",
    ];
    let updated = fields(updated.expect_err("wrong"));
    assert_eq!(updated, expected.map(|path| format!("customer.{path}")));
    world.stop().await;
}

#[tokio::test]
async fn a_customer_without_handle_lacks_either_of_two_fields() {
    let world = World::start().await;
    let refused = world
        .create(acme("", &[]))
        .await
        .expect_err("a customer without a name");
    let details = chassis::error::details(&refused);
    let fields: Vec<_> = details.violations.iter().map(|one| &one.field).collect();
    assert_eq!(
        fields,
        ["customer.key", "customer.usage_attribution.subject_keys"]
    );
    assert_eq!(
        refusal::<()>(Err(refused)).1,
        "KEY_OR_SUBJECT_KEYS_REQUIRED"
    );
    world.stop().await;
}

#[tokio::test]
async fn other_requests_name_their_own_fields() {
    let world = World::start().await;
    let stored = world.create(acme("stored", &[])).await.expect("made");
    let ensure = world.request(pb::EnsureCustomerRequest {
        handle: "k".repeat(5000),
        ..Default::default()
    });
    assert_eq!(
        field(world.aliases().ensure_customer(ensure).await),
        "handle"
    );

    let transfer = async |source, target| -> Result<Response<_>, Status> {
        let request: Request<_> = world.request(pb::TransferAliasesRequest {
            source_ref: source,
            target_ref: target,
            ..Default::default()
        });
        world.aliases().transfer_aliases(request).await
    };
    assert_eq!(field(transfer(None, by_id(&stored.id)).await), "source_ref");
    assert_eq!(
        field(transfer(by_id(&stored.id), by_id("")).await),
        "target_ref"
    );

    let list = world.request(pb::ListCustomersRequest {
        after_customer: by_id(""),
        ..Default::default()
    });
    assert_eq!(
        field(world.customers().list_customers(list).await),
        "after_customer"
    );

    let nameless = pb::Project::default();
    let create = world.request(pb::CreateProjectRequest {
        project: Some(nameless.clone()),
        request_id: String::new(),
    });
    assert_eq!(
        field(world.projects().create_project(create).await),
        "project.name"
    );
    let update = world.request(pb::UpdateProjectRequest {
        project: Some(nameless),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["name".to_owned()],
        }),
        request_id: String::new(),
    });
    assert_eq!(
        field(world.projects().update_project(update).await),
        "project.name"
    );
    world.stop().await;
}

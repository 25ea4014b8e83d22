//! Further ids of customers: the one name space, lists, transfer, customers made by name.

use contract::customer::v1::{self as pb, customer_ref::Ref};
use tonic::{
    Code::{AlreadyExists, FailedPrecondition, NotFound},
    Status,
};

use super::{World, acme, by_handle, by_id, field, ok, refusal};

async fn add(world: &World, id: &str, alias: &str) -> Result<pb::CustomerAlias, Status> {
    let request = world.request(pb::AddAliasRequest {
        customer_ref: by_id(id),
        alias: alias.into(),
        request_id: String::new(),
    });
    let answer = world.aliases().add_alias(request).await?;
    Ok(answer.into_inner().alias.expect("an alias"))
}

async fn remove(world: &World, id: &str, alias: &str) -> Result<(), Status> {
    let request = world.request(pb::RemoveAliasRequest {
        customer_ref: by_id(id),
        alias: alias.into(),
        request_id: String::new(),
    });
    world.aliases().remove_alias(request).await.map(|_| ())
}

async fn list(world: &World, id: &str) -> Vec<String> {
    let request = world.request(pb::ListAliasesRequest {
        customer_ref: by_id(id),
        ..Default::default()
    });
    let answer = ok(world.aliases().list_aliases(request).await);
    answer.aliases.into_iter().map(|one| one.alias).collect()
}

async fn transfer(
    world: &World,
    from: &str,
    to: &str,
    aliases: &[&str],
) -> Result<Vec<String>, Status> {
    let request = world.request(pb::TransferAliasesRequest {
        source_ref: by_id(from),
        target_ref: by_id(to),
        aliases: aliases.iter().map(|text| (*text).to_owned()).collect(),
        request_id: String::new(),
    });
    let answer = world
        .aliases()
        .transfer_aliases(request)
        .await?
        .into_inner();
    Ok(answer.aliases.into_iter().map(|one| one.alias).collect())
}

async fn ensure(
    world: &World,
    request: pb::EnsureCustomerRequest,
) -> Result<pb::EnsureCustomerResponse, Status> {
    let request = world.request(request);
    let answer = world.aliases().ensure_customer(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn an_alias_names_its_customer_in_handles_only() {
    let world = World::start().await;
    let made = world.create(acme("acme", &["s"])).await.expect("made");
    add(&world, &made.id, "device-1").await.expect("added");
    let found = world.get(Ref::Handle("device-1".into())).await;
    assert_eq!(found.expect("found").id, made.id);
    for name in [Ref::Key("device-1".into()), Ref::IdOrKey("device-1".into())] {
        assert_eq!(refusal(world.get(name).await).0, NotFound);
    }
    let request = world.request(pb::ResolveSubjectsRequest {
        subject_keys: vec!["device-1".into()],
    });
    let usage = ok(world.customers().resolve_subjects(request).await);
    assert!(usage.attributions.is_empty(), "usage knows no aliases");
    assert_eq!(list(&world, &made.id).await, ["acme", "device-1"]);
    // Adding it again, or what names the customer anyway, changes nothing.
    add(&world, &made.id, "device-1").await.expect("held");
    assert!(add(&world, &made.id, "acme").await.expect("held").canonical);
    assert_eq!(list(&world, &made.id).await.len(), 2);
    remove(&world, &made.id, "device-1").await.expect("removed");
    let gone = remove(&world, &made.id, "device-1").await;
    assert_eq!(refusal(gone), (NotFound, "ALIAS_NOT_FOUND".into()));
    let canonical = remove(&world, &made.id, "acme").await;
    assert_eq!(refusal(canonical), (NotFound, "ALIAS_NOT_FOUND".into()));
    assert!(world.get(Ref::Handle("device-1".into())).await.is_err());
    world.stop().await;
}

#[tokio::test]
async fn ids_keys_aliases_and_profitwell_ids_are_one_name_space() {
    let world = World::start().await;
    let first = world.create(acme("first", &[])).await.expect("made");
    let second = world.create(acme("second", &[])).await.expect("made");
    add(&world, &first.id, "alias").await.expect("added");
    for taken in ["first", "alias", &first.id, &first.profitwell_id] {
        let refused = add(&world, &second.id, taken).await;
        assert_eq!(
            refusal(refused),
            (AlreadyExists, "ALIAS_TAKEN".into()),
            "{taken}"
        );
    }
    for taken in ["alias", &first.profitwell_id] {
        let refused = world.create(acme(taken, &[])).await;
        assert_eq!(
            refusal(refused),
            (AlreadyExists, "KEY_TAKEN".into()),
            "{taken}"
        );
    }
    // A former key yields to an alias, also to one of its former owner.
    world
        .update(&first.id, acme("newer", &[]), &["key"])
        .await
        .expect("renamed");
    add(&world, &second.id, "first").await.expect("yields");
    let found = world.get(Ref::Handle("first".into())).await.expect("found");
    assert_eq!(found.id, second.id);
    // An alias may become the key of its own customer.
    let renamed = world.update(&second.id, acme("first", &[]), &["key"]).await;
    assert_eq!(renamed.expect("renamed").key, "first");
    assert_eq!(field(add(&world, &first.id, "").await), "alias");
    assert_eq!(
        field(add(&world, &first.id, &"x".repeat(1501)).await),
        "alias"
    );
    assert_eq!(field(add(&world, &first.id, "a\0b").await), "alias");
    let unknown = add(&world, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "x").await;
    assert_eq!(refusal(unknown), (NotFound, "CUSTOMER_NOT_FOUND".into()));
    world.stop().await;
}

#[tokio::test]
async fn every_customer_has_a_profitwell_id_that_lasts_and_names_it() {
    let mut world = World::start().await;
    let made = world.create(acme("acme", &[])).await.expect("made");
    assert!(made.profitwell_id.starts_with("pwu_"), "{made:?}");
    assert_eq!(made.profitwell_id.len(), 28);
    world.restart().await;
    let found = world.get(Ref::Handle(made.profitwell_id.clone())).await;
    assert_eq!(found.expect("found").profitwell_id, made.profitwell_id);
    assert_eq!(
        list(&world, &made.id).await,
        ["acme"],
        "not listed by itself"
    );
    add(&world, &made.id, &made.profitwell_id)
        .await
        .expect("listed");
    assert_eq!(list(&world, &made.id).await.len(), 2);
    remove(&world, &made.id, &made.profitwell_id)
        .await
        .expect("unlisted");
    let found = world.get(Ref::Handle(made.profitwell_id.clone())).await;
    assert_eq!(found.expect("it names on").id, made.id);
    world.delete(&made.id).await.expect("deleted");
    let gone = world.get(Ref::Handle(made.profitwell_id.clone())).await;
    assert_eq!(refusal(gone).0, NotFound);
    world.stop().await;
}

#[tokio::test]
async fn aliases_move_between_customers_all_or_none() {
    let world = World::start().await;
    let from = world.create(acme("from", &[])).await.expect("made");
    let to = world.create(acme("to", &[])).await.expect("made");
    for alias in ["a", "b", "c"] {
        add(&world, &from.id, alias).await.expect("added");
    }
    let wrong = transfer(&world, &from.id, &to.id, &["a", "nope"]).await;
    assert_eq!(refusal(wrong), (NotFound, "ALIAS_NOT_FOUND".into()));
    assert_eq!(list(&world, &to.id).await, ["to"], "nothing moved");
    let own = transfer(&world, &from.id, &from.id, &[]).await;
    assert_eq!(field(own), "target_ref");
    let canonical = transfer(&world, &from.id, &to.id, &["from"]).await;
    assert_eq!(refusal(canonical).0, NotFound);
    assert_eq!(
        transfer(&world, &from.id, &to.id, &["b"])
            .await
            .expect("moved"),
        ["b"]
    );
    let found = world.get(Ref::Handle("b".into())).await.expect("found");
    assert_eq!(found.id, to.id);
    assert_eq!(
        transfer(&world, &from.id, &to.id, &[])
            .await
            .expect("moved"),
        ["a", "c"]
    );
    assert_eq!(list(&world, &from.id).await, ["from"]);
    world.delete(&to.id).await.expect("deleted");
    let dead = transfer(&world, &from.id, &to.id, &[]).await;
    assert_eq!(
        refusal(dead),
        (FailedPrecondition, "CUSTOMER_DELETED".into())
    );
    // The names of a deleted customer are free, its aliases too.
    assert!(world.create(acme("a", &[])).await.is_ok());
    world.stop().await;
}

#[tokio::test]
async fn aliases_are_paged_by_token_and_behind_one_of_them() {
    let world = World::start().await;
    world.freeze("2026-01-01T00:00:00Z").await;
    let made = world.create(acme("m", &[])).await.expect("made");
    for alias in ["z", "a", "q"] {
        add(&world, &made.id, alias).await.expect("added");
    }
    let page = async |page_token: String, after_alias: &str| {
        let request = world.request(pb::ListAliasesRequest {
            customer_ref: by_handle("m"),
            page_size: 2,
            page_token,
            after_alias: after_alias.into(),
        });
        world.aliases().list_aliases(request).await
    };
    let names = |answer: &pb::ListAliasesResponse| -> Vec<String> {
        answer.aliases.iter().map(|one| one.alias.clone()).collect()
    };
    let first = ok(page(String::new(), "").await);
    assert_eq!(
        names(&first),
        ["m", "a"],
        "as old as each other: the canonical id first"
    );
    let second = ok(page(first.next_page_token, "").await);
    assert_eq!(names(&second), ["q", "z"]);
    assert_eq!(second.next_page_token, "");
    assert_eq!(names(&ok(page(String::new(), "a").await)), ["q", "z"]);
    assert_eq!(field(page(String::new(), "nope").await), "after_alias");
    world.stop().await;
}

#[tokio::test]
async fn ensuring_finds_by_any_name_or_makes() {
    let world = World::start().await;
    let by = |handle: &str, email: &str| pb::EnsureCustomerRequest {
        handle: handle.into(),
        primary_email: email.into(),
        ..Default::default()
    };
    let first = ensure(&world, by("anna", "a@b")).await.expect("made");
    let customer = first.customer.expect("a customer");
    assert!(first.created);
    assert_eq!(
        (customer.key.as_str(), customer.display_name.as_str()),
        ("anna", "a@b")
    );
    assert!(customer.display_name_derived);
    add(&world, &customer.id, "alias").await.expect("added");
    for handle in ["anna", "alias", &customer.id, &customer.profitwell_id] {
        let again = ensure(&world, by(handle, "other@b")).await.expect("found");
        assert!(!again.created);
        let found = again.customer.expect("a customer");
        assert_eq!(found.id, customer.id);
        assert_eq!(
            found.primary_email, "a@b",
            "an existing one keeps its e-mail"
        );
    }
    // Without a handle the ProfitWell id is the key, and stays a name when the key changes.
    let nameless = ensure(&world, by("", "x@y")).await.expect("made");
    let nameless = nameless.customer.expect("a customer");
    assert_eq!(nameless.key, nameless.profitwell_id);
    let renamed = world
        .update(&nameless.id, acme("named", &[]), &["key"])
        .await
        .expect("renamed");
    assert!(renamed.former_keys.is_empty(), "{renamed:?}");
    let found = world.get(Ref::Handle(nameless.profitwell_id)).await;
    assert_eq!(found.expect("found").id, nameless.id);
    // A ProfitWell user lists its generated id beside its own.
    let listed = pb::EnsureCustomerRequest {
        alias_profitwell_id: true,
        ..by("bob", "")
    };
    let bob = ensure(&world, listed)
        .await
        .expect("made")
        .customer
        .expect("a customer");
    assert_eq!(
        list(&world, &bob.id).await,
        ["bob", bob.profitwell_id.as_str()]
    );
    assert_eq!(bob.display_name, "bob");
    world.stop().await;
}

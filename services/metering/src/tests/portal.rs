//! Portal tokens.

use super::*;

async fn resolve(
    world: &World,
    token: &str,
    slug: &str,
) -> Result<pb::ResolvePortalTokenResponse, Status> {
    let request = pb::ResolvePortalTokenRequest {
        token: token.into(),
        meter_slug: slug.into(),
    };
    Ok(world
        .tokens
        .clone()
        .resolve_portal_token(world.request(request))
        .await?
        .into_inner())
}

#[tokio::test]
async fn a_token_opens_its_meters_until_it_is_invalidated() {
    everywhere(async |world: World| {
        world.create(sum_meter("tok")).await.unwrap();
        let create = async |slugs: &[&str]| {
            let wire = pb::PortalToken {
                subject: "s1".into(),
                allowed_meter_slugs: slugs.iter().map(|slug| (*slug).to_owned()).collect(),
                ..Default::default()
            };
            let request = pb::CreatePortalTokenRequest {
                portal_token: Some(wire),
                request_id: String::new(),
            };
            let answer = world
                .tokens
                .clone()
                .create_portal_token(world.request(request))
                .await?;
            Ok::<_, Status>(answer.into_inner().portal_token.unwrap())
        };
        refused(create(&["none"]).await, Code::NotFound, "METER_NOT_FOUND");
        let limited = create(&["tok"]).await.unwrap();
        let open = create(&[]).await.unwrap();
        let found = resolve(&world, &limited.token, "tok").await.unwrap();
        assert_eq!(found.project_id, world.project.to_string());
        assert_eq!(found.portal_token.unwrap().subject, "s1");
        resolve(&world, &open.token, "other").await.unwrap();
        refused(
            resolve(&world, &limited.token, "other").await,
            Code::Unauthenticated,
            "PORTAL_TOKEN_INVALID",
        );
        refused(
            resolve(&world, "nonsense", "tok").await,
            Code::Unauthenticated,
            "PORTAL_TOKEN_INVALID",
        );
        let listed = world
            .tokens
            .clone()
            .list_portal_tokens(world.request(pb::ListPortalTokensRequest::default()))
            .await
            .unwrap()
            .into_inner()
            .portal_tokens;
        let listed: Vec<(&str, &str)> = listed
            .iter()
            .map(|token| (token.id.as_str(), token.token.as_str()))
            .collect();
        assert_eq!(listed, [(open.id.as_str(), ""), (limited.id.as_str(), "")]);
        let invalidate = pb::InvalidatePortalTokensRequest {
            subject: "s1".into(),
            ..Default::default()
        };
        let gone = world
            .tokens
            .clone()
            .invalidate_portal_tokens(world.request(invalidate))
            .await
            .unwrap();
        assert_eq!(gone.into_inner().invalidated_count, 2);
        refused(
            resolve(&world, &limited.token, "tok").await,
            Code::Unauthenticated,
            "PORTAL_TOKEN_INVALID",
        );
    })
    .await;
}

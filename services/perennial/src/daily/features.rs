//! Features in `perennial catalog`.

use contract::catalog::v1::{
    ArchiveFeatureRequest, CreateFeatureRequest, Feature, FeatureRef, ListFeaturesRequest,
    feature_ref::Ref,
};
use perennial_sdk::Client;

use super::list;
use crate::{
    cli::Listing,
    screen::{Column, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::text("name", "name"),
    Column::text("meter", "meterSlug"),
    Column::text("archived", "archiveTime"),
];

pub(super) async fn show_all(
    client: &Client,
    listing: Listing,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let fetch = |page_size, page_token| async move {
        let request = ListFeaturesRequest {
            page_size,
            page_token,
            ..Default::default()
        };
        let answer =
            client.call(|_| async { client.features().list_features(request.clone()).await });
        let answer = answer.await?;
        Ok((answer.features, answer.next_page_token))
    };
    list(screen, "features", &COLUMNS, listing, fetch).await
}

pub(super) async fn create(
    client: &Client,
    key: String,
    name: Option<String>,
    meter: Option<String>,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let feature = Feature {
        name: name.unwrap_or_else(|| key.clone()),
        key,
        meter_slug: meter.unwrap_or_default(),
        ..Default::default()
    };
    let answer = client.call(|request_id| async {
        let request = CreateFeatureRequest {
            feature: Some(feature.clone()),
            request_id,
        };
        client.features().create_feature(request).await
    });
    screen.message(&answer.await?)
}

pub(super) async fn archive(
    client: &Client,
    feature: String,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let feature = FeatureRef {
        r#ref: Some(Ref::IdOrKey(feature)),
    };
    let answer = client.call(|request_id| async {
        let request = ArchiveFeatureRequest {
            feature: Some(feature.clone()),
            request_id,
        };
        client.features().archive_feature(request).await
    });
    screen.message(&answer.await?)
}

//! Add-ons in `perennial catalog`.

use std::path::Path;

use contract::catalog::v1::{
    Addon, AddonRef, ArchiveAddonRequest, CreateAddonRequest, GetAddonRequest, ListAddonsRequest,
    PublishAddonRequest, addon_ref::Ref,
};
use perennial_sdk::Client;

use super::{list, read};
use crate::{
    cli::Listing,
    screen::{Column, Screen},
};

const COLUMNS: [Column; 6] = [
    Column::text("id", "id"),
    Column::text("key", "key"),
    Column::number("version", "version"),
    Column::name("state", "state", "STATE_"),
    Column::text("name", "name"),
    Column::text("currency", "currencyCode"),
];

pub(super) async fn show_all(
    client: &Client,
    listing: Listing,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let fetch = |page_size, page_token| async move {
        let request = ListAddonsRequest {
            page_size,
            page_token,
            ..Default::default()
        };
        let answer = client.call(|_| async { client.addons().list_addons(request.clone()).await });
        let answer = answer.await?;
        Ok((answer.addons, answer.next_page_token))
    };
    list(screen, "addons", &COLUMNS, listing, fetch).await
}

pub(super) async fn show(
    client: &Client,
    addon: String,
    version: Option<i32>,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let request = GetAddonRequest {
        addon: Some(AddonRef {
            r#ref: Some(Ref::IdOrKey(addon)),
            version: version.unwrap_or_default(),
            latest: false,
        }),
    };
    let answer = client.call(|_| async { client.addons().get_addon(request.clone()).await });
    screen.message(&answer.await?)
}

pub(super) async fn create(
    client: &Client,
    file: &Path,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let addon: Addon = read(file, "addon")?;
    let answer = client.call(|request_id| async {
        let request = CreateAddonRequest {
            addon: Some(addon.clone()),
            request_id,
        };
        client.addons().create_addon(request).await
    });
    screen.message(&answer.await?)
}

pub(super) async fn publish(
    client: &Client,
    id: &str,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let answer = client.call(|request_id| async {
        let request = PublishAddonRequest {
            id: id.to_owned(),
            request_id,
        };
        client.addons().publish_addon(request).await
    });
    screen.message(&answer.await?)
}

pub(super) async fn archive(
    client: &Client,
    id: &str,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let answer = client.call(|request_id| async {
        let request = ArchiveAddonRequest {
            id: id.to_owned(),
            request_id,
        };
        client.addons().archive_addon(request).await
    });
    screen.message(&answer.await?)
}

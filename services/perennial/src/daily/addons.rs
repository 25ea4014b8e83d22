//! Add-ons in `perennial catalog`.

use std::path::Path;

use anyhow::Context as _;
use contract::{
    catalog::v1::{
        Addon, AddonRef, ArchiveAddonRequest, CreateAddonRequest, GetAddonRequest,
        GetAddonResponse, ListAddonsRequest, PublishAddonRequest, addon_ref::Ref,
    },
    json::message_to_json,
};
use perennial_sdk::{Client, Error};

use super::{
    catalog::issues,
    is_id, list,
    prices::{item, table},
    read,
};
use crate::{
    cli::{Listing, Output},
    screen::{Column, List, Screen},
};

/// What is said where an answer has nothing in it.
const NO_ADDON: &str = "the server answered no add-on";

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
    let answer = get(client, addon, version.unwrap_or_default(), false).await?;
    if screen.output() == Output::Json {
        return screen.message(&answer);
    }
    let addon = answer.addon.context(NO_ADDON)?;
    let head = List {
        name: "addons",
        columns: &COLUMNS,
        items: vec![message_to_json(&addon)?],
        more: false,
    };
    let cards = addon.rate_cards.iter();
    let items = cards.map(|card| item("", "", card, &addon.currency_code));
    screen.parted(&head, &table(items.collect()))?;
    issues(&addon.validation_issues, screen)
}

/// A version of an add-on: this one, else the newest or the one that is sold.
async fn get(
    client: &Client,
    addon: String,
    version: i32,
    latest: bool,
) -> Result<GetAddonResponse, Error> {
    let request = GetAddonRequest {
        addon: Some(AddonRef {
            r#ref: Some(Ref::IdOrKey(addon)),
            version,
            latest,
        }),
    };
    let answer = client.call(|_| async { client.addons().get_addon(request.clone()).await });
    answer.await
}

/// The id of a version, of which an id or the add-on's key is given: then of the newest, or of the one that is sold.
async fn id(client: &Client, addon: String, latest: bool) -> anyhow::Result<String> {
    if is_id(&addon) {
        return Ok(addon);
    }
    let found = get(client, addon, 0, latest).await?.addon;
    Ok(found.context(NO_ADDON)?.id)
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
    addon: String,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let id = id(client, addon, true).await?;
    let answer = client.call(|request_id| async {
        let request = PublishAddonRequest {
            id: id.clone(),
            request_id,
        };
        client.addons().publish_addon(request).await
    });
    screen.message(&answer.await?)
}

pub(super) async fn archive(
    client: &Client,
    addon: String,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let id = id(client, addon, false).await?;
    let answer = client.call(|request_id| async {
        let request = ArchiveAddonRequest {
            id: id.clone(),
            request_id,
        };
        client.addons().archive_addon(request).await
    });
    screen.message(&answer.await?)
}

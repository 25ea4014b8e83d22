//! Installed apps.

use chassis::db::{instant, micros};
use kernel::{
    Timestamp,
    id::{AppId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::OnConflict,
};

use super::{entity, from_json, id, to_json};
use crate::{
    domain::{
        app::{App, Kind},
        stripe::Connection,
    },
    error::BillingError,
};
use entity::app::{ActiveModel, Column, Entity, Model};

/// The app with this id, uninstalled ones included.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
) -> Result<App, BillingError> {
    let row = Entity::find_by_id((project.to_string(), app.to_string()))
        .one(db)
        .await?;
    row.map_or_else(|| Err(BillingError::AppNotFound(app.to_string())), from_row)
}

/// The oldest sandbox app.
pub async fn sandbox(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<App>, BillingError> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::Kind.eq(Kind::Sandbox.word()))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Id)
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// The project of an app, which only its webhook does not know.
pub async fn project(db: &impl ConnectionTrait, app: AppId) -> Result<ProjectId, BillingError> {
    let project: Option<String> = Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .filter(Column::Id.eq(app.to_string()))
        .filter(Column::DeleteTime.is_null())
        .into_tuple()
        .one(db)
        .await?;
    match project {
        Some(project) => id("app.project_id", &project),
        None => Err(BillingError::AppNotFound(app.to_string())),
    }
}

/// The installed app of a Stripe account.
pub async fn of_account(
    db: &impl ConnectionTrait,
    project: ProjectId,
    account: &str,
) -> Result<Option<App>, BillingError> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::AccountId.eq(account))
        .filter(Column::DeleteTime.is_null())
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// Installed apps by id.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    offset: u64,
    limit: u64,
) -> Result<Vec<App>, BillingError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null())
        .order_by_asc(Column::Id)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// How many apps are installed.
pub async fn count(db: &impl ConnectionTrait, project: ProjectId) -> Result<u64, BillingError> {
    Ok(Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::DeleteTime.is_null())
        .count(db)
        .await?)
}

/// Stores an app, new or changed.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    app: &App,
) -> Result<(), BillingError> {
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(app.id.to_string()),
        kind: Set(app.kind.word().to_owned()),
        name: Set(app.name.clone()),
        description: Set(app.description.clone()),
        metadata: Set(to_json(&app.metadata)?),
        ready: Set(app.ready),
        draft_sync_hook: Set(app.draft_sync_hook),
        issuing_sync_hook: Set(app.issuing_sync_hook),
        account_id: Set(app.stripe.as_ref().map(|to| to.account.clone())),
        live_mode: Set(app.stripe.as_ref().map(|to| to.live)),
        masked_key: Set(app.stripe.as_ref().map(|to| to.masked_key.clone())),
        sealed_key: Set(app.stripe.as_ref().map(|to| to.sealed_key.clone())),
        webhook_id: Set(app.stripe.as_ref().map(|to| to.webhook.clone())),
        sealed_webhook_secret: Set(app
            .stripe
            .as_ref()
            .map(|to| to.sealed_webhook_secret.clone())),
        revision: Set(app.revision),
        create_time: Set(micros(app.create_time)),
        update_time: Set(micros(app.update_time)),
        delete_time: Set(app.delete_time.map(micros)),
    };
    let changed = [
        Column::Name,
        Column::Description,
        Column::Metadata,
        Column::Ready,
        Column::DraftSyncHook,
        Column::IssuingSyncHook,
        Column::AccountId,
        Column::LiveMode,
        Column::MaskedKey,
        Column::SealedKey,
        Column::WebhookId,
        Column::SealedWebhookSecret,
        Column::Revision,
        Column::UpdateTime,
        Column::DeleteTime,
    ];
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::ProjectId, Column::Id])
                .update_columns(changed)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// A new app as it is installed.
pub fn new(kind: Kind, name: &str, now: Timestamp) -> App {
    let (listing, description) = kind.listing();
    App {
        id: chassis::id::next(),
        kind,
        name: if name.is_empty() {
            listing.to_owned()
        } else {
            name.to_owned()
        },
        description: description.to_owned(),
        metadata: std::collections::BTreeMap::new(),
        ready: true,
        draft_sync_hook: false,
        issuing_sync_hook: false,
        stripe: None,
        revision: 1,
        create_time: now,
        update_time: now,
        delete_time: None,
    }
}

/// Reads a row.
pub(super) fn from_row(row: Model) -> Result<App, BillingError> {
    let stripe = row.account_id.map(|account| Connection {
        account,
        live: row.live_mode.unwrap_or_default(),
        masked_key: row.masked_key.unwrap_or_default(),
        sealed_key: row.sealed_key.unwrap_or_default(),
        webhook: row.webhook_id.unwrap_or_default(),
        sealed_webhook_secret: row.sealed_webhook_secret.unwrap_or_default(),
    });
    Ok(App {
        stripe,
        id: id("app.id", &row.id)?,
        kind: Kind::from_word(&row.kind).ok_or(BillingError::CorruptColumn("app.kind"))?,
        name: row.name,
        description: row.description,
        metadata: from_json(&row.metadata)?,
        ready: row.ready,
        draft_sync_hook: row.draft_sync_hook,
        issuing_sync_hook: row.issuing_sync_hook,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

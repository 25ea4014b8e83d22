//! Channels. Signing secrets come and go sealed.

use chassis::keyset::{self, Rows, Slice, SortColumn};
use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use jiff::Timestamp;
use kernel::id::{ChannelId, ProjectId};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::entity::channel as row;
use crate::error::NotificationError;

/// A stored channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Identifies it.
    pub id: ChannelId,
    /// Name for people.
    pub name: String,
    /// Address of the endpoint.
    pub url: String,
    /// Headers added to every delivery.
    pub custom_headers: BTreeMap<String, String>,
    /// The signing secret, sealed.
    pub sealed_secret: String,
    /// Nothing is sent while set.
    pub disabled: bool,
    /// Free values.
    pub metadata: BTreeMap<String, String>,
    /// Counts its writes.
    pub revision: i64,
    /// When it was made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When it was deleted.
    pub delete_time: Option<Timestamp>,
}

const KIND: &str = "WEBHOOK";

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

fn values(channel: &Channel) -> Result<row::ActiveModel, NotificationError> {
    Ok(row::ActiveModel {
        name: Set(channel.name.clone()),
        url: Set(channel.url.clone()),
        custom_headers: Set(json(channel.id, &channel.custom_headers)?),
        secret: Set(channel.sealed_secret.clone()),
        disabled: Set(channel.disabled),
        metadata: Set(json(channel.id, &channel.metadata)?),
        revision: Set(channel.revision),
        update_time: Set(micros(channel.update_time)),
        delete_time: Set(channel.delete_time.map(micros)),
        ..Default::default()
    })
}

/// Stores a new channel.
pub async fn insert(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: &Channel,
) -> Result<(), NotificationError> {
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(channel.id.to_string()),
        kind: Set(KIND.to_owned()),
        create_time: Set(micros(channel.create_time)),
        ..values(channel)?
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// One channel, deleted or not, or `ChannelNotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: ChannelId,
) -> Result<Channel, NotificationError> {
    let found = of(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(NotificationError::ChannelNotFound(id.to_string())),
        from_row,
    )
}

/// Those of the channels that exist and are not deleted.
pub async fn live(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[ChannelId],
) -> Result<Vec<ChannelId>, NotificationError> {
    let rows = of(project)
        .filter(row::Column::Id.is_in(ids.iter().map(ChannelId::to_string)))
        .filter(row::Column::DeleteTime.is_null())
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok(from_row(row)?.id)).collect()
}

/// Those of the channels that exist, deleted or not.
pub async fn some(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[ChannelId],
) -> Result<Vec<Channel>, NotificationError> {
    let rows = of(project)
        .filter(row::Column::Id.is_in(ids.iter().map(ChannelId::to_string)))
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Disabled ones too.
    pub include_disabled: bool,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// What it is sorted by.
    pub sort: Sort,
}

/// What a list is sorted by; ties by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By id.
    #[default]
    Id,
    /// By kind of channel.
    Type,
    /// By time of creation.
    CreateTime,
    /// By time of the last change.
    UpdateTime,
}

impl Sort {
    fn columns(self) -> Vec<SortColumn<row::Column>> {
        let sort = |column, numeric| SortColumn { column, numeric };
        let id = sort(row::Column::Id, false);
        match self {
            Self::Id => vec![id],
            Self::Type => vec![sort(row::Column::Kind, false), id],
            Self::CreateTime => vec![sort(row::Column::CreateTime, true), id],
            Self::UpdateTime => vec![sort(row::Column::UpdateTime, true), id],
        }
    }

    /// The sort values of a row, for a page token.
    pub fn values(self, channel: &Channel) -> Vec<String> {
        let id = channel.id.to_string();
        match self {
            Self::Id => vec![id],
            Self::Type => vec![KIND.to_owned(), id],
            Self::CreateTime => vec![micros(channel.create_time).to_string(), id],
            Self::UpdateTime => vec![micros(channel.update_time).to_string(), id],
        }
    }
}

/// One page of channels.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<Channel>, NotificationError> {
    let mut select = of(project);
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    if !filter.include_disabled {
        select = select.filter(row::Column::Disabled.eq(false));
    }
    let page = keyset::read(db, select, &filter.sort.columns(), slice).await?;
    Ok(Rows {
        rows: page
            .rows
            .into_iter()
            .map(from_row)
            .collect::<Result<_, _>>()?,
        more: page.more,
        total: page.total,
    })
}

/// Writes a channel that was read at the revision before.
pub async fn update(
    db: &impl ConnectionTrait,
    project: ProjectId,
    channel: &Channel,
) -> Result<(), NotificationError> {
    let done = row::Entity::update_many()
        .set(values(channel)?)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(channel.id.to_string()))
        .filter(row::Column::Revision.eq(channel.revision - 1))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(NotificationError::Stale("channel"));
    }
    Ok(())
}

fn corrupt(id: impl std::fmt::Display, detail: impl std::fmt::Display) -> NotificationError {
    NotificationError::Corrupt {
        what: "channel",
        id: id.to_string(),
        detail: detail.to_string(),
    }
}

fn json(id: ChannelId, values: &BTreeMap<String, String>) -> Result<String, NotificationError> {
    serde_json::to_string(values).map_err(|cause| corrupt(id, cause))
}

fn from_row(row: row::Model) -> Result<Channel, NotificationError> {
    let read = |text: &str| serde_json::from_str(text).map_err(|cause| corrupt(&row.id, cause));
    Ok(Channel {
        id: row.id.parse().map_err(|cause| corrupt(&row.id, cause))?,
        custom_headers: read(&row.custom_headers)?,
        metadata: read(&row.metadata)?,
        name: row.name,
        url: row.url,
        sealed_secret: row.secret,
        disabled: row.disabled,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

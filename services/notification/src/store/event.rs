//! Events: stored together with their deliveries, in one order per project.

use std::collections::{BTreeMap, BTreeSet};

use chassis::{
    Write,
    db::{instant, micros},
    keyset::{self, Rows, Slice, SortColumn},
};
use jiff::Timestamp;
use kernel::id::{ChannelId, EventId, ProjectId, RuleId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};

use super::{
    channel,
    delivery::{self, Standing},
    entity::delivery as delivery_row,
    entity::event as row,
    places, query,
};
use crate::{
    domain::{
        delivery::State,
        event::{Draft, Sameness, Subjects},
        rule::{EventType, Threshold},
    },
    error::NotificationError,
};

/// Rows of one statement.
const ROWS: usize = 100;
/// Names of one lookup.
const NAMES: usize = 500;

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Identifies it.
    pub id: EventId,
    /// Its place among the events of the project, from 1, without gaps.
    pub sequence: i64,
    /// What it tells about.
    pub event: EventType,
    /// The rule that fired.
    pub rule: RuleId,
    /// The thing whose events keep their order.
    pub object: String,
    /// Its place among the events of that thing, from 1.
    pub object_sequence: i64,
    /// What is sent, to the letter.
    pub body: String,
    /// The threshold that was crossed.
    pub threshold: Option<Threshold>,
    /// Names the state that it tells of.
    pub dedupe_hash: String,
    /// Whether it was asked for as a test.
    pub test: bool,
    /// What it is about.
    pub about: Subjects,
    /// When it was made, in project time.
    pub create_time: Timestamp,
}

fn of(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::ProjectId.eq(project.to_string()))
}

/// Stores events with a delivery per channel, in the order given; those that repeat what was told
/// last of the same state are left out.
pub async fn raise(w: &Write, drafts: Vec<Draft>) -> Result<Vec<Event>, NotificationError> {
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let (tx, project, now) = (w.tx(), w.context().project, w.context().now);
    // One order for all locks: first the project's events, then the channels by id.
    chassis::db::lock(tx, &format!("notification.events.{project}")).await?;
    let channels: BTreeSet<ChannelId> = drafts
        .iter()
        .flat_map(|draft| draft.channels.clone())
        .collect();
    for channel in &channels {
        delivery::lock(tx, *channel).await?;
    }
    let ids: Vec<ChannelId> = channels.into_iter().collect();
    let known = channel::some(tx, project, &ids).await?;
    let hashes = drafts.iter().filter_map(|draft| draft.sameness.as_ref());
    let hashes: Vec<String> = hashes.map(|same| same.hash.clone()).collect();
    let mut told = told(tx, project, &hashes).await?;
    let objects: BTreeSet<&str> = drafts.iter().map(|draft| draft.object.as_str()).collect();
    let objects: Vec<&str> = objects.into_iter().collect();
    let mut last = last_of_objects(tx, project, &objects).await?;
    let mut lanes = delivery::lanes(tx, project, &ids, &objects).await?;
    let mut next = last_sequence(tx, project).await?;
    let (mut rows, mut deliveries) = (Vec::new(), Vec::new());
    let mut raised = Vec::new();
    for draft in drafts {
        if let Some(same) = &draft.sameness
            && told.insert(same.hash.clone(), same.told.clone()) == Some(same.told.clone())
        {
            continue;
        }
        next += 1;
        let place = last.entry(draft.object.clone()).or_default();
        *place += 1;
        let event = Event {
            id: draft.id,
            sequence: next,
            event: draft.event,
            rule: draft.rule,
            object_sequence: *place,
            object: draft.object,
            body: draft.body,
            threshold: draft.threshold,
            dedupe_hash: draft
                .sameness
                .as_ref()
                .map(|same| same.hash.clone())
                .unwrap_or_default(),
            test: draft.test,
            about: draft.about,
            create_time: now,
        };
        rows.push(to_row(project, &event, draft.sameness)?);
        for id in draft.channels {
            let usable = known.iter().any(|channel| {
                channel.id == id && !channel.disabled && channel.delete_time.is_none()
            });
            let lane = (id, event.object.clone());
            let standing = match (usable, lanes.contains(&lane)) {
                (false, _) => Standing::Disabled,
                (true, true) => Standing::Waits,
                (true, false) => Standing::First,
            };
            if usable {
                lanes.insert(lane);
            }
            deliveries.push(delivery::row_of(project, &event, id, standing));
        }
        raised.push(event);
    }
    super::insert_all(tx, rows, ROWS).await?;
    delivery::insert(tx, deliveries).await?;
    super::execute(
        tx,
        "INSERT INTO event_sequence (project_id, last, prune_time) VALUES ($1, $2, $3) \
         ON CONFLICT (project_id) DO UPDATE SET last = excluded.last",
        [
            project.to_string().into(),
            next.into(),
            micros(super::retention::next_look(now)).into(),
        ],
    )
    .await?;
    Ok(raised)
}

/// What was told last of each of these states.
pub async fn told(
    db: &impl ConnectionTrait,
    project: ProjectId,
    hashes: &[String],
) -> Result<BTreeMap<String, String>, NotificationError> {
    let mut told = BTreeMap::new();
    for chunk in hashes.chunks(500) {
        let sql = format!(
            "SELECT e.dedupe_hash, e.told FROM event e JOIN (\
             SELECT dedupe_hash, MAX(sequence) AS last FROM event \
             WHERE project_id = $1 AND dedupe_hash IN ({}) GROUP BY dedupe_hash) l \
             ON e.dedupe_hash = l.dedupe_hash AND e.sequence = l.last WHERE e.project_id = $1",
            places(2, chunk.len())
        );
        let values = std::iter::once(project.to_string().into())
            .chain(chunk.iter().map(|hash| hash.as_str().into()));
        for row in query(db, &sql, values).await? {
            told.insert(row.try_get("", "dedupe_hash")?, row.try_get("", "told")?);
        }
    }
    Ok(told)
}

async fn last_sequence(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<i64, NotificationError> {
    let sql = "SELECT last FROM event_sequence WHERE project_id = $1";
    let rows = query(db, sql, [project.to_string().into()]).await?;
    Ok(rows
        .first()
        .map(|row| row.try_get("", "last"))
        .transpose()?
        .unwrap_or(0))
}

/// The last place among the events of each of some things; those without any are left out.
async fn last_of_objects(
    db: &impl ConnectionTrait,
    project: ProjectId,
    objects: &[&str],
) -> Result<BTreeMap<String, i64>, NotificationError> {
    let mut found = BTreeMap::new();
    for chunk in objects.chunks(NAMES) {
        let places = places(2, chunk.len());
        // What was taken out counts too.
        let sql = format!(
            "SELECT object, MAX(last) AS last FROM (\
             SELECT object, MAX(object_sequence) AS last FROM event \
             WHERE project_id = $1 AND object IN ({places}) GROUP BY object \
             UNION ALL SELECT object, last FROM pruned_object \
             WHERE project_id = $1 AND object IN ({places})) AS numbers GROUP BY object"
        );
        let values = std::iter::once(project.to_string().into())
            .chain(chunk.iter().map(|object| (*object).into()));
        for row in query(db, &sql, values).await? {
            found.insert(row.try_get("", "object")?, row.try_get("", "last")?);
        }
    }
    Ok(found)
}

/// One event, or `EventNotFound`.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: EventId,
) -> Result<Event, NotificationError> {
    let found = of(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .one(db)
        .await?;
    found.map_or_else(
        || Err(NotificationError::EventNotFound(id.to_string())),
        from_row,
    )
}

/// Events behind a cursor, in their order.
pub async fn behind(
    db: &impl ConnectionTrait,
    project: ProjectId,
    cursor: i64,
    events: &[EventType],
    limit: u64,
) -> Result<Vec<Event>, NotificationError> {
    let mut select = of(project).filter(row::Column::Sequence.gt(cursor));
    if !events.is_empty() {
        select = select.filter(row::Column::Kind.is_in(events.iter().map(|event| event.word())));
    }
    let rows = select
        .order_by_asc(row::Column::Sequence)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Takes what the events of a customer tell out of their bodies; with `names` its names go too. What is delivered from
/// now on, once more or for the first time, tells no more than that something happened.
pub async fn redact(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: &str,
    names: bool,
) -> Result<u64, NotificationError> {
    let rows = of(project)
        .filter(row::Column::CustomerId.eq(customer))
        .all(db)
        .await?;
    let mut count = 0;
    for found in rows {
        let event = from_row(found.clone())?;
        let mut body: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&event.body).map_err(|cause| corrupt(event.id, cause))?;
        body.insert("data".to_owned(), serde_json::Map::new().into());
        let body = serde_json::to_string(&body).map_err(|cause| corrupt(event.id, cause))?;
        let mut changed: row::ActiveModel = found.into();
        changed.body = Set(body);
        if names {
            changed.customer_key = Set(String::new());
            changed.subject_key = Set(String::new());
            changed.subject_id = Set(String::new());
        }
        row::Entity::update(changed).exec(db).await?;
        count += 1;
    }
    Ok(count)
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Made at this instant or later.
    pub from: Option<Timestamp>,
    /// Made at this instant or earlier.
    pub until: Option<Timestamp>,
    /// Ids or keys of features; empty: all.
    pub features: Vec<String>,
    /// Ids or keys of subjects; empty: all.
    pub subjects: Vec<String>,
    /// Ids of rules; empty: all.
    pub rules: Vec<String>,
    /// Ids of channels; empty: all.
    pub channels: Vec<String>,
    /// States of a delivery; empty: all.
    pub states: Vec<State>,
    /// What they tell about; empty: all.
    pub events: Vec<EventType>,
    /// By id instead of time of creation.
    pub by_id: bool,
}

impl Filter {
    fn columns(&self) -> Vec<SortColumn<row::Column>> {
        let id = SortColumn {
            column: row::Column::Id,
            numeric: false,
        };
        if self.by_id {
            vec![id]
        } else {
            vec![
                SortColumn {
                    column: row::Column::CreateTime,
                    numeric: true,
                },
                id,
            ]
        }
    }

    /// The sort values of an event, for a page token.
    pub fn values(&self, event: &Event) -> Vec<String> {
        let id = event.id.to_string();
        if self.by_id {
            vec![id]
        } else {
            vec![micros(event.create_time).to_string(), id]
        }
    }

    fn condition(&self, project: ProjectId) -> Condition {
        use row::Column;
        let either = |id: Column, key: Column, names: &[String]| {
            Condition::any().add(id.is_in(names)).add(key.is_in(names))
        };
        let mut all = Condition::all();
        if let Some(from) = self.from {
            all = all.add(Column::CreateTime.gte(micros(from)));
        }
        if let Some(until) = self.until {
            all = all.add(Column::CreateTime.lte(micros(until)));
        }
        if !self.features.is_empty() {
            all = all.add(either(
                Column::FeatureId,
                Column::FeatureKey,
                &self.features,
            ));
        }
        if !self.subjects.is_empty() {
            all = all.add(either(
                Column::SubjectId,
                Column::SubjectKey,
                &self.subjects,
            ));
        }
        if !self.rules.is_empty() {
            all = all.add(Column::RuleId.is_in(&self.rules));
        }
        if !self.events.is_empty() {
            all = all.add(Column::Kind.is_in(self.events.iter().map(|event| event.word())));
        }
        if !self.channels.is_empty() || !self.states.is_empty() {
            let mut deliveries = delivery_row::Entity::find()
                .select_only()
                .column(delivery_row::Column::EventId)
                .filter(delivery_row::Column::ProjectId.eq(project.to_string()));
            if !self.channels.is_empty() {
                deliveries =
                    deliveries.filter(delivery_row::Column::ChannelId.is_in(&self.channels));
            }
            if !self.states.is_empty() {
                let words = self.states.iter().map(|state| state.word());
                deliveries = deliveries.filter(delivery_row::Column::State.is_in(words));
            }
            all = all.add(Column::Id.in_subquery(deliveries.into_query()));
        }
        all
    }
}

/// One page of events.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
) -> Result<Rows<Event>, NotificationError> {
    let select = of(project).filter(filter.condition(project));
    let page = keyset::read(db, select, &filter.columns(), slice).await?;
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

fn corrupt(id: impl std::fmt::Display, detail: impl std::fmt::Display) -> NotificationError {
    NotificationError::Corrupt {
        what: "event",
        id: id.to_string(),
        detail: detail.to_string(),
    }
}

fn to_row(
    project: ProjectId,
    event: &Event,
    sameness: Option<Sameness>,
) -> Result<row::ActiveModel, NotificationError> {
    let threshold = match &event.threshold {
        Some(threshold) => {
            serde_json::to_string(threshold).map_err(|cause| corrupt(event.id, cause))?
        }
        None => String::new(),
    };
    let about = event.about.clone();
    let (told, keep_until) = sameness
        .map(|same| (same.told, micros(same.until)))
        .unwrap_or_default();
    Ok(row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(event.id.to_string()),
        sequence: Set(event.sequence),
        kind: Set(event.event.word().to_owned()),
        rule_id: Set(event.rule.to_string()),
        object: Set(event.object.clone()),
        object_sequence: Set(event.object_sequence),
        body: Set(event.body.clone()),
        threshold: Set(threshold),
        dedupe_hash: Set(event.dedupe_hash.clone()),
        told: Set(told),
        test: Set(event.test),
        entitlement_id: Set(about.entitlement_id),
        customer_id: Set(about.customer_id),
        customer_key: Set(about.customer_key),
        subject_id: Set(about.subject_id),
        subject_key: Set(about.subject_key),
        feature_id: Set(about.feature_id),
        feature_key: Set(about.feature_key),
        invoice_id: Set(about.invoice_id),
        invoice_number: Set(about.invoice_number),
        create_time: Set(micros(event.create_time)),
        keep_until: Set(keep_until),
        traceparent: Set(chassis::telemetry::current_traceparent()),
    })
}

fn from_row(row: row::Model) -> Result<Event, NotificationError> {
    let event = EventType::from_word(&row.kind).ok_or_else(|| corrupt(&row.id, "event type"))?;
    let threshold = match row.threshold.as_str() {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(|cause| corrupt(&row.id, cause))?),
    };
    Ok(Event {
        id: row.id.parse().map_err(|cause| corrupt(&row.id, cause))?,
        sequence: row.sequence,
        event,
        rule: row
            .rule_id
            .parse()
            .map_err(|cause| corrupt(&row.id, cause))?,
        object: row.object,
        object_sequence: row.object_sequence,
        body: row.body,
        threshold,
        dedupe_hash: row.dedupe_hash,
        test: row.test,
        about: Subjects {
            entitlement_id: row.entitlement_id,
            customer_id: row.customer_id,
            customer_key: row.customer_key,
            subject_id: row.subject_id,
            subject_key: row.subject_key,
            feature_id: row.feature_id,
            feature_key: row.feature_key,
            invoice_id: row.invoice_id,
            invoice_number: row.invoice_number,
        },
        create_time: instant(row.create_time),
    })
}

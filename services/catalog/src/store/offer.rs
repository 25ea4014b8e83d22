//! Versions of plans and add-ons. Both are versioned the same way, so one table and one set
//! of functions serve both, told apart by `Body::KIND`.

use chassis::keyset::{self, Rows, Slice, SortColumn};
use std::{collections::BTreeSet, fmt::Display, str::FromStr};

use chassis::db::{instant, is_unique_violation, micros};
use jiff::Timestamp;
use kernel::{
    currency::Currency,
    id::{AddonId, FeatureId, PlanId, ProjectId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Serialize, de::DeserializeOwned};

use super::entity::{offer_feature, offer_version as row};
use crate::{
    domain::{
        addon::AddonBody,
        plan::PlanBody,
        rate_card::RateCard,
        versioning::{Effective, Offer, State, Version},
    },
    error::{CatalogError, OfferKind},
};

/// What a version holds beside its key and currency.
pub trait Body: Serialize + DeserializeOwned + Send + Sync {
    /// The type of the version's id.
    type Id: Copy + Eq + Display + FromStr + Send + Sync + From<ulid::Ulid>;
    /// What errors call it.
    const KIND: OfferKind;
    /// The word in the table.
    const WORD: &'static str;
    /// All its rate cards.
    fn rate_cards(&self) -> Vec<&RateCard>;
}

impl Body for PlanBody {
    type Id = PlanId;
    const KIND: OfferKind = OfferKind::Plan;
    const WORD: &'static str = "plan";
    fn rate_cards(&self) -> Vec<&RateCard> {
        PlanBody::rate_cards(self).collect()
    }
}

impl Body for AddonBody {
    type Id = AddonId;
    const KIND: OfferKind = OfferKind::Addon;
    const WORD: &'static str = "addon";
    fn rate_cards(&self) -> Vec<&RateCard> {
        self.rate_cards.iter().collect()
    }
}

/// A version of either kind.
pub type VersionOf<B> = Version<<B as Body>::Id, B>;

/// A version of a plan.
pub type PlanVersion = VersionOf<PlanBody>;

/// A version of an add-on.
pub type AddonVersion = VersionOf<AddonBody>;

/// What a version is found by.
#[derive(Clone, Debug)]
pub enum OfferRef<Id> {
    /// Its id; deleted versions too.
    Id(Id),
    /// Its key and which version of it.
    Key(String, Selection),
}

/// Which version of a key.
#[derive(Clone, Copy, Debug)]
pub enum Selection {
    /// The one in effect now.
    Active,
    /// The highest.
    Latest,
    /// The one with this number.
    Number(i32),
}

impl<Id: Display> Display for OfferRef<Id> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "{id}"),
            Self::Key(key, _) => formatter.write_str(key),
        }
    }
}

fn of<B: Body>(project: ProjectId) -> sea_orm::Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Kind.eq(B::WORD))
}

/// One version, or `OfferNotFound`.
pub async fn find<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    wanted: &OfferRef<B::Id>,
    now: Timestamp,
) -> Result<VersionOf<B>, CatalogError> {
    let select = of::<B>(project);
    let select = match wanted {
        OfferRef::Id(id) => select.filter(row::Column::Id.eq(id.to_string())),
        OfferRef::Key(key, selection) => {
            let live = select
                .filter(row::Column::Key.eq(key))
                .filter(row::Column::DeleteTime.is_null());
            match selection {
                Selection::Active => live.filter(in_state(State::Active, now)),
                Selection::Latest => live,
                Selection::Number(number) => live.filter(row::Column::Number.eq(*number)),
            }
        }
    };
    let found = select.order_by_desc(row::Column::Number).one(db).await?;
    let found = found.ok_or_else(|| CatalogError::OfferNotFound {
        kind: B::KIND,
        handle: wanted.to_string(),
    })?;
    from_row(found)
}

/// One version by id.
pub async fn by_id<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: B::Id,
) -> Result<VersionOf<B>, CatalogError> {
    // The state of a version plays no part in finding it by id.
    find::<B>(db, project, &OfferRef::Id(id), Timestamp::UNIX_EPOCH).await
}

/// Many versions by id, deleted ones included, in the order of ids.
pub async fn by_ids<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[B::Id],
) -> Result<Vec<VersionOf<B>>, CatalogError> {
    let ids = ids.iter().map(B::Id::to_string);
    let rows = of::<B>(project)
        .filter(row::Column::Id.is_in(ids))
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

fn in_state(state: State, now: Timestamp) -> Condition {
    let now = micros(now);
    let (from, to) = (row::Column::EffectiveFrom, row::Column::EffectiveTo);
    let not_ended = Condition::any().add(to.is_null()).add(to.gt(now));
    match state {
        State::Draft => Condition::all().add(from.is_null()),
        State::Scheduled => Condition::all().add(from.gt(now)).add(not_ended),
        State::Active => Condition::all().add(from.lte(now)).add(not_ended),
        State::Archived => Condition::all().add(from.is_not_null()).add(to.lte(now)),
    }
}

/// What a list shows and how it is sorted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These ids, or …
    pub ids: Vec<String>,
    /// … these keys, or …
    pub keys: Vec<String>,
    /// … these versions of keys, or …
    pub key_numbers: Vec<(String, i32)>,
    /// … these currencies; all empty: everything.
    pub currencies: Vec<String>,
    /// And in one of these states; empty: any.
    pub states: Vec<State>,
    /// Deleted ones too.
    pub include_deleted: bool,
    /// What it is sorted by.
    pub sort: Sort,
}

/// What a list of versions is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By id.
    #[default]
    Id,
    /// By key, then number.
    Key,
    /// By number, then id.
    Number,
    /// By time of creation, then id.
    CreateTime,
    /// By time of the last change, then id.
    UpdateTime,
}

impl Sort {
    fn columns(self) -> Vec<SortColumn<row::Column>> {
        let text = |column| SortColumn {
            column,
            numeric: false,
        };
        let number = |column| SortColumn {
            column,
            numeric: true,
        };
        let id = text(row::Column::Id);
        match self {
            Self::Id => vec![id],
            // A deleted version's number is not used again, so key and number are unique.
            Self::Key => vec![text(row::Column::Key), number(row::Column::Number)],
            Self::Number => vec![number(row::Column::Number), id],
            Self::CreateTime => vec![number(row::Column::CreateTime), id],
            Self::UpdateTime => vec![number(row::Column::UpdateTime), id],
        }
    }

    /// The sort values of a row, for a page token.
    pub fn values<B: Body>(self, version: &VersionOf<B>) -> Vec<String> {
        let id = version.id.to_string();
        match self {
            Self::Id => vec![id],
            Self::Key => vec![version.offer.key.clone(), version.number.to_string()],
            Self::Number => vec![version.number.to_string(), id],
            Self::CreateTime => vec![micros(version.create_time).to_string(), id],
            Self::UpdateTime => vec![micros(version.update_time).to_string(), id],
        }
    }
}

/// One page of versions.
pub async fn list<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
    now: Timestamp,
) -> Result<Rows<VersionOf<B>>, CatalogError> {
    let select = matching::<B>(project, filter, now);
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

/// The question for one page of versions, as `list` asks it.
#[cfg(test)]
pub fn page_of<B: Body>(
    project: ProjectId,
    filter: &Filter,
    slice: &Slice,
    now: Timestamp,
) -> sea_orm::Select<row::Entity> {
    let select = matching::<B>(project, filter, now);
    keyset::page_of(select, &filter.sort.columns(), slice)
}

fn matching<B: Body>(
    project: ProjectId,
    filter: &Filter,
    now: Timestamp,
) -> sea_orm::Select<row::Entity> {
    let mut select = of::<B>(project);
    if !filter.include_deleted {
        select = select.filter(row::Column::DeleteTime.is_null());
    }
    let mut named = Condition::any();
    if !filter.ids.is_empty() {
        named = named.add(row::Column::Id.is_in(&filter.ids));
    }
    if !filter.keys.is_empty() {
        named = named.add(row::Column::Key.is_in(&filter.keys));
    }
    for (key, number) in &filter.key_numbers {
        let version = Condition::all()
            .add(row::Column::Key.eq(key))
            .add(row::Column::Number.eq(*number));
        named = named.add(version);
    }
    if !filter.currencies.is_empty() {
        named = named.add(row::Column::Currency.is_in(&filter.currencies));
    }
    if !named.is_empty() {
        select = select.filter(named);
    }
    if !filter.states.is_empty() {
        let any = filter.states.iter().fold(Condition::any(), |any, state| {
            any.add(in_state(*state, now))
        });
        select = select.filter(any);
    }
    select
}

/// Stores a draft: the next version of its key. `DraftExists` when the key has one.
pub async fn insert<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: B::Id,
    offer: Offer<B>,
    now: Timestamp,
) -> Result<VersionOf<B>, CatalogError> {
    let rows = of::<B>(project).filter(row::Column::Key.eq(&offer.key));
    let highest = rows.order_by_desc(row::Column::Number).one(db).await?;
    let version = Version {
        id,
        number: highest.map_or(0, |row| row.number) + 1,
        offer,
        effective: Effective::default(),
        revision: 1,
        create_time: now,
        update_time: now,
        delete_time: None,
    };
    let model = row::ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(version.id.to_string()),
        kind: Set(B::WORD.to_owned()),
        key: Set(version.offer.key.clone()),
        number: Set(version.number),
        currency: Set(version.offer.currency.code().to_owned()),
        effective_from: Set(None),
        effective_to: Set(None),
        body: Set(document::<B>(&version)?),
        revision: Set(version.revision),
        create_time: Set(micros(now)),
        update_time: Set(micros(now)),
        delete_time: Set(None),
    };
    row::Entity::insert(model)
        .exec_without_returning(db)
        .await
        .map_err(|error| {
            if is_unique_violation(&error) {
                CatalogError::DraftExists {
                    kind: B::KIND,
                    key: version.offer.key.clone(),
                }
            } else {
                error.into()
            }
        })?;
    set_features::<B>(db, project, &version).await?;
    Ok(version)
}

/// Whether the key has a draft that is not deleted.
pub async fn has_draft<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<bool, CatalogError> {
    let draft = of::<B>(project)
        .filter(row::Column::Key.eq(key))
        .filter(row::Column::EffectiveFrom.is_null())
        .filter(row::Column::DeleteTime.is_null())
        .one(db)
        .await?;
    Ok(draft.is_some())
}

/// Writes a version that was read at the revision before; another write in between is `Stale`.
pub async fn update<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    mut version: VersionOf<B>,
    now: Timestamp,
) -> Result<VersionOf<B>, CatalogError> {
    let before = version.revision;
    version.revision += 1;
    version.update_time = now;
    let model = row::ActiveModel {
        effective_from: Set(version.effective.from.map(micros)),
        effective_to: Set(version.effective.to.map(micros)),
        body: Set(document::<B>(&version)?),
        revision: Set(version.revision),
        update_time: Set(micros(now)),
        delete_time: Set(version.delete_time.map(micros)),
        ..Default::default()
    };
    let done = row::Entity::update_many()
        .set(model)
        .filter(row::Column::ProjectId.eq(project.to_string()))
        .filter(row::Column::Id.eq(version.id.to_string()))
        .filter(row::Column::Revision.eq(before))
        .exec(db)
        .await?;
    if done.rows_affected == 0 {
        return Err(CatalogError::Stale(B::KIND.word()));
    }
    set_features::<B>(db, project, &version).await?;
    Ok(version)
}

/// Locks one version until the end of the transaction on PostgreSQL.
pub async fn lock<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    id: B::Id,
) -> Result<(), CatalogError> {
    of::<B>(project)
        .filter(row::Column::Id.eq(id.to_string()))
        .lock_exclusive()
        .one(db)
        .await?;
    Ok(())
}

/// All live versions of a key, locked until the end of the transaction on PostgreSQL.
pub async fn lock_key<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    key: &str,
) -> Result<Vec<VersionOf<B>>, CatalogError> {
    let rows = of::<B>(project)
        .filter(row::Column::Key.eq(key))
        .filter(row::Column::DeleteTime.is_null())
        .order_by_asc(row::Column::Number)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// Keys and versions of the plans in effect whose rate cards name the feature, at most ten.
pub async fn active_plans_with_feature(
    db: &impl ConnectionTrait,
    project: ProjectId,
    feature: FeatureId,
    now: Timestamp,
) -> Result<Vec<(String, i32)>, CatalogError> {
    let offers = offer_feature::Entity::find()
        .filter(offer_feature::Column::ProjectId.eq(project.to_string()))
        .filter(offer_feature::Column::FeatureId.eq(feature.to_string()))
        .select_only()
        .column(offer_feature::Column::OfferId);
    let plans = of::<PlanBody>(project)
        .filter(row::Column::DeleteTime.is_null())
        .filter(in_state(State::Active, now))
        .filter(row::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(offers)))
        .limit(10)
        .all(db)
        .await?;
    Ok(plans
        .into_iter()
        .map(|plan| (plan.key, plan.number))
        .collect())
}

async fn set_features<B: Body>(
    db: &impl ConnectionTrait,
    project: ProjectId,
    version: &VersionOf<B>,
) -> Result<(), CatalogError> {
    let (project, offer) = (project.to_string(), version.id.to_string());
    offer_feature::Entity::delete_many()
        .filter(offer_feature::Column::ProjectId.eq(&project))
        .filter(offer_feature::Column::OfferId.eq(&offer))
        .exec(db)
        .await?;
    let cards = version.offer.body.rate_cards();
    let features: BTreeSet<FeatureId> = cards.iter().filter_map(|card| card.feature_id).collect();
    if features.is_empty() {
        return Ok(());
    }
    let rows = features
        .into_iter()
        .map(|feature| offer_feature::ActiveModel {
            project_id: Set(project.clone()),
            offer_id: Set(offer.clone()),
            feature_id: Set(feature.to_string()),
        });
    offer_feature::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

fn document<B: Body>(version: &VersionOf<B>) -> Result<String, CatalogError> {
    serde_json::to_string(&version.offer.body).map_err(|cause| CatalogError::Corrupt {
        what: B::WORD,
        id: version.id.to_string(),
        cause,
    })
}

fn from_row<B: Body>(row: row::Model) -> Result<VersionOf<B>, CatalogError> {
    let corrupt = |cause| CatalogError::Corrupt {
        what: B::WORD,
        id: row.id.clone(),
        cause,
    };
    let bad = |text: &str| corrupt(serde::de::Error::custom(text));
    Ok(Version {
        id: row.id.parse().map_err(|_| bad("id"))?,
        number: row.number,
        offer: Offer {
            key: row.key.clone(),
            currency: Currency::parse(&row.currency).map_err(|_| bad("currency"))?,
            body: serde_json::from_str(&row.body).map_err(corrupt)?,
        },
        effective: Effective {
            from: row.effective_from.map(instant),
            to: row.effective_to.map(instant),
        },
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

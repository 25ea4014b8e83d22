//! Terms of every origin. A row says that a term is there, whose it is and how it is called; what is known of it is in the row for terms
//! of stores and those given away, and with their subscription for all others.

use std::collections::BTreeMap;

use chassis::Write;
use chassis::db::{instant, micros};
use chassis::keyset::{Rows, Slice};
use jiff::Timestamp;
use kernel::id::{CustomerId, ProjectId, SubscriptionId};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect as _, QueryTrait as _, Select,
};

use super::entity::term::{ActiveModel, Column, Entity, Model};
use super::owned::{self, Owned};
use crate::domain::term::{Environment, Facts, Origin};
use crate::error::SubscriptionError;

/// A term that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its id.
    pub id: SubscriptionId,
    /// Its short id.
    pub short_id: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is a stretch of.
    pub source_key: String,
    /// What opened it.
    pub opening: String,
    /// The subscription that it is a stretch of, or its own id.
    pub source_id: String,
    /// Who has it.
    pub customer: CustomerId,
    /// Its start.
    pub start: Timestamp,
    /// Counts writes.
    pub revision: i64,
    /// When it was made.
    pub created: Timestamp,
    /// What is known of it, where it is kept here.
    pub facts: Option<Facts>,
}

impl Term {
    /// Whether real money is behind it, as it is of all that is not kept here.
    pub fn environment(&self) -> Environment {
        let kept = self.facts.as_ref();
        kept.map_or(Environment::Production, |facts| facts.environment)
    }
}

/// A term as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTerm {
    /// Where it comes from.
    pub origin: Origin,
    /// What opened it.
    pub opening: String,
    /// The subscription that it is a stretch of; none: nothing but itself.
    pub source_id: Option<String>,
    /// Who has it.
    pub customer: CustomerId,
    /// How its store or dialect calls it.
    pub identifier: String,
    /// Whether real money is behind it.
    pub environment: Environment,
    /// Its start.
    pub start: Timestamp,
    /// What is known of it, if it is to be kept here.
    pub facts: Option<Facts>,
    /// The entitlement definition that it is given away by, and ends with.
    pub definition: Option<String>,
}

impl NewTerm {
    /// A term of which everything is kept here.
    pub fn of(facts: Facts) -> Self {
        Self {
            origin: facts.origin,
            opening: facts.opening.clone(),
            source_id: None,
            customer: facts.customer,
            identifier: facts.identifier.clone(),
            environment: facts.environment,
            start: facts.start(),
            facts: Some(facts),
            definition: None,
        }
    }
}

/// Makes the terms of a source those that are given; one that is gone and comes back has its old ids. Answers all that are there, and the
/// customers who had or have one that changed.
pub async fn replace(
    tx: &DatabaseTransaction,
    project: ProjectId,
    source_key: &str,
    terms: &[NewTerm],
    now: Timestamp,
) -> Result<(Vec<Term>, Vec<Term>), SubscriptionError> {
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SourceKey.eq(source_key))
        .all(tx)
        .await?;
    let mut before = Vec::new();
    for row in &rows {
        if row.live {
            before.extend(from_row(row.clone())?);
        }
    }
    let mut known: BTreeMap<String, Model> = rows
        .into_iter()
        .map(|row| (row.opening.clone(), row))
        .collect();
    let mut after = Vec::with_capacity(terms.len());
    for term in terms {
        let old = known.remove(&term.opening);
        let id = match &old {
            Some(old) => parsed(&old.id)?,
            None => chassis::id::next::<SubscriptionId>(),
        };
        let mut row = new_row(project, source_key, (id, term), now)?;
        match old {
            Some(old) => {
                row.short_id.clone_from(&old.short_id);
                row.create_time = old.create_time;
                row.revision = old.revision;
                if row != old {
                    row.revision += 1;
                    let changed = ActiveModel::from(row.clone()).reset_all();
                    Entity::update(changed).exec(tx).await?;
                }
            }
            None => {
                row.short_id = owned::short_id::<Entity>(tx, project, id).await?;
                Entity::insert(ActiveModel::from(row.clone()))
                    .exec_without_returning(tx)
                    .await?;
            }
        }
        after.extend(from_row(row)?);
    }
    for gone in known.into_values().filter(|row| row.live) {
        let change = ActiveModel {
            live: Set(false),
            revision: Set(gone.revision + 1),
            ..Default::default()
        };
        Entity::update_many()
            .set(change)
            .filter(Column::ProjectId.eq(project.to_string()))
            .filter(Column::Id.eq(&gone.id))
            .exec(tx)
            .await?;
    }
    Ok((before, after))
}

/// What the terms of a source are stretches of, of those too that are gone.
pub async fn sources(
    tx: &DatabaseTransaction,
    project: ProjectId,
    source_key: &str,
) -> Result<Vec<String>, SubscriptionError> {
    Ok(Entity::find()
        .select_only()
        .column(Column::SourceId)
        .distinct()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::SourceKey.eq(source_key))
        .into_tuple()
        .all(tx)
        .await?)
}

/// Adds terms of a source that has none, with the commit; answers them by start. Should a short id be taken, which is as good as impossible,
/// the write fails as a whole, and the next try has another one.
pub fn insert_later(
    write: &Write,
    project: ProjectId,
    source_key: &str,
    terms: &[NewTerm],
    now: Timestamp,
) -> Result<Vec<Term>, SubscriptionError> {
    let mut made = Vec::with_capacity(terms.len());
    for term in terms {
        let id = chassis::id::next::<SubscriptionId>();
        let mut row = new_row(project, source_key, (id, term), now)?;
        row.short_id = owned::short_id_at::<Entity>(project, id, 0);
        let insert = Entity::insert(ActiveModel::from(row.clone()));
        write.later(insert.build(write.tx().get_database_backend()));
        made.extend(from_row(row)?);
    }
    made.sort_by_key(|term| (term.start, term.id));
    Ok(made)
}

fn new_row(
    project: ProjectId,
    source_key: &str,
    (id, term): (SubscriptionId, &NewTerm),
    now: Timestamp,
) -> Result<Model, SubscriptionError> {
    let document = match &term.facts {
        Some(facts) => serde_json::to_string(facts).map_err(SubscriptionError::Corrupt)?,
        None => String::new(),
    };
    Ok(Model {
        project_id: project.to_string(),
        id: id.to_string(),
        short_id: String::new(),
        origin: term.origin.as_str().to_owned(),
        source_key: source_key.to_owned(),
        opening: term.opening.clone(),
        source_id: term.source_id.clone().unwrap_or_else(|| id.to_string()),
        customer_id: term.customer.to_string(),
        identifier: term.identifier.clone(),
        environment: term.environment.as_str().to_owned(),
        start_time: micros(term.start),
        live: true,
        revision: 1,
        create_time: micros(now),
        document,
        entitlement_definition_id: term.definition.clone(),
    })
}

/// The one with a ULID or short id.
pub async fn find(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    id: &str,
) -> Result<Option<Term>, SubscriptionError> {
    let found = batch(connection, project, &[id.to_owned()], &[]).await?;
    Ok(found.into_iter().next())
}

/// Those with one of these ULIDs, short ids or identifiers, oldest first.
pub async fn batch(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    ids: &[String],
    identifiers: &[String],
) -> Result<Vec<Term>, SubscriptionError> {
    read(owned::batch::<Entity>(connection, project, ids, identifiers).await?)
}

/// A page of a customer's terms, by start.
pub async fn list(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
    environment: Option<Environment>,
    slice: &Slice,
) -> Result<Rows<Model>, SubscriptionError> {
    owned::list::<Entity>(connection, project, customer, environment, slice).await
}

/// All terms of a customer, by start.
pub async fn of_customer(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Term>, SubscriptionError> {
    read(owned::of_customer::<Entity>(connection, project, customer).await?)
}

/// The terms of a source, by start.
pub async fn of_source(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    source_key: &str,
) -> Result<Vec<Term>, SubscriptionError> {
    let rows = Entity::there(project)
        .filter(Column::SourceKey.eq(source_key))
        .order_by_asc(Column::StartTime)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    read(rows)
}

/// What was given away by an entitlement definition and has not been taken back, by start.
pub async fn of_definition(
    connection: &impl ConnectionTrait,
    project: ProjectId,
    definition: &str,
) -> Result<Vec<Term>, SubscriptionError> {
    let rows = Entity::there(project)
        .filter(Column::EntitlementDefinitionId.eq(definition))
        .order_by_asc(Column::StartTime)
        .order_by_asc(Column::Id)
        .all(connection)
        .await?;
    read(rows)
}

/// The terms of rows. An origin that this version does not know is of a later one; it is left out.
pub fn read(rows: Vec<Model>) -> Result<Vec<Term>, SubscriptionError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(from_row(row)?);
    }
    Ok(found)
}

impl Owned for Entity {
    const PREFIX: &'static str = "sub";
    const PROJECT: Column = Column::ProjectId;
    const ID: Column = Column::Id;
    const SHORT_ID: Column = Column::ShortId;
    const IDENTIFIER: Column = Column::Identifier;
    const CUSTOMER: Column = Column::CustomerId;
    const ENVIRONMENT: Column = Column::Environment;
    const TIME: Column = Column::StartTime;

    fn id_of(row: &Model) -> &str {
        &row.id
    }

    /// A term that is gone may come back: its row stays.
    fn there(project: ProjectId) -> Select<Self> {
        owned::of_project::<Self>(project).filter(Column::Live.eq(true))
    }
}

fn from_row(row: Model) -> Result<Option<Term>, SubscriptionError> {
    let Some(origin) = Origin::parse(&row.origin) else {
        return Ok(None);
    };
    let facts = if row.document.is_empty() {
        None
    } else {
        Some(serde_json::from_str(&row.document).map_err(SubscriptionError::Corrupt)?)
    };
    Ok(Some(Term {
        id: parsed(&row.id)?,
        customer: parsed(&row.customer_id)?,
        short_id: row.short_id,
        origin,
        source_key: row.source_key,
        opening: row.opening,
        source_id: row.source_id,
        start: instant(row.start_time),
        revision: row.revision,
        created: instant(row.create_time),
        facts,
    }))
}

/// A stored id.
pub fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, SubscriptionError> {
    text.parse().map_err(|_| {
        SubscriptionError::Corrupt(serde::de::Error::custom(format!("{text} is not an id")))
    })
}

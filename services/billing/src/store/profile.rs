//! Billing profiles.

use std::collections::BTreeMap;

use chassis::db::{instant, micros};
use kernel::id::{AppId, CustomerId, ProfileId, ProjectId};
use sea_orm::{
    ActiveValue::Set, Condition, FromQueryResult as _, JoinType, Order, QueryOrder, QuerySelect,
    QueryTrait as _, Select, entity::prelude::*, sea_query::ExprTrait as _, sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};

use super::{entity, from_json, id, to_json};
use crate::{
    domain::{
        app::App,
        party::Supplier,
        profile::{Profile, Workflow},
        tax::ManualRate,
    },
    error::BillingError,
};
use entity::billing_profile::{ActiveModel, Column, Entity, Model};

#[derive(Serialize, Deserialize)]
struct Body {
    description: String,
    metadata: BTreeMap<String, String>,
    supplier: Supplier,
    workflow: Workflow,
}

/// What a list of profiles is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Creation time.
    CreateTime,
    /// Time of the last change.
    UpdateTime,
    /// The default one last.
    Default,
    /// Name.
    Name,
}

/// The profile with this id, deleted ones included.
pub async fn get(
    db: &impl ConnectionTrait,
    project: ProjectId,
    profile: ProfileId,
) -> Result<Profile, BillingError> {
    let row = Entity::find_by_id((project.to_string(), profile.to_string()))
        .one(db)
        .await?;
    row.map_or_else(
        || Err(BillingError::ProfileNotFound(profile.to_string())),
        from_row,
    )
}

/// The live profile with this id.
pub async fn live(
    db: &impl ConnectionTrait,
    project: ProjectId,
    profile: ProfileId,
) -> Result<Profile, BillingError> {
    let found = get(db, project, profile).await?;
    if found.delete_time.is_some() {
        return Err(BillingError::ProfileNotFound(profile.to_string()));
    }
    Ok(found)
}

/// The default profile.
pub async fn default(
    db: &impl ConnectionTrait,
    project: ProjectId,
) -> Result<Option<Profile>, BillingError> {
    Entity::find()
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Column::IsDefault.eq(true))
        .filter(Column::DeleteTime.is_null())
        .one(db)
        .await?
        .map(from_row)
        .transpose()
}

/// A profile that may apply to a customer.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The profile.
    pub profile: Profile,
    /// Its app.
    pub app: App,
    /// The profile that the customer is pinned to.
    pub pinned: Option<ProfileId>,
    /// The customer's own tax rates.
    pub tax_rates: Option<Vec<ManualRate>>,
    /// Whether the customer has a gathering invoice, perhaps one that ran empty.
    pub gathers: bool,
}

/// The default profile and the one that a customer is pinned to, in one look with what the customer has of its own.
pub async fn of_customer(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Vec<Candidate>, BillingError> {
    use entity::customer_override::{Column as Own, Entity as OwnEntity};
    let id_of_own = customer.to_string();
    let to_own = Entity::belongs_to(OwnEntity)
        .from(Column::ProjectId)
        .to(Own::ProjectId)
        .on_condition(move |_, own| {
            Condition::all()
                .add(Expr::col((own.clone(), Own::CustomerId)).eq(id_of_own.as_str()))
                .add(Expr::col((own, Own::DeleteTime)).is_null())
        })
        .into();
    let pinned = Expr::col((Entity, Column::Id)).eq(Expr::col((OwnEntity, Own::ProfileId)));
    let gathers = Expr::exists(super::invoice::a_gathering_invoice(project, customer));
    let statement = Entity::find()
        .join(JoinType::LeftJoin, to_app())
        .join(JoinType::LeftJoin, to_own)
        .select_also(entity::app::Entity)
        .column_as(Own::ProfileId, "own_profile")
        .column_as(Own::TaxRates, "own_rates")
        .expr_as(gathers, "gathers")
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(Condition::any().add(is_default()).add(pinned))
        .build(db.get_database_backend());
    let mut found = Vec::new();
    for row in db.query_all_raw(statement).await? {
        let profile = Model::from_query_result(&row, "A_")?;
        let app = entity::app::Model::from_query_result_optional(&row, "B_")?;
        let app = app.ok_or_else(|| BillingError::AppNotFound(profile.app_id.clone()))?;
        let own: Option<String> = row.try_get("", "own_profile")?;
        let rates: Option<String> = row.try_get("", "own_rates")?;
        found.push(Candidate {
            profile: from_row(profile)?,
            app: super::app::from_row(app)?,
            pinned: own
                .map(|text| id("customer_override.profile_id", &text))
                .transpose()?,
            tax_rates: rates.as_deref().map(from_json).transpose()?,
            gathers: row.try_get("", "gathers")?,
        });
    }
    Ok(found)
}

/// The default profile and these, deleted or not, each with its app.
pub async fn with_apps(
    db: &impl ConnectionTrait,
    project: ProjectId,
    profiles: &[ProfileId],
) -> Result<Vec<(Profile, App)>, BillingError> {
    let mut wanted = Condition::any().add(is_default());
    if !profiles.is_empty() {
        wanted = wanted.add(Column::Id.is_in(profiles.iter().map(ToString::to_string)));
    }
    read_with_apps(db, project, wanted).await
}

fn is_default() -> Condition {
    Condition::all()
        .add(Column::IsDefault.eq(true))
        .add(Column::DeleteTime.is_null())
}

fn to_app() -> RelationDef {
    Entity::belongs_to(entity::app::Entity)
        .from((Column::ProjectId, Column::AppId))
        .to((entity::app::Column::ProjectId, entity::app::Column::Id))
        .into()
}

async fn read_with_apps(
    db: &impl ConnectionTrait,
    project: ProjectId,
    wanted: Condition,
) -> Result<Vec<(Profile, App)>, BillingError> {
    let rows = Entity::find()
        .join(JoinType::LeftJoin, to_app())
        .select_also(entity::app::Entity)
        .filter(Column::ProjectId.eq(project.to_string()))
        .filter(wanted)
        .all(db)
        .await?;
    rows.into_iter()
        .map(|(row, app)| {
            let app = app.ok_or_else(|| BillingError::AppNotFound(row.app_id.clone()))?;
            Ok((from_row(row)?, super::app::from_row(app)?))
        })
        .collect()
}

/// Profiles, the deleted ones only if wanted. Few enough for offsets.
pub async fn list(
    db: &impl ConnectionTrait,
    project: ProjectId,
    include_deleted: bool,
    sort: (Sort, bool),
    offset: u64,
    limit: u64,
) -> Result<Vec<Profile>, BillingError> {
    let order = if sort.1 { Order::Desc } else { Order::Asc };
    let column = match sort.0 {
        Sort::CreateTime => Column::CreateTime,
        Sort::UpdateTime => Column::UpdateTime,
        Sort::Default => Column::IsDefault,
        Sort::Name => Column::Name,
    };
    let rows = filtered(project, include_deleted)
        .order_by(column, order.clone())
        .order_by(Column::Id, order)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(from_row).collect()
}

/// How many profiles the list has.
pub async fn count(
    db: &impl ConnectionTrait,
    project: ProjectId,
    include_deleted: bool,
) -> Result<u64, BillingError> {
    Ok(filtered(project, include_deleted).count(db).await?)
}

fn filtered(project: ProjectId, include_deleted: bool) -> Select<Entity> {
    let all = Entity::find().filter(Column::ProjectId.eq(project.to_string()));
    if include_deleted {
        all
    } else {
        all.filter(Column::DeleteTime.is_null())
    }
}

/// Whether a live profile uses an app.
pub async fn uses_app(
    db: &impl ConnectionTrait,
    project: ProjectId,
    app: AppId,
) -> Result<bool, BillingError> {
    Ok(filtered(project, false)
        .filter(Column::AppId.eq(app.to_string()))
        .count(db)
        .await?
        > 0)
}

/// Stores a profile, new or changed.
pub async fn save(
    tx: &impl ConnectionTrait,
    project: ProjectId,
    profile: &Profile,
) -> Result<(), BillingError> {
    let body = Body {
        description: profile.description.clone(),
        metadata: profile.metadata.clone(),
        supplier: profile.supplier.clone(),
        workflow: profile.workflow.clone(),
    };
    let row = ActiveModel {
        project_id: Set(project.to_string()),
        id: Set(profile.id.to_string()),
        name: Set(profile.name.clone()),
        is_default: Set(profile.default),
        app_id: Set(profile.app.to_string()),
        body: Set(to_json(&body)?),
        revision: Set(profile.revision),
        create_time: Set(micros(profile.create_time)),
        update_time: Set(micros(profile.update_time)),
        delete_time: Set(profile.delete_time.map(micros)),
    };
    let changed = [
        Column::Name,
        Column::IsDefault,
        Column::Body,
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

fn from_row(row: Model) -> Result<Profile, BillingError> {
    let body: Body = from_json(&row.body)?;
    Ok(Profile {
        id: id("billing_profile.id", &row.id)?,
        name: row.name,
        description: body.description,
        metadata: body.metadata,
        supplier: body.supplier,
        default: row.is_default,
        workflow: body.workflow,
        app: id("billing_profile.app_id", &row.app_id)?,
        revision: row.revision,
        create_time: instant(row.create_time),
        update_time: instant(row.update_time),
        delete_time: row.delete_time.map(instant),
    })
}

//! Every project can bill from its first call on: a sandbox app and a default profile are
//! made when they are first needed.

use std::collections::BTreeMap;

use chassis::Write;
use kernel::id::{CustomerId, ProjectId};
use sea_orm::ConnectionTrait;

use crate::{
    convert,
    domain::{
        app::{App, Kind},
        party::{Address, Supplier},
        profile::{Profile, Workflow},
    },
    error::BillingError,
    store,
};

/// The profile that applies to a customer, and its app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The pinned profile, else the default one.
    pub profile: Profile,
    /// Its app.
    pub app: App,
}

/// The profile that applies to a customer; `None` before the first write of a project.
pub async fn find(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Option<Effective>, BillingError> {
    let own = store::customer_override::get(db, project, customer)
        .await?
        .filter(|found| found.delete_time.is_none());
    let profile = match own.as_ref().and_then(|own| own.profile) {
        Some(profile) => Some(store::profile::get(db, project, profile).await?),
        None => store::profile::default(db, project).await?,
    };
    match profile {
        None => Ok(None),
        Some(mut profile) => {
            if let Some(rates) = own.and_then(|own| own.tax_rates) {
                profile.workflow.tax_rates = rates;
            }
            let app = store::app::get(db, project, profile.app).await?;
            Ok(Some(Effective { profile, app }))
        }
    }
}

/// The profile that applies to a customer; the default one is made if the project has none.
pub async fn ensure(w: &mut Write, customer: CustomerId) -> Result<Effective, BillingError> {
    let project = w.context().project;
    if let Some(found) = find(w.tx(), project, customer).await? {
        return Ok(found);
    }
    let profile = ensure_default(w).await?;
    let app = store::app::get(w.tx(), project, profile.app).await?;
    Ok(Effective { profile, app })
}

/// The default profile, made if the project has none.
pub async fn ensure_default(w: &mut Write) -> Result<Profile, BillingError> {
    let project = w.context().project;
    chassis::db::lock(w.tx(), &format!("billing.provision.{project}")).await?;
    if let Some(profile) = store::profile::default(w.tx(), project).await? {
        return Ok(profile);
    }
    let now = w.context().now;
    let app = match store::app::sandbox(w.tx(), project).await? {
        Some(app) => app,
        None => {
            let mut app = store::app::new(Kind::Sandbox, "", now);
            "OpenMeter Sandbox App to be used for testing purposes."
                .clone_into(&mut app.description);
            store::app::save(w.tx(), project, &app).await?;
            let wire = convert::app::to_proto(&app);
            w.record("app.created", &wire.id, app.revision, None, Some(&wire))
                .await?;
            app
        }
    };
    let profile = Profile {
        id: chassis::id::next(),
        name: "openmeter-sandbox".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
        supplier: Supplier {
            name: "OpenMeter".to_owned(),
            tax_code: None,
            address: Address {
                country: Some("US".to_owned()),
                ..Address::default()
            },
        },
        default: true,
        workflow: Workflow::default(),
        app: app.id,
        revision: 1,
        create_time: now,
        update_time: now,
        delete_time: None,
    };
    store::profile::save(w.tx(), project, &profile).await?;
    let wire = convert::profile::to_proto(&profile, Some(&app));
    w.record(
        "profile.created",
        &wire.id,
        profile.revision,
        None,
        Some(&wire),
    )
    .await?;
    Ok(profile)
}

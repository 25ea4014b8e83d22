//! Every project can bill from its first call on: a sandbox app and a default profile are
//! made when they are first needed.

use std::collections::{BTreeMap, BTreeSet};

use chassis::Write;
use kernel::id::{CustomerId, ProfileId, ProjectId};
use sea_orm::ConnectionTrait;

use crate::{
    convert,
    domain::{
        app::{App, Kind},
        party::{Address, Supplier},
        profile::{Profile, Workflow},
    },
    error::BillingError,
    store::{self, profile::Candidate},
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
    let found = look(db, project, customer).await?;
    Ok(found.map(|found| found.effective))
}

/// The same, and whether the customer is new here.
#[derive(Clone, Debug)]
pub struct Look {
    /// What applies.
    pub effective: Effective,
    /// Whether the default profile applies as it is, and nothing was ever pending.
    pub is_plain: bool,
}

/// Looks what applies to a customer.
pub async fn look(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customer: CustomerId,
) -> Result<Option<Look>, BillingError> {
    let found = store::profile::of_customer(db, project, customer).await?;
    let applies = |one: &Candidate| match one.pinned {
        Some(pinned) => one.profile.id == pinned,
        None => true,
    };
    let pinned = found.iter().find_map(|one| one.pinned);
    let Some(one) = found.into_iter().find(applies) else {
        return match pinned {
            Some(pinned) => Err(BillingError::ProfileNotFound(pinned.to_string())),
            None => Ok(None),
        };
    };
    let Candidate {
        mut profile, app, ..
    } = one;
    let is_plain = pinned.is_none() && one.tax_rates.is_none() && !one.gathers;
    if let Some(rates) = one.tax_rates {
        profile.workflow.tax_rates = rates;
    }
    Ok(Some(Look {
        effective: Effective { profile, app },
        is_plain,
    }))
}

/// The profiles that apply to some customers, in two reads; without those that have none.
pub async fn find_many(
    db: &impl ConnectionTrait,
    project: ProjectId,
    customers: &[CustomerId],
) -> Result<BTreeMap<CustomerId, Effective>, BillingError> {
    let ids: Vec<String> = customers.iter().map(ToString::to_string).collect();
    let own = store::customer_override::of_customers(db, project, &ids).await?;
    let pinned: BTreeSet<ProfileId> = own.values().filter_map(|own| own.profile).collect();
    let pinned: Vec<ProfileId> = pinned.into_iter().collect();
    let profiles = store::profile::with_apps(db, project, &pinned).await?;
    let mut found = BTreeMap::new();
    for (customer, id) in customers.iter().zip(&ids) {
        let own = own.get(id);
        let wanted = own.and_then(|own| own.profile);
        let known = profiles.iter().find(|(profile, _)| match wanted {
            Some(wanted) => profile.id == wanted,
            None => profile.default && profile.delete_time.is_none(),
        });
        let Some((mut profile, app)) = known.cloned() else {
            continue;
        };
        if let Some(rates) = own.and_then(|own| own.tax_rates.clone()) {
            profile.workflow.tax_rates = rates;
        }
        found.insert(*customer, Effective { profile, app });
    }
    Ok(found)
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

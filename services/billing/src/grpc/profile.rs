//! Billing profiles.

use std::collections::{BTreeMap, btree_map::Entry};

use chassis::{Context, Write};
use contract::billing::v1 as pb;
use kernel::id::{AppId, ProfileId};
use tonic::{Request, Response, Status};

use super::{Page, total};
use crate::{
    convert,
    domain::{
        app::App,
        profile::{NewProfile, Profile},
    },
    error::BillingError,
    flow::{Billing, provision},
    store::{self, customer_override::Override, profile::Sort},
};

/// Fields that an update can name.
const PATHS: [&str; 6] = [
    "name",
    "description",
    "metadata",
    "supplier",
    "default",
    "workflow",
];

#[tonic::async_trait]
impl pb::profile_service_server::ProfileService for Billing {
    async fn create_profile(
        &self,
        request: Request<pb::CreateProfileRequest>,
    ) -> Result<Response<pb::CreateProfileResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.profile.clone().unwrap_or_default();
        let new = convert::profile::from_proto(&wire)?;
        let app = one_app(wire.apps.as_ref())?;
        self.db
            .write(
                ctx,
                "CreateProfile",
                &request.request_id,
                request,
                |mut w| async move {
                    provision::ensure_default(&mut w).await?;
                    let app = store::app::get(w.tx(), ctx.project, app).await?;
                    if app.delete_time.is_some() {
                        return Err(BillingError::AppNotFound(app.id.to_string()));
                    }
                    if new.default {
                        demote(&mut w, ctx, &app).await?;
                    }
                    let profile = stored(new, &app, ctx);
                    store::profile::save(w.tx(), ctx.project, &profile).await?;
                    let proto = convert::profile::to_proto(&profile, Some(&app));
                    w.record(
                        "profile.created",
                        &proto.id,
                        profile.revision,
                        None,
                        Some(&proto),
                    )
                    .await?;
                    Ok::<_, BillingError>((
                        w,
                        pb::CreateProfileResponse {
                            profile: Some(proto),
                        },
                    ))
                },
            )
            .await
    }

    async fn get_profile(
        &self,
        request: Request<pb::GetProfileRequest>,
    ) -> Result<Response<pb::GetProfileResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let db = self.db.reader();
        let profile = if request.profile_id.is_empty() {
            store::profile::default(db, ctx.project)
                .await?
                .ok_or(BillingError::DefaultProfileNotFound)?
        } else {
            store::profile::get(db, ctx.project, find(&request.profile_id)?).await?
        };
        let app = store::app::get(db, ctx.project, profile.app).await?;
        let proto = convert::profile::to_proto(&profile, Some(&app));
        Ok(Response::new(pb::GetProfileResponse {
            profile: Some(proto),
        }))
    }

    async fn list_profiles(
        &self,
        request: Request<pb::ListProfilesRequest>,
    ) -> Result<Response<pb::ListProfilesResponse>, Status> {
        use pb::list_profiles_request::Order;
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let sort = match Order::try_from(request.order) {
            Ok(Order::Unspecified | Order::CreateTime) => Sort::CreateTime,
            Ok(Order::UpdateTime) => Sort::UpdateTime,
            Ok(Order::Default) => Sort::Default,
            Ok(Order::Name) => Sort::Name,
            Err(_) => return Err(BillingError::invalid("order", "is unknown").into()),
        };
        let query = format!(
            "{}|{sort:?}|{}|{}",
            ctx.project, request.descending, request.include_deleted
        );
        let page = Page::parse(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &[&query],
        )?;
        let db = self.db.reader();
        let deleted = request.include_deleted;
        let sort = (sort, request.descending);
        let mut profiles =
            store::profile::list(db, ctx.project, deleted, sort, page.offset, page.fetch()).await?;
        let next_page_token = page.next(&mut profiles);
        let total_size = if page.numbered {
            total(store::profile::count(db, ctx.project, deleted).await?)
        } else {
            0
        };
        let mut apps: BTreeMap<AppId, App> = BTreeMap::new();
        for profile in &profiles {
            if let Entry::Vacant(vacant) = apps.entry(profile.app) {
                vacant.insert(store::app::get(db, ctx.project, profile.app).await?);
            }
        }
        Ok(Response::new(pb::ListProfilesResponse {
            profiles: profiles
                .iter()
                .map(|profile| convert::profile::to_proto(profile, apps.get(&profile.app)))
                .collect(),
            next_page_token,
            total_size,
        }))
    }

    async fn update_profile(
        &self,
        request: Request<pb::UpdateProfileRequest>,
    ) -> Result<Response<pb::UpdateProfileResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.profile.clone().unwrap_or_default();
        let id = find(&wire.id)?;
        let paths = paths(request.update_mask.as_ref())?;
        let (wire, paths) = (&wire, &paths);
        self.db
            .write(
                ctx,
                "UpdateProfile",
                &request.request_id,
                request,
                |mut w| async move {
                    let found = store::profile::get(w.tx(), ctx.project, id).await?;
                    if found.delete_time.is_some() {
                        return Err(BillingError::ProfileAlreadyDeleted);
                    }
                    chassis::etag::check(&wire.etag, found.revision)?;
                    let app = store::app::get(w.tx(), ctx.project, found.app).await?;
                    let before = convert::profile::to_proto(&found, Some(&app));
                    let sent = merged(&before, wire, paths);
                    let mut new = convert::profile::from_proto(&sent)?;
                    let sent_tax = sent.workflow.and_then(|workflow| workflow.tax);
                    if sent_tax.is_none_or(|tax| tax.manual_rates.is_none()) {
                        new.workflow.tax_rates.clone_from(&found.workflow.tax_rates);
                    }
                    if found.default && !new.default {
                        return Err(BillingError::DefaultProfileCannotBeUnset);
                    }
                    if new.default && !found.default {
                        demote(&mut w, ctx, &app).await?;
                    }
                    let profile = Profile {
                        name: new.name,
                        description: new.description,
                        metadata: new.metadata,
                        supplier: new.supplier,
                        default: new.default,
                        workflow: new.workflow,
                        revision: found.revision + 1,
                        update_time: ctx.now,
                        ..found
                    };
                    store::profile::save(w.tx(), ctx.project, &profile).await?;
                    let proto = convert::profile::to_proto(&profile, Some(&app));
                    w.record(
                        "profile.updated",
                        &proto.id,
                        profile.revision,
                        Some(&before),
                        Some(&proto),
                    )
                    .await?;
                    Ok::<_, BillingError>((
                        w,
                        pb::UpdateProfileResponse {
                            profile: Some(proto),
                        },
                    ))
                },
            )
            .await
    }

    async fn delete_profile(
        &self,
        request: Request<pb::DeleteProfileRequest>,
    ) -> Result<Response<pb::DeleteProfileResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id = find(&request.profile_id)?;
        self.db
            .write(
                ctx,
                "DeleteProfile",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut profile = store::profile::get(w.tx(), ctx.project, id).await?;
                    if profile.delete_time.is_some() {
                        return Ok((w, pb::DeleteProfileResponse {}));
                    }
                    if profile.default {
                        return Err(BillingError::DefaultProfileCannotBeDeleted);
                    }
                    let customers =
                        store::customer_override::pinned_to(w.tx(), ctx.project, id).await?;
                    if !customers.is_empty() {
                        return Err(BillingError::ProfileReferenced { customers });
                    }
                    let before = convert::profile::to_proto(&profile, None);
                    profile.revision += 1;
                    profile.update_time = ctx.now;
                    profile.delete_time = Some(ctx.now);
                    store::profile::save(w.tx(), ctx.project, &profile).await?;
                    w.record(
                        "profile.deleted",
                        &before.id,
                        profile.revision,
                        Some(&before),
                        None,
                    )
                    .await?;
                    Ok::<_, BillingError>((w, pb::DeleteProfileResponse {}))
                },
            )
            .await
    }
}

/// An id that is none is one that does not exist.
fn find(text: &str) -> Result<ProfileId, BillingError> {
    text.parse()
        .map_err(|_| BillingError::ProfileNotFound(text.to_owned()))
}

/// The one app of a profile.
fn one_app(apps: Option<&pb::ProfileApps>) -> Result<AppId, BillingError> {
    let apps = apps.ok_or_else(|| BillingError::invalid("profile.apps", "is required"))?;
    let ids = [
        ("profile.apps.tax_app_id", &apps.tax_app_id),
        ("profile.apps.invoicing_app_id", &apps.invoicing_app_id),
        ("profile.apps.payment_app_id", &apps.payment_app_id),
    ];
    if let Some((field, _)) = ids.iter().find(|(_, id)| id.is_empty()) {
        return Err(BillingError::invalid(*field, "is required"));
    }
    if apps.tax_app_id != apps.invoicing_app_id || apps.invoicing_app_id != apps.payment_app_id {
        return Err(BillingError::invalid(
            "profile.apps",
            "all apps must be the same",
        ));
    }
    apps.invoicing_app_id
        .parse()
        .map_err(|_| BillingError::AppNotFound(apps.invoicing_app_id.clone()))
}

fn stored(new: NewProfile, app: &App, ctx: &Context) -> Profile {
    Profile {
        id: chassis::id::next(),
        name: new.name,
        description: new.description,
        metadata: new.metadata,
        supplier: new.supplier,
        default: new.default,
        workflow: new.workflow,
        app: app.id,
        revision: 1,
        create_time: ctx.now,
        update_time: ctx.now,
        delete_time: None,
    }
}

/// Takes the default away from the profile that has it. When the new default invoices
/// through another kind of app, customers with a running priced subscription stay where
/// they are: they are pinned to the old one.
pub(crate) async fn demote(
    w: &mut Write,
    ctx: &Context,
    new_app: &App,
) -> Result<(), BillingError> {
    let Some(mut old) = store::profile::default(w.tx(), ctx.project).await? else {
        return Ok(());
    };
    let old_app = store::app::get(w.tx(), ctx.project, old.app).await?;
    let before = convert::profile::to_proto(&old, Some(&old_app));
    old.default = false;
    old.revision += 1;
    old.update_time = ctx.now;
    store::profile::save(w.tx(), ctx.project, &old).await?;
    let after = convert::profile::to_proto(&old, Some(&old_app));
    w.record(
        "profile.updated",
        &after.id,
        old.revision,
        Some(&before),
        Some(&after),
    )
    .await?;
    if old_app.kind == new_app.kind {
        return Ok(());
    }
    for customer in store::subscription::priced_customers(w.tx(), ctx.project, ctx.now).await? {
        let known = store::customer_override::get(w.tx(), ctx.project, customer).await?;
        let live = known.as_ref().filter(|known| known.delete_time.is_none());
        if live.is_some_and(|known| known.profile.is_some()) {
            continue;
        }
        let pinned = Override {
            customer,
            profile: Some(old.id),
            tax_rates: live.and_then(|known| known.tax_rates.clone()),
            create_time: live.map_or(ctx.now, |known| known.create_time),
            update_time: ctx.now,
            delete_time: None,
        };
        store::customer_override::save(w.tx(), ctx.project, &pinned).await?;
    }
    Ok(())
}

/// The fields that an update changes.
fn paths(mask: Option<&prost_types::FieldMask>) -> Result<Vec<&'static str>, BillingError> {
    let sent = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if sent.is_empty() || sent.iter().any(|path| path == "*") {
        return Ok(PATHS.to_vec());
    }
    sent.iter()
        .map(|path| {
            PATHS
                .into_iter()
                .find(|known| known == path)
                .ok_or_else(|| {
                    BillingError::invalid(
                        "update_mask",
                        format!("{path} is not a field that can be changed"),
                    )
                })
        })
        .collect()
}

/// The profile as it will be: what the mask names from the request, the rest as it is.
fn merged(
    known: &pb::BillingProfile,
    sent: &pb::BillingProfile,
    paths: &[&str],
) -> pb::BillingProfile {
    let takes = |path: &str| paths.contains(&path);
    pb::BillingProfile {
        name: if takes("name") {
            sent.name.clone()
        } else {
            known.name.clone()
        },
        description: if takes("description") {
            sent.description.clone()
        } else {
            known.description.clone()
        },
        metadata: if takes("metadata") {
            sent.metadata.clone()
        } else {
            known.metadata.clone()
        },
        supplier: if takes("supplier") {
            sent.supplier.clone()
        } else {
            known.supplier.clone()
        },
        default: if takes("default") {
            sent.default
        } else {
            known.default
        },
        workflow: if takes("workflow") {
            sent.workflow.clone()
        } else {
            known.workflow.clone()
        },
        ..known.clone()
    }
}

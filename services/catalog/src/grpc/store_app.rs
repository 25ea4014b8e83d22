//! Store apps.

use chassis::{Context, Write};
use contract::{catalog::v1 as pb, convert::timestamp};
use tonic::{Request, Response, Status};

use super::{
    Catalog,
    product::remove,
    window::{Window, behind},
};
use crate::{
    convert,
    domain::{
        product::Origin,
        store_app::{AppSpec, Details},
    },
    error::{CatalogError, refuse},
    store::{
        product,
        store_app::{self as store, StoreApp},
    },
};

#[tonic::async_trait]
impl pb::store_app_service_server::StoreAppService for Catalog {
    async fn create_store_app(
        &self,
        request: Request<pb::CreateStoreAppRequest>,
    ) -> Result<Response<pb::CreateStoreAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.store_app.clone().unwrap_or_default();
        let mut spec = convert::store_app::from_proto(&wire)?;
        refuse(spec.violations())?;
        if !spec.kind.is_switched_on() {
            return Err(CatalogError::AppTypeOff(spec.kind.word()).into());
        }
        self.seal_all(&mut spec.details);
        self.db
            .write(
                ctx,
                "CreateStoreApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let app = create(&mut w, spec, false).await?;
                    let answer = pb::CreateStoreAppResponse {
                        store_app: Some(convert::store_app::to_proto(&app)),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_store_app(
        &self,
        request: Request<pb::GetStoreAppRequest>,
    ) -> Result<Response<pb::GetStoreAppResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let app = store::find(self.db.reader(), ctx.project, &request.id).await?;
        Ok(Response::new(pb::GetStoreAppResponse {
            store_app: Some(convert::store_app::to_proto(&app)),
        }))
    }

    async fn batch_get_store_apps(
        &self,
        request: Request<pb::BatchGetStoreAppsRequest>,
    ) -> Result<Response<pb::BatchGetStoreAppsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("ids", &request.ids)?;
        let apps = store::batch(self.db.reader(), ctx.project, &request.ids).await?;
        Ok(Response::new(pb::BatchGetStoreAppsResponse {
            store_apps: apps.iter().map(convert::store_app::to_proto).collect(),
        }))
    }

    async fn list_store_apps(
        &self,
        request: Request<pb::ListStoreAppsRequest>,
    ) -> Result<Response<pb::ListStoreAppsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let after = match request.after_id.as_str() {
            "" => None,
            id => behind(store::find(db, ctx.project, id).await, |app| {
                app.id.to_string()
            })?,
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &["ListStoreApps", &ctx.project.to_string()],
        )?;
        let found = store::list(db, ctx.project, &window.slice).await?;
        let last = found.rows.last().map(|app| app.id.to_string());
        let last = last.as_deref().map(|id| [id]);
        Ok(Response::new(pb::ListStoreAppsResponse {
            store_apps: found
                .rows
                .iter()
                .map(convert::store_app::to_proto)
                .collect(),
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn update_store_app(
        &self,
        request: Request<pb::UpdateStoreAppRequest>,
    ) -> Result<Response<pb::UpdateStoreAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.store_app.clone().unwrap_or_default();
        self.db
            .write(
                ctx,
                "UpdateStoreApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let app = store::find(w.tx(), ctx.project, &wire.id).await?;
                    convert::check_etag(&wire.etag, app.stamp.revision, "store app")?;
                    let spec = self.changed(&app.spec, wire, request.update_mask.as_ref())?;
                    let app = if spec == app.spec {
                        convert::store_app::to_proto(&app)
                    } else {
                        let before = convert::store_app::to_proto(&app);
                        let changed = StoreApp { spec, ..app };
                        let app = store::update(w.tx(), ctx.project, changed, ctx.now).await?;
                        let after = convert::store_app::to_proto(&app);
                        let revision = app.stamp.revision;
                        w.record(
                            "store_app.updated",
                            &after.id,
                            revision,
                            Some(&before),
                            Some(&after),
                        )
                        .await?;
                        after
                    };
                    let answer = pb::UpdateStoreAppResponse {
                        store_app: Some(app),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_store_app(
        &self,
        request: Request<pb::DeleteStoreAppRequest>,
    ) -> Result<Response<pb::DeleteStoreAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeleteStoreApp",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_apps(&w, ctx).await?;
                    let app = store::find(w.tx(), ctx.project, &request.id).await?;
                    let products =
                        product::of_app(w.tx(), ctx.project, app.id, u64::MAX >> 1).await?;
                    if products
                        .iter()
                        .any(|product| product.origin != Origin::Store)
                    {
                        return Err(CatalogError::AppInUse);
                    }
                    for product in products {
                        remove(&mut w, product).await?;
                    }
                    store::delete(w.tx(), ctx.project, &app).await?;
                    let before = convert::store_app::to_proto(&app);
                    let revision = app.stamp.revision + 1;
                    w.record(
                        "store_app.deleted",
                        &before.id,
                        revision,
                        Some(&before),
                        None,
                    )
                    .await?;
                    let answer = pb::DeleteStoreAppResponse {
                        store_app: Some(before),
                        delete_time: Some(timestamp(ctx.now)),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }
}

impl Catalog {
    fn seal_all(&self, details: &mut Details) {
        for value in details.secret.values_mut() {
            *value = self.env.seal(value);
        }
    }

    /// The stored app with what an update changes. Secrets that it does not name stay sealed as
    /// they are.
    fn changed(
        &self,
        stored: &AppSpec,
        wire: &pb::StoreApp,
        mask: Option<&prost_types::FieldMask>,
    ) -> Result<AppSpec, CatalogError> {
        let change = convert::store_app::change(stored.kind, wire, mask)?;
        let mut spec = stored.clone();
        if let Some(name) = change.name {
            spec.name = name;
        }
        // What is kept is sound; a sealed text would only be too long for its rule.
        let mut plain = spec.clone();
        for rule in stored.kind.rules().iter().filter(|rule| rule.secret) {
            plain.details.set(rule, String::new());
        }
        let mut new = Details::default();
        for (rule, value) in change.details {
            spec.details.set(rule, String::new());
            plain.details.set(rule, value.clone());
            new.set(rule, value);
        }
        plain.fill_defaults();
        let mut violations = plain.violations();
        violations.retain(|violation| {
            !stored.kind.rules().iter().any(|rule| {
                violation.field.ends_with(rule.name) && spec.details.secret.contains_key(rule.name)
            })
        });
        refuse(violations)?;
        self.seal_all(&mut new);
        spec.details.open.extend(new.open);
        spec.details.secret.extend(new.secret);
        spec.fill_defaults();
        Ok(spec)
    }
}

/// Makes an app and records it.
async fn create(w: &mut Write, spec: AppSpec, is_default: bool) -> Result<StoreApp, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let app = store::insert(w.tx(), project, spec, is_default, now).await?;
    let proto = convert::store_app::to_proto(&app);
    let revision = app.stamp.revision;
    w.record("store_app.created", &proto.id, revision, None, Some(&proto))
        .await?;
    Ok(app)
}

/// The home of the products that come from plans, made now if it is their first.
pub async fn default_app(w: &mut Write) -> Result<StoreApp, CatalogError> {
    let context = w.context().clone();
    lock_apps(w, &context).await?;
    match store::default(w.tx(), context.project).await? {
        Some(app) => Ok(app),
        None => create(w, AppSpec::default_app(), true).await,
    }
}

/// Lets one write of a project's apps and products at a time pass: which app is the default one,
/// and what lives in it, hang together.
pub async fn lock_apps(w: &Write, ctx: &Context) -> Result<(), CatalogError> {
    chassis::db::lock(w.tx(), &format!("catalog.apps.{}", ctx.project)).await?;
    Ok(())
}

//! Installed apps.

use contract::billing::v1 as pb;
use kernel::id::AppId;
use tonic::{Request, Response, Status};

use super::{Page, total};
use crate::{convert, domain::app::Kind, error::BillingError, flow::Billing, store};

#[tonic::async_trait]
impl pb::app_service_server::AppService for Billing {
    async fn install_app(
        &self,
        request: Request<pb::InstallAppRequest>,
    ) -> Result<Response<pb::InstallAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let kind = match convert::app::kind_from_proto("type", request.r#type)? {
            Some(kind @ (Kind::Sandbox | Kind::CustomInvoicing)) => kind,
            Some(Kind::Stripe) => return Err(BillingError::InstallMethod.into()),
            None => return Err(BillingError::invalid("type", "is required").into()),
        };
        self.db
            .write(
                ctx,
                "InstallApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let app = store::app::new(kind, &request.name, ctx.now);
                    store::app::save(w.tx(), ctx.project, &app).await?;
                    let proto = convert::app::to_proto(&app);
                    w.record("app.created", &proto.id, app.revision, None, Some(&proto))
                        .await?;
                    Ok::<_, BillingError>((w, pb::InstallAppResponse { app: Some(proto) }))
                },
            )
            .await
    }

    async fn get_app(
        &self,
        request: Request<pb::GetAppRequest>,
    ) -> Result<Response<pb::GetAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let app = find(&request.app_id)?;
        let app = store::app::get(self.db.reader(), ctx.project, app).await?;
        Ok(Response::new(pb::GetAppResponse {
            app: Some(convert::app::to_proto(&app)),
        }))
    }

    async fn list_apps(
        &self,
        request: Request<pb::ListAppsRequest>,
    ) -> Result<Response<pb::ListAppsResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.provisioned(ctx).await?;
        let project = ctx.project.to_string();
        let page = Page::parse(
            request.page_size,
            &request.page_token,
            request.page,
            self.page_key,
            &[&project, "apps"],
        )?;
        let db = self.db.reader();
        let mut apps = store::app::list(db, ctx.project, page.offset, page.fetch()).await?;
        let next_page_token = page.next(&mut apps);
        let total_size = if page.numbered {
            total(store::app::count(db, ctx.project).await?)
        } else {
            0
        };
        Ok(Response::new(pb::ListAppsResponse {
            apps: apps.iter().map(convert::app::to_proto).collect(),
            next_page_token,
            total_size,
        }))
    }

    async fn update_app(
        &self,
        request: Request<pb::UpdateAppRequest>,
    ) -> Result<Response<pb::UpdateAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let sent = request.app.clone().unwrap_or_default();
        let id = find(&sent.id)?;
        let kind = convert::app::kind_from_proto("app.type", sent.r#type)?;
        let metadata = convert::pairs("app.metadata", &sent.metadata)?;
        if sent.name.trim().is_empty() {
            return Err(BillingError::invalid("app.name", "is required").into());
        }
        if metadata
            .iter()
            .any(|(key, value)| key.is_empty() || value.is_empty())
        {
            return Err(
                BillingError::invalid("app.metadata", "keys and values must not be empty").into(),
            );
        }
        let (sent, metadata) = (&sent, &metadata);
        self.db
            .write(
                ctx,
                "UpdateApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut app = store::app::get(w.tx(), ctx.project, id).await?;
                    if app.delete_time.is_some() {
                        return Err(BillingError::AppNotFound(id.to_string()));
                    }
                    chassis::etag::check(&sent.etag, app.revision)?;
                    if kind.is_some_and(|kind| kind != app.kind) {
                        return Err(BillingError::invalid(
                            "app.type",
                            "must be the type of the app",
                        ));
                    }
                    let before = convert::app::to_proto(&app);
                    app.name.clone_from(&sent.name);
                    app.description.clone_from(&sent.description);
                    app.metadata.clone_from(metadata);
                    if let (Kind::CustomInvoicing, Some(settings)) =
                        (app.kind, &sent.custom_invoicing)
                    {
                        app.draft_sync_hook = settings.enable_draft_sync_hook;
                        app.issuing_sync_hook = settings.enable_issuing_sync_hook;
                    }
                    app.revision += 1;
                    app.update_time = ctx.now;
                    store::app::save(w.tx(), ctx.project, &app).await?;
                    let proto = convert::app::to_proto(&app);
                    w.record(
                        "app.updated",
                        &proto.id,
                        app.revision,
                        Some(&before),
                        Some(&proto),
                    )
                    .await?;
                    Ok::<_, BillingError>((w, pb::UpdateAppResponse { app: Some(proto) }))
                },
            )
            .await
    }

    async fn uninstall_app(
        &self,
        request: Request<pb::UninstallAppRequest>,
    ) -> Result<Response<pb::UninstallAppResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id = find(&request.app_id)?;
        self.db
            .write(
                ctx,
                "UninstallApp",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut app = store::app::get(w.tx(), ctx.project, id).await?;
                    if app.delete_time.is_some() {
                        return Err(BillingError::AppNotFound(id.to_string()));
                    }
                    if store::profile::uses_app(w.tx(), ctx.project, id).await?
                        || store::invoice::uses_app(w.tx(), ctx.project, id).await?
                    {
                        return Err(BillingError::AppInUse);
                    }
                    let before = convert::app::to_proto(&app);
                    app.revision += 1;
                    app.update_time = ctx.now;
                    app.delete_time = Some(ctx.now);
                    store::app::save(w.tx(), ctx.project, &app).await?;
                    w.record("app.deleted", &before.id, app.revision, Some(&before), None)
                        .await?;
                    Ok::<_, BillingError>((w, pb::UninstallAppResponse {}))
                },
            )
            .await
    }
}

/// An id that is none is one that does not exist.
fn find(text: &str) -> Result<AppId, BillingError> {
    text.parse()
        .map_err(|_| BillingError::AppNotFound(text.to_owned()))
}

//! Installed apps.

use chassis::Context;
use contract::billing::v1 as pb;
use kernel::id::AppId;
use tonic::{Request, Response, Status};

use super::{Page, total};
use crate::{
    convert,
    domain::app::Kind,
    error::BillingError,
    flow::{
        Billing,
        install::{Installation, store_changed},
    },
    store,
};

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
        self.install(ctx, kind, request).await
    }

    async fn install_app_with_api_key(
        &self,
        request: Request<pb::InstallAppWithApiKeyRequest>,
    ) -> Result<Response<pb::InstallAppWithApiKeyResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let kind = convert::app::kind_from_proto("type", request.r#type)?;
        if request.api_key.trim().is_empty() {
            return Err(BillingError::invalid("api_key", "is required").into());
        }
        match kind {
            None => return Err(BillingError::invalid("type", "is required").into()),
            Some(Kind::CustomInvoicing) => return Err(BillingError::InstallMethod.into()),
            Some(Kind::Sandbox) => {
                let plain = pb::InstallAppRequest {
                    r#type: request.r#type,
                    name: request.name.clone(),
                    request_id: request.request_id.clone(),
                };
                let installed = self.install(ctx, Kind::Sandbox, &plain).await?;
                return Ok(Response::new(pb::InstallAppWithApiKeyResponse {
                    app: installed.into_inner().app,
                    ..pb::InstallAppWithApiKeyResponse::default()
                }));
            }
            Some(Kind::Stripe) => {}
        }
        let wish = Installation {
            key: request.api_key.trim(),
            name: &request.name,
            with_profile: !request.skip_billing_profile,
        };
        self.install_stripe(
            ctx,
            "InstallAppWithApiKey",
            (&request.request_id, request),
            &wish,
            |installed| installed,
            |answer| answer.app.as_ref(),
        )
        .await
    }

    async fn get_o_auth2_install_url(
        &self,
        request: Request<pb::GetOAuth2InstallUrlRequest>,
    ) -> Result<Response<pb::GetOAuth2InstallUrlResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        only_stripe(request.r#type)?;
        Ok(Response::new(pb::GetOAuth2InstallUrlResponse {
            url: self.oauth_url(ctx)?,
        }))
    }

    async fn complete_o_auth2_install(
        &self,
        request: Request<pb::CompleteOAuth2InstallRequest>,
    ) -> Result<Response<pb::CompleteOAuth2InstallResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        only_stripe(request.r#type)?;
        let redirect_url = &self.oauth_done()?;
        if !request.error.is_empty() {
            let text = format!("{}: {}", request.error, request.error_description);
            return Err(BillingError::ProviderInvalid(text).into());
        }
        let key = self.oauth_key(ctx, &request.state, &request.code).await?;
        let wish = Installation {
            key: &key,
            name: "",
            with_profile: true,
        };
        self.install_stripe(
            ctx,
            "CompleteOAuth2Install",
            (&request.request_id, request),
            &wish,
            |installed| pb::CompleteOAuth2InstallResponse {
                app: installed.app,
                redirect_url: redirect_url.clone(),
            },
            |answer| answer.app.as_ref(),
        )
        .await
    }

    async fn list_app_listings(
        &self,
        request: Request<pb::ListAppListingsRequest>,
    ) -> Result<Response<pb::ListAppListingsResponse>, Status> {
        use pb::app_listing::InstallMethod;
        let _ = chassis::open(request)?;
        let stripe: &[InstallMethod] = if self.settings.connect.is_some() {
            &[InstallMethod::ApiKey, InstallMethod::Oauth2]
        } else {
            &[InstallMethod::ApiKey]
        };
        let free: &[InstallMethod] = &[InstallMethod::NoCredentials];
        let listings = [
            (Kind::Stripe, stripe),
            (Kind::Sandbox, free),
            (Kind::CustomInvoicing, free),
        ]
        .into_iter()
        .map(|(kind, methods)| {
            let (name, description) = kind.listing();
            pb::AppListing {
                r#type: convert::app::kind_to_proto(kind).into(),
                name: name.to_owned(),
                description: description.to_owned(),
                install_methods: methods.iter().map(|method| (*method).into()).collect(),
            }
        })
        .collect();
        Ok(Response::new(pb::ListAppListingsResponse { listings }))
    }

    async fn replace_app_api_key(
        &self,
        request: Request<pb::ReplaceAppApiKeyRequest>,
    ) -> Result<Response<pb::ReplaceAppApiKeyResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let id = find(&request.app_id)?;
        let key = request.api_key.trim();
        if key.is_empty() {
            return Err(BillingError::invalid("api_key", "is required").into());
        }
        let known = store::app::get(self.db.reader(), ctx.project, id).await?;
        if known.delete_time.is_some() {
            return Err(BillingError::AppNotFound(id.to_string()).into());
        }
        let connection = &self.rekeyed(&known, "api_key", key).await?;
        self.db
            .write(
                ctx,
                "ReplaceAppApiKey",
                &request.request_id,
                request,
                |mut w| async move {
                    let mut app = store::app::get(w.tx(), ctx.project, id).await?;
                    if app.delete_time.is_some() {
                        return Err(BillingError::AppNotFound(id.to_string()));
                    }
                    let before = convert::app::to_proto(&app);
                    app.stripe = Some(connection.clone());
                    app.ready = true;
                    let proto = store_changed(&mut w, &mut app, &before).await?;
                    Ok::<_, BillingError>((w, pb::ReplaceAppApiKeyResponse { app: Some(proto) }))
                },
            )
            .await
    }

    async fn receive_stripe_event(
        &self,
        request: Request<pb::ReceiveStripeEventRequest>,
    ) -> Result<Response<pb::ReceiveStripeEventResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        Ok(Response::new(self.receive(ctx, request).await?))
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
        if sent.name.trim().is_empty() || sent.name.chars().count() > 256 {
            return Err(BillingError::invalid("app.name", "must have 1 to 256 characters").into());
        }
        if metadata
            .iter()
            .any(|(key, value)| key.is_empty() || value.is_empty())
        {
            return Err(
                BillingError::invalid("app.metadata", "keys and values must not be empty").into(),
            );
        }
        let connection = match request.secret_api_key.trim() {
            "" => None,
            key => {
                let known = store::app::get(self.db.reader(), ctx.project, id).await?;
                Some(self.rekeyed(&known, "secret_api_key", key).await?)
            }
        };
        let (sent, metadata, connection) = (&sent, &metadata, &connection);
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
                    if let Some(connection) = connection {
                        app.stripe = Some(connection.clone());
                        app.ready = true;
                    }
                    if let (Kind::CustomInvoicing, Some(settings)) =
                        (app.kind, &sent.custom_invoicing)
                    {
                        app.draft_sync_hook = settings.enable_draft_sync_hook;
                        app.issuing_sync_hook = settings.enable_issuing_sync_hook;
                    }
                    let proto = store_changed(&mut w, &mut app, &before).await?;
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
        let known = store::app::get(self.db.reader(), ctx.project, id).await?;
        let answer = self
            .db
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
                    if let Some(connection) = &mut app.stripe {
                        connection.sealed_key.clear();
                        connection.sealed_webhook_secret.clear();
                    }
                    store::app::save(w.tx(), ctx.project, &app).await?;
                    store::customer_app::remove_of_app(w.tx(), ctx.project, id).await?;
                    w.record("app.deleted", &before.id, app.revision, Some(&before), None)
                        .await?;
                    Ok::<_, BillingError>((w, pb::UninstallAppResponse {}))
                },
            )
            .await?;
        if known.delete_time.is_none() {
            self.drop_webhook(&known).await;
        }
        Ok(answer)
    }
}

impl Billing {
    /// Installs an app that needs no credentials.
    async fn install(
        &self,
        ctx: &Context,
        kind: Kind,
        request: &pb::InstallAppRequest,
    ) -> Result<Response<pb::InstallAppResponse>, Status> {
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
}

/// OAuth2 is for Stripe alone.
fn only_stripe(wire: i32) -> Result<(), BillingError> {
    match convert::app::kind_from_proto("type", wire)? {
        Some(Kind::Stripe) => Ok(()),
        Some(Kind::Sandbox | Kind::CustomInvoicing) => Err(BillingError::InstallMethod),
        None => Err(BillingError::invalid("type", "is required")),
    }
}

/// An id that is none is one that does not exist.
fn find(text: &str) -> Result<AppId, BillingError> {
    text.parse()
        .map_err(|_| BillingError::AppNotFound(text.to_owned()))
}

//! The price list of language models.

use contract::catalog::v1 as pb;
use tonic::{Request, Response, Status};

use super::{Catalog, window::Window};
use crate::{
    convert::{self, model_price::to_proto},
    error::{CatalogError, Thing, refuse},
    store::model_price as store,
};

#[tonic::async_trait]
impl pb::model_price_service_server::ModelPriceService for Catalog {
    async fn set_model_price(
        &self,
        request: Request<pb::SetModelPriceRequest>,
    ) -> Result<Response<pb::SetModelPriceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.model_price.clone().unwrap_or_default();
        let price = convert::model_price::from_proto(wire)?;
        refuse(price.violations())?;
        self.db
            .write(
                ctx,
                "SetModelPrice",
                &request.request_id,
                request,
                |mut w| async move {
                    let (provider, model) = (&price.provider, &price.model);
                    let before = store::find(w.tx(), ctx.project, provider, model).await?;
                    let revision = before.as_ref().map_or(0, |before| before.stamp.revision);
                    convert::check_etag(&wire.etag, revision, "model price")?;
                    let id = name(provider, model);
                    let stored =
                        store::put(w.tx(), ctx.project, before.as_ref(), price, ctx.now).await?;
                    let after = to_proto(&stored);
                    let before = before.as_ref().map(to_proto);
                    w.record(
                        "model_price.set",
                        &id,
                        stored.stamp.revision,
                        before.as_ref(),
                        Some(&after),
                    )
                    .await?;
                    let answer = pb::SetModelPriceResponse {
                        model_price: Some(after),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn list_model_prices(
        &self,
        request: Request<pb::ListModelPricesRequest>,
    ) -> Result<Response<pb::ListModelPricesResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            None,
            self.page_key,
            &["ListModelPrices", &ctx.project.to_string()],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &window.slice).await?;
        let last = found
            .rows
            .last()
            .map(|last| [last.price.provider.as_str(), &last.price.model]);
        Ok(Response::new(pb::ListModelPricesResponse {
            model_prices: found.rows.iter().map(to_proto).collect(),
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn delete_model_price(
        &self,
        request: Request<pb::DeleteModelPriceRequest>,
    ) -> Result<Response<pb::DeleteModelPriceResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeleteModelPrice",
                &request.request_id,
                request,
                |mut w| async move {
                    let (provider, model) = (&request.provider, &request.model);
                    let id = name(provider, model);
                    let found = store::find(w.tx(), ctx.project, provider, model).await?;
                    let found =
                        found.ok_or_else(|| CatalogError::not_found(Thing::ModelPrice, &id))?;
                    store::delete(w.tx(), ctx.project, provider, model).await?;
                    let proto = to_proto(&found);
                    let revision = found.stamp.revision + 1;
                    w.record("model_price.deleted", &id, revision, Some(&proto), None)
                        .await?;
                    let answer = pb::DeleteModelPriceResponse {
                        model_price: Some(proto),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }
}

/// What a price goes by in events and the audit trail.
fn name(provider: &str, model: &str) -> String {
    format!("{provider}/{model}")
}

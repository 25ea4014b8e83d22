//! Plans by name.

use chassis::Write;
use contract::catalog::v1 as pb;
use tonic::{Request, Response, Status};

use super::{Catalog, product::ensure_reported, window::Window};
use crate::{
    convert::{self, product::named_plan_to_proto},
    domain::{
        access::plan_violations,
        product::{ProductBody, ProductKind, ProductSpec},
    },
    error::{CatalogError, refuse},
    store::named_plan::{self as store, NamedPlan},
};

#[tonic::async_trait]
impl pb::named_plan_service_server::NamedPlanService for Catalog {
    async fn create_named_plan(
        &self,
        request: Request<pb::CreateNamedPlanRequest>,
    ) -> Result<Response<pb::CreateNamedPlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.named_plan.clone().unwrap_or_default();
        let (key, name) = (&wire.key, &wire.display_name);
        refuse(plan_violations("named_plan", key, name))?;
        self.db
            .write(
                ctx,
                "CreateNamedPlan",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_plan(&w, key).await?;
                    let plan = create(&mut w, (key, name, false)).await?;
                    // Its interval is learned from the first subscription.
                    let spec = ProductSpec {
                        store_identifier: key.clone(),
                        product_key: key.clone(),
                        kind: ProductKind::Subscription,
                        body: ProductBody {
                            display_name: Some(name.clone()),
                            ..ProductBody::default()
                        },
                    };
                    ensure_reported(&mut w, spec).await?;
                    let answer = pb::CreateNamedPlanResponse {
                        named_plan: Some(plan),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_named_plan(
        &self,
        request: Request<pb::GetNamedPlanRequest>,
    ) -> Result<Response<pb::GetNamedPlanResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let plan = store::find(self.db.reader(), ctx.project, &request.key).await?;
        Ok(Response::new(pb::GetNamedPlanResponse {
            named_plan: Some(named_plan_to_proto(&plan)),
        }))
    }

    async fn batch_get_named_plans(
        &self,
        request: Request<pb::BatchGetNamedPlansRequest>,
    ) -> Result<Response<pb::BatchGetNamedPlansResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        convert::check_batch("keys", &request.keys)?;
        let plans = store::batch(self.db.reader(), ctx.project, &request.keys).await?;
        Ok(Response::new(pb::BatchGetNamedPlansResponse {
            named_plans: plans.iter().map(named_plan_to_proto).collect(),
        }))
    }

    async fn list_named_plans(
        &self,
        request: Request<pb::ListNamedPlansRequest>,
    ) -> Result<Response<pb::ListNamedPlansResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            None,
            self.page_key,
            &["ListNamedPlans", &ctx.project.to_string()],
        )?;
        let found = store::list(self.db.reader(), ctx.project, &window.slice).await?;
        let last = found.rows.last().map(|plan| plan.id.to_string());
        let last = last.as_deref().map(|id| [id]);
        Ok(Response::new(pb::ListNamedPlansResponse {
            named_plans: found.rows.iter().map(named_plan_to_proto).collect(),
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn update_named_plan(
        &self,
        request: Request<pb::UpdateNamedPlanRequest>,
    ) -> Result<Response<pb::UpdateNamedPlanResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.named_plan.clone().unwrap_or_default();
        refuse(plan_violations("named_plan", &wire.key, &wire.display_name))?;
        self.db
            .write(
                ctx,
                "UpdateNamedPlan",
                &request.request_id,
                request,
                |mut w| async move {
                    let plan = store::find(w.tx(), ctx.project, &wire.key).await?;
                    convert::check_etag(&wire.etag, plan.stamp.revision, "named plan")?;
                    if plan.is_versioned {
                        return Err(CatalogError::NamedPlanVersioned(plan.key));
                    }
                    let renamed = NamedPlan {
                        display_name: wire.display_name.clone(),
                        ..plan.clone()
                    };
                    let plan = change(&mut w, plan, renamed).await?;
                    let answer = pb::UpdateNamedPlanResponse {
                        named_plan: Some(plan),
                    };
                    Ok((w, answer))
                },
            )
            .await
    }
}

/// Lets one write that makes or adopts a plan of a key pass at a time.
async fn lock_plan(w: &Write, key: &str) -> Result<(), CatalogError> {
    let project = w.context().project;
    chassis::db::lock(w.tx(), &format!("catalog.named_plan.{project}.{key}")).await?;
    Ok(())
}

async fn create(w: &mut Write, plan: (&str, &str, bool)) -> Result<pb::NamedPlan, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let plan = store::insert(w.tx(), project, plan, now).await?;
    let proto = named_plan_to_proto(&plan);
    let revision = plan.stamp.revision;
    w.record(
        "named_plan.created",
        &proto.id,
        revision,
        None,
        Some(&proto),
    )
    .await?;
    Ok(proto)
}

async fn change(
    w: &mut Write,
    plan: NamedPlan,
    changed: NamedPlan,
) -> Result<pb::NamedPlan, CatalogError> {
    let (project, now) = (w.context().project, w.context().now);
    let before = named_plan_to_proto(&plan);
    if changed == plan {
        return Ok(before);
    }
    let plan = store::update(w.tx(), project, changed, now).await?;
    let after = named_plan_to_proto(&plan);
    let revision = plan.stamp.revision;
    w.record(
        "named_plan.updated",
        &after.id,
        revision,
        Some(&before),
        Some(&after),
    )
    .await?;
    Ok(after)
}

/// Makes a plan by name unless there is one.
pub async fn ensure_named_plan(w: &mut Write, key: &str, name: &str) -> Result<(), CatalogError> {
    lock_plan(w, key).await?;
    let project = w.context().project;
    if store::by_key(w.tx(), project, key).await?.is_none() {
        create(w, (key, name, false)).await?;
    }
    Ok(())
}

/// The name that a published plan goes by: its newest one.
pub async fn name_published(w: &mut Write, key: &str, name: &str) -> Result<(), CatalogError> {
    lock_plan(w, key).await?;
    let project = w.context().project;
    match store::by_key(w.tx(), project, key).await? {
        None => create(w, (key, name, true)).await?,
        Some(plan) => {
            let changed = NamedPlan {
                display_name: name.to_owned(),
                is_versioned: true,
                ..plan.clone()
            };
            change(w, plan, changed).await?
        }
    };
    Ok(())
}

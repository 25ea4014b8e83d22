//! Offerings.

use chassis::{Context, Write};
use contract::{catalog::v1 as pb, convert::timestamp};
use tonic::{Request, Response, Status};

use super::{
    Catalog,
    window::{Window, behind},
};
use crate::{
    convert::{
        self,
        access::{offering_to_proto, offering_updated, package_to_proto},
    },
    domain::access::{Label, metadata_violations},
    error::{CatalogError, refuse},
    store::{
        offering::{self as store, Offering},
        package,
    },
};

#[tonic::async_trait]
impl pb::offering_service_server::OfferingService for Catalog {
    async fn create_offering(
        &self,
        request: Request<pb::CreateOfferingRequest>,
    ) -> Result<Response<pb::CreateOfferingResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = request.offering.clone().unwrap_or_default();
        let label = Label {
            lookup_key: wire.lookup_key,
            display_name: wire.display_name,
        };
        check(&label, &wire.metadata_json)?;
        self.db
            .write(
                ctx,
                "CreateOffering",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let metadata = wire.metadata_json;
                    let offering =
                        store::insert(w.tx(), ctx.project, label, metadata, ctx.now).await?;
                    let proto = offering_to_proto(&offering);
                    let revision = offering.stamp.revision;
                    w.record("offering.created", &proto.id, revision, None, Some(&proto))
                        .await?;
                    let answer = pb::CreateOfferingResponse {
                        offering: Some(proto),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn get_offering(
        &self,
        request: Request<pb::GetOfferingRequest>,
    ) -> Result<Response<pb::GetOfferingResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let offering = store::find(self.db.reader(), ctx.project, &request.id).await?;
        Ok(Response::new(pb::GetOfferingResponse {
            offering: Some(offering_to_proto(&offering)),
        }))
    }

    async fn list_offerings(
        &self,
        request: Request<pb::ListOfferingsRequest>,
    ) -> Result<Response<pb::ListOfferingsResponse>, Status> {
        let (ctx, request) = chassis::open(request)?;
        let db = self.db.reader();
        let after = match request.after_id.as_str() {
            "" => None,
            id => behind(store::find(db, ctx.project, id).await, |last| {
                last.id.to_string()
            })?,
        };
        let window = Window::parse(
            request.page_size,
            &request.page_token,
            after,
            self.page_key,
            &["ListOfferings", &ctx.project.to_string()],
        )?;
        let found = store::list(db, ctx.project, &window.slice).await?;
        let last = found.rows.last().map(|last| last.id.to_string());
        let last = last.as_deref().map(|id| [id]);
        Ok(Response::new(pb::ListOfferingsResponse {
            offerings: found.rows.iter().map(offering_to_proto).collect(),
            next_page_token: window.next_token(found.more, last.as_ref().map(|last| &last[..])),
        }))
    }

    async fn update_offering(
        &self,
        request: Request<pb::UpdateOfferingRequest>,
    ) -> Result<Response<pb::UpdateOfferingResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        let wire = &request.offering.clone().unwrap_or_default();
        self.db
            .write(
                ctx,
                "UpdateOffering",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let found = store::find(w.tx(), ctx.project, &wire.id).await?;
                    convert::check_etag(&wire.etag, found.stamp.revision, "offering")?;
                    let mask = request.update_mask.as_ref();
                    let changed = offering_updated(found.clone(), wire, mask)?;
                    check(&changed.label, &changed.metadata)?;
                    if changed.is_current && !found.is_current {
                        // At most one offering is the current one.
                        if let Some(former) = store::current(w.tx(), ctx.project).await? {
                            let ended = Offering {
                                is_current: false,
                                ..former.clone()
                            };
                            change(&mut w, ctx, &former, ended).await?;
                        }
                    }
                    let offering = change(&mut w, ctx, &found, changed).await?;
                    let answer = pb::UpdateOfferingResponse {
                        offering: Some(offering),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }

    async fn delete_offering(
        &self,
        request: Request<pb::DeleteOfferingRequest>,
    ) -> Result<Response<pb::DeleteOfferingResponse>, Status> {
        let (ctx, request) = &chassis::open(request)?;
        self.db
            .write(
                ctx,
                "DeleteOffering",
                &request.request_id,
                request,
                |mut w| async move {
                    lock_offerings(&w, ctx).await?;
                    let offering = store::find(w.tx(), ctx.project, &request.id).await?;
                    let packages =
                        package::first_of(w.tx(), ctx.project, &[offering.id], i32::MAX).await?;
                    for package in packages {
                        package::delete(w.tx(), ctx.project, &package).await?;
                        let proto = package_to_proto(&package);
                        let revision = package.stamp.revision + 1;
                        w.record("package.deleted", &proto.id, revision, Some(&proto), None)
                            .await?;
                    }
                    store::delete(w.tx(), ctx.project, &offering).await?;
                    let proto = offering_to_proto(&offering);
                    let revision = offering.stamp.revision + 1;
                    w.record("offering.deleted", &proto.id, revision, Some(&proto), None)
                        .await?;
                    let answer = pb::DeleteOfferingResponse {
                        offering: Some(proto),
                        delete_time: Some(timestamp(ctx.now)),
                    };
                    Ok::<_, CatalogError>((w, answer))
                },
            )
            .await
    }
}

fn check(label: &Label, metadata: &str) -> Result<(), CatalogError> {
    let mut violations = label.violations("offering");
    violations.extend(metadata_violations(metadata));
    refuse(violations)
}

/// Lets one write of a project's offerings and packages at a time pass: which one is current, and
/// the places of packages, hang together.
pub async fn lock_offerings(w: &Write, ctx: &Context) -> Result<(), CatalogError> {
    chassis::db::lock(w.tx(), &format!("catalog.offerings.{}", ctx.project)).await?;
    Ok(())
}

/// Stores a changed offering and records the change, if there is one.
async fn change(
    w: &mut Write,
    ctx: &Context,
    found: &Offering,
    changed: Offering,
) -> Result<pb::Offering, CatalogError> {
    let before = offering_to_proto(found);
    if changed == *found {
        return Ok(before);
    }
    let offering = store::update(w.tx(), ctx.project, changed, ctx.now).await?;
    let after = offering_to_proto(&offering);
    let revision = offering.stamp.revision;
    w.record(
        "offering.updated",
        &after.id,
        revision,
        Some(&before),
        Some(&after),
    )
    .await?;
    Ok(after)
}

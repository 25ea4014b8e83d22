//! Further ids of customers, and customers that are made because somebody named them.

use chassis::{db::lock, open};
use contract::customer::v1::{self as pb, alias_service_server::AliasService};
use tonic::{Request, Response, Status};

use super::{Server, at_most, live, record_profile};
use crate::{
    convert,
    domain::{
        alias::{self, ALIASES_MAX, Admission, Alias},
        customer::Customer,
        handle::CustomerName,
    },
    error::CustomerError,
    store,
};

#[tonic::async_trait]
impl AliasService for Server {
    async fn ensure_customer(
        &self,
        request: Request<pb::EnsureCustomerRequest>,
    ) -> Result<Response<pb::EnsureCustomerResponse>, Status> {
        let (context, request) = &open(request)?;
        let new = convert::ensured_customer(request)?;
        self.db
            .write(
                context,
                "EnsureCustomer",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    if !request.handle.is_empty() {
                        // Others who ensure the same customer wait here for the first.
                        let name = format!("customer.ensure.{project}.{}", request.handle);
                        lock(w.tx(), &name).await?;
                        let name = CustomerName::Handle(request.handle.clone());
                        match store::customer::find(w.tx(), project, &name, false, now).await {
                            Ok(found) => {
                                let customer = Some(convert::customer(&found));
                                let answer = pb::EnsureCustomerResponse {
                                    customer,
                                    created: false,
                                };
                                return Ok((w, answer));
                            }
                            Err(CustomerError::CustomerNotFound { .. }) => {}
                            Err(error) => return Err(error),
                        }
                    }
                    let alias = request.alias_profitwell_id;
                    let written = store::customer::insert(w.tx(), project, new, alias, now)
                        .await
                        .map_err(lost_race)?;
                    let state =
                        super::customer::record(&mut w, "customer.created", None, &written).await?;
                    let answer = pb::EnsureCustomerResponse {
                        customer: Some(state),
                        created: true,
                    };
                    Ok::<_, CustomerError>((w, answer))
                },
            )
            .await
    }

    async fn list_aliases(
        &self,
        request: Request<pb::ListAliasesRequest>,
    ) -> Result<Response<pb::ListAliasesResponse>, Status> {
        let (context, request) = open(request)?;
        let name = convert::customer_name(request.customer_ref.as_ref())?;
        let (db, project) = (self.db.reader(), context.project);
        let customer = store::customer::find(db, project, &name, false, context.now).await?;
        let id = customer.id.to_string();
        let page = self.page(
            &context,
            "aliases",
            request.page_size,
            &request.page_token,
            &[&id],
        )?;
        let stored = store::alias::of_customer(db, project, customer.id).await?;
        let all = alias::list(&customer, stored);
        let after = super::last_id(&page).unwrap_or(&request.after_alias);
        let mut rest = behind(all, after)?;
        let next_page_token = super::cut(&mut rest, &page, |alias| vec![alias.text.clone()]);
        Ok(Response::new(pb::ListAliasesResponse {
            aliases: rest.iter().map(convert::alias).collect(),
            next_page_token,
        }))
    }

    async fn add_alias(
        &self,
        request: Request<pb::AddAliasRequest>,
    ) -> Result<Response<pb::AddAliasResponse>, Status> {
        let (context, request) = &open(request)?;
        let text = &alias::text(&request.alias)?;
        self.db
            .write(
                context,
                "AddAlias",
                &request.request_id,
                request,
                |mut w| async move {
                    let (project, now) = (context.project, context.now);
                    let customer = live(&w, context, request.customer_ref.as_ref()).await?;
                    let claims = store::handle::claims(w.tx(), project, text).await?;
                    let before = store::alias::of_customer(w.tx(), project, customer.id).await?;
                    if alias::admit(text, customer.id, &claims)? == Admission::Free {
                        store::alias::add(w.tx(), project, customer.id, text, now).await?;
                    }
                    let after = store::alias::of_customer(w.tx(), project, customer.id).await?;
                    record(&mut w, &customer, &before, &after).await?;
                    let all = alias::list(&customer, after);
                    let alias = all.iter().find(|one| one.text == *text);
                    let alias = alias.map(convert::alias);
                    Ok::<_, CustomerError>((w, pb::AddAliasResponse { alias }))
                },
            )
            .await
    }

    async fn remove_alias(
        &self,
        request: Request<pb::RemoveAliasRequest>,
    ) -> Result<Response<pb::RemoveAliasResponse>, Status> {
        let (context, request) = &open(request)?;
        self.db
            .write(
                context,
                "RemoveAlias",
                &request.request_id,
                request,
                |mut w| async move {
                    let project = context.project;
                    let customer = live(&w, context, request.customer_ref.as_ref()).await?;
                    let before = store::alias::of_customer(w.tx(), project, customer.id).await?;
                    let owner = (customer.id, customer.profitwell_id.as_str());
                    store::alias::remove(w.tx(), project, owner, &request.alias).await?;
                    let after = store::alias::of_customer(w.tx(), project, customer.id).await?;
                    record(&mut w, &customer, &before, &after).await?;
                    Ok::<_, CustomerError>((w, pb::RemoveAliasResponse {}))
                },
            )
            .await
    }

    async fn transfer_aliases(
        &self,
        request: Request<pb::TransferAliasesRequest>,
    ) -> Result<Response<pb::TransferAliasesResponse>, Status> {
        let (context, request) = &open(request)?;
        at_most("aliases", &request.aliases, ALIASES_MAX)?;
        self.db
            .write(
                context,
                "TransferAliases",
                &request.request_id,
                request,
                |mut w| async move {
                    let project = context.project;
                    // One order of locks for all transfers of a project.
                    lock(w.tx(), &format!("customer.transfer.{project}")).await?;
                    let named = async |field, reference| {
                        let found = live(&w, context, reference).await;
                        found.map_err(|error| error.renamed("customer_ref", field))
                    };
                    let source = named("source_ref", request.source_ref.as_ref()).await?;
                    let target = named("target_ref", request.target_ref.as_ref()).await?;
                    if source.id == target.id {
                        return Err(CustomerError::invalid(
                            "target_ref",
                            "must be another customer than the source",
                        ));
                    }
                    let of = async |customer: &Customer| {
                        store::alias::of_customer(w.tx(), project, customer.id).await
                    };
                    let (had, got) = (of(&source).await?, of(&target).await?);
                    // The ProfitWell id stays with its customer.
                    let moving: Vec<String> = if request.aliases.is_empty() {
                        let all = had.iter().map(|one| one.text.clone());
                        all.filter(|text| *text != source.profitwell_id).collect()
                    } else {
                        request.aliases.clone()
                    };
                    if got.len() + moving.len() > ALIASES_MAX {
                        return Err(CustomerError::invalid(
                            "aliases",
                            format!("a customer must not have more than {ALIASES_MAX}"),
                        ));
                    }
                    for text in &moving {
                        if *text == source.profitwell_id {
                            return Err(CustomerError::AliasNotFound {
                                alias: text.clone(),
                            });
                        }
                        let ends = (source.id, target.id);
                        store::alias::transfer(w.tx(), project, ends, text).await?;
                    }
                    let (left, now_has) = (of(&source).await?, of(&target).await?);
                    record(&mut w, &source, &had, &left).await?;
                    record(&mut w, &target, &got, &now_has).await?;
                    let moved = now_has.iter().filter(|one| moving.contains(&one.text));
                    let aliases = moved.map(convert::alias).collect();
                    Ok::<_, CustomerError>((w, pb::TransferAliasesResponse { aliases }))
                },
            )
            .await
    }
}

async fn record(
    write: &mut chassis::Write,
    customer: &Customer,
    before: &[Alias],
    after: &[Alias],
) -> Result<(), CustomerError> {
    let (old, new) = (
        convert::aliases(customer.id, before),
        convert::aliases(customer.id, after),
    );
    record_profile(write, "aliases.updated", customer, &old, &new).await
}

/// The aliases behind one of them.
fn behind(mut all: Vec<Alias>, after: &str) -> Result<Vec<Alias>, CustomerError> {
    if after.is_empty() {
        return Ok(all);
    }
    let place = all.iter().position(|one| one.text == after);
    let place =
        place.ok_or_else(|| CustomerError::invalid("after_alias", "names nothing in the list"))?;
    Ok(all.split_off(place + 1))
}

/// Whoever loses the race for a name finds the customer when the call is repeated.
fn lost_race(error: CustomerError) -> CustomerError {
    if let CustomerError::KeyTaken { .. } = error {
        CustomerError::Stale {
            resource: "customer",
        }
    } else {
        error
    }
}

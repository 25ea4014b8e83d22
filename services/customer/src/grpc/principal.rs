//! Authentication for the other services.

use chassis::{
    Context,
    db::{lock, micros},
    open,
};
use contract::{
    convert::timestamp,
    customer::v1::{self as pb, principal_service_server::PrincipalService},
};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{
    convert,
    domain::{api_key::kind_is_accepted, rate_limit::Charge},
    error::CustomerError,
    principal::Authenticated,
    store,
};

#[tonic::async_trait]
impl PrincipalService for Server {
    async fn resolve_principal(
        &self,
        request: Request<pb::ResolvePrincipalRequest>,
    ) -> Result<Response<pb::ResolvePrincipalResponse>, Status> {
        let (_, request) = open(request)?;
        let found = self
            .admit(&request.key, &request.allowed_kinds, &request.project)
            .await?;
        Ok(Response::new(pb::ResolvePrincipalResponse {
            principal: Some(self.principal(&found).await?),
        }))
    }

    async fn admit_call(
        &self,
        request: Request<pb::AdmitCallRequest>,
    ) -> Result<Response<pb::AdmitCallResponse>, Status> {
        let (_, request) = open(request)?;
        let charges = convert::charges(&request.charges)?;
        let found = self
            .admit(&request.key, &request.allowed_kinds, &request.project)
            .await?;
        let usages = self.charge(&found, &charges).await?;
        Ok(Response::new(pb::AdmitCallResponse {
            principal: Some(self.principal(&found).await?),
            usages,
        }))
    }
}

impl Server {
    /// Who a key stands for, if its kind opens the place where it was presented.
    async fn admit(
        &self,
        key: &str,
        kinds: &[i32],
        project: &str,
    ) -> Result<Authenticated, CustomerError> {
        let allowed = kinds
            .iter()
            .map(|kind| convert::key_kind(*kind))
            .collect::<Result<Vec<_>, _>>()?;
        let project = Some(project).filter(|project| !project.is_empty());
        let found = self.keys.authenticate(key, project).await?;
        if !kind_is_accepted(found.key.kind, &allowed) {
            return Err(CustomerError::KeyRefused);
        }
        Ok(found)
    }

    async fn principal(&self, found: &Authenticated) -> Result<pb::Principal, CustomerError> {
        let frozen = store::clock::find(self.db.reader(), found.project).await?;
        let access = crate::principal::access(&found.key);
        Ok(pb::Principal {
            project_id: found.project.to_string(),
            key_id: found.key.id.to_string(),
            kind: convert::to_key_kind(found.key.kind).into(),
            permissions: access.permissions.into_iter().collect(),
            all_permissions: access.everything,
            operator: access.operator,
            frozen_time: frozen.map(timestamp),
            expire_time: found.key.expire_time.map(timestamp),
        })
    }

    /// Counts a call in all its buckets or, when one of them is full, in none.
    async fn charge(
        &self,
        found: &Authenticated,
        charges: &[Charge],
    ) -> Result<Vec<pb::RateUsage>, CustomerError> {
        if charges.is_empty() {
            return Ok(Vec::new());
        }
        let (project, key) = (found.project, found.key.id);
        let now = self.env.clocks().now(project);
        let context = Context::background(&self.env, project, now);
        let write = self.db.system_write(&context).await?;
        // Calls of one key are counted one after the other.
        lock(write.tx(), &format!("customer.rate.{key}")).await?;
        let mut usages = Vec::with_capacity(charges.len());
        for charge in charges {
            let used =
                store::rate_charge::charge(write.tx(), project, key, charge, micros(now)).await?;
            usages.push(pb::RateUsage {
                bucket: charge.bucket.clone(),
                used_count: i32::try_from(used).unwrap_or(i32::MAX),
                limit: i32::try_from(charge.limit).unwrap_or(i32::MAX),
            });
        }
        write.commit().await?;
        Ok(usages)
    }
}

//! Authentication for the other services.

use chassis::open;
use contract::{
    convert::timestamp,
    customer::v1::{self as pb, principal_service_server::PrincipalService},
};
use tonic::{Request, Response, Status};

use super::Server;
use crate::{convert, domain::api_key::kind_is_accepted, error::CustomerError, store};

#[tonic::async_trait]
impl PrincipalService for Server {
    async fn resolve_principal(
        &self,
        request: Request<pb::ResolvePrincipalRequest>,
    ) -> Result<Response<pb::ResolvePrincipalResponse>, Status> {
        let (_, request) = open(request)?;
        let allowed = request
            .allowed_kinds
            .iter()
            .map(|kind| convert::key_kind(*kind))
            .collect::<Result<Vec<_>, _>>()?;
        let project = Some(request.project.as_str()).filter(|project| !project.is_empty());
        let found = self.keys.authenticate(&request.key, project).await?;
        if !kind_is_accepted(found.key.kind, &allowed) {
            return Err(CustomerError::KeyRefused.into());
        }
        let frozen = store::clock::find(self.db.reader(), found.project).await?;
        let access = crate::principal::access(&found.key);
        Ok(Response::new(pb::ResolvePrincipalResponse {
            principal: Some(pb::Principal {
                project_id: found.project.to_string(),
                key_id: found.key.id.to_string(),
                kind: convert::to_key_kind(found.key.kind).into(),
                permissions: access.permissions.into_iter().collect(),
                all_permissions: access.everything,
                operator: access.operator,
                frozen_time: frozen.map(timestamp),
                expire_time: found.key.expire_time.map(timestamp),
            }),
        }))
    }
}

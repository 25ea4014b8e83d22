//! The one call every service may make upward in the order: asking the customer service
//! who a key stands for, and which projects have a test clock.

use std::time::Duration;

use contract::customer::v1::{
    self as pb, clock_service_client::ClockServiceClient,
    principal_service_client::PrincipalServiceClient,
};
use kernel::id::ProjectId;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    Context, Link,
    auth::{Grants, KeyKind, Principal, PrincipalSource, unauthenticated},
    clock::Clocks,
    token::Signer,
};

/// Asks the customer service who a key stands for.
pub struct RemotePrincipals {
    client: PrincipalServiceClient<Link>,
    signer: Signer,
}

impl RemotePrincipals {
    /// Asks over this link.
    pub fn new(customer: Link, signer: Signer) -> Self {
        Self {
            client: PrincipalServiceClient::new(customer),
            signer,
        }
    }
}

fn nobody(signer: &Signer) -> Context {
    Context::new(
        ProjectId::from_ulid(ulid::Ulid::nil()),
        "service:chassis".to_owned(),
        Grants::Service,
        None,
        signer.clone(),
    )
}

#[async_trait::async_trait]
impl PrincipalSource for RemotePrincipals {
    async fn resolve(&self, key: &str, project: Option<&str>) -> Result<Principal, Status> {
        let request = nobody(&self.signer).request(pb::ResolvePrincipalRequest {
            key: key.to_owned(),
            allowed_kinds: Vec::new(),
            project: project.unwrap_or_default().to_owned(),
        });
        let answer = self.client.clone().resolve_principal(request).await?;
        let principal = answer
            .into_inner()
            .principal
            .ok_or_else(|| Status::internal("an answer without a principal"))?;
        from_proto(&principal)
    }
}

/// Reads a principal as the customer service sends it.
pub fn from_proto(principal: &pb::Principal) -> Result<Principal, Status> {
    let kind = match principal.kind() {
        pb::KeyKind::Secret => KeyKind::Secret,
        pb::KeyKind::ProfitwellPrivate => KeyKind::ProfitwellPrivate,
        pb::KeyKind::ProfitwellPublic => KeyKind::ProfitwellPublic,
        pb::KeyKind::Probe => KeyKind::Probe,
        pb::KeyKind::Bootstrap => KeyKind::Bootstrap,
        pb::KeyKind::Unspecified => return Err(unauthenticated("the kind of the key is unknown")),
    };
    Ok(Principal {
        project: principal
            .project_id
            .parse()
            .map_err(|_| Status::internal("a principal without a project"))?,
        actor: format!("key:{}", principal.key_id),
        kind,
        grants: if principal.operator {
            Grants::Operator
        } else if principal.all_permissions {
            Grants::All
        } else {
            Grants::Listed(principal.permissions.iter().cloned().collect())
        },
    })
}

/// Keeps the list of test clocks of a process that does not own them, until shutdown.
pub async fn follow_clocks(
    customer: Link,
    signer: Signer,
    clocks: Clocks,
    shutdown: CancellationToken,
) {
    let mut pause = Duration::from_millis(100);
    while !shutdown.is_cancelled() {
        match load_clocks(customer.clone(), &signer, &clocks).await {
            Ok(()) => pause = Duration::from_secs(1),
            Err(status) => {
                tracing::debug!(code = ?status.code(), "test clocks could not be read; it is tried again");
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Reads the list of test clocks once.
pub async fn load_clocks(customer: Link, signer: &Signer, clocks: &Clocks) -> Result<(), Status> {
    let seen = clocks.version();
    let request = nobody(signer).request(pb::ListTestClocksRequest {});
    let answer = ClockServiceClient::new(customer)
        .list_test_clocks(request)
        .await?
        .into_inner();
    let list = answer.clocks.iter().filter_map(|clock| {
        let project = clock.project_id.parse().ok()?;
        let time = contract::convert::from_timestamp(clock.time.as_ref()?).ok()?;
        Some((project, time))
    });
    clocks.replace_if(seen, list);
    Ok(())
}

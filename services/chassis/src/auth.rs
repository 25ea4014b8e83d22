//! Who is calling: from an `authorization` header to an identity. API keys are resolved
//! by the customer service and remembered for five seconds; services show signed tokens.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::HeaderMap;
use kernel::id::ProjectId;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use tonic::Status;

use crate::{Code, clock::Clocks, context::Context, error::refuse, secret::sha256, token::Signer};

/// Metadata in which an operator names the project to act in.
pub const PROJECT_HEADER: &str = "x-perennial-project";
/// How long a resolved key is believed.
const CACHE_SECONDS: u64 = 5;

/// What a key is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// gRPC, the OpenMeter and the RevenueCat dialect.
    Secret,
    /// The ProfitWell dialect, all but its event operation.
    ProfitwellPrivate,
    /// The event operation of the ProfitWell dialect.
    ProfitwellPublic,
    /// The Probe dialect.
    Probe,
    /// The first key of an installation: everything, and the operator right.
    Bootstrap,
}

/// What an identity may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grants {
    /// One of our services acting by itself: everything, and internal calls.
    Service,
    /// A service acting for a caller, whose permission was checked where the call came in.
    OnBehalf(Box<Grants>),
    /// The operator: everything in any project.
    Operator,
    /// Everything in its own project.
    All,
    /// Only these permissions, such as `catalog:plans:read_write`.
    Listed(BTreeSet<String>),
}

impl Grants {
    /// Whether a permission such as `catalog:plans` is held at a level. Writing includes
    /// reading.
    pub fn allow(&self, resource: &str, write: bool) -> bool {
        match self {
            Self::Service | Self::OnBehalf(_) | Self::Operator | Self::All => true,
            Self::Listed(held) => {
                held.contains(&format!("{resource}:read_write"))
                    || (!write && held.contains(&format!("{resource}:read")))
            }
        }
    }

    /// What a service holds while it acts for the holder of these.
    #[must_use]
    pub fn on_behalf(&self) -> Self {
        match self {
            Self::Service | Self::OnBehalf(_) => self.clone(),
            Self::Operator | Self::All | Self::Listed(_) => Self::OnBehalf(Box::new(self.clone())),
        }
    }

    /// Whether internal calls are allowed.
    pub fn is_service(&self) -> bool {
        matches!(self, Self::Service | Self::OnBehalf(_))
    }

    /// Whether the operator right is held.
    pub fn is_operator(&self) -> bool {
        match self {
            Self::Service | Self::Operator => true,
            Self::OnBehalf(caller) => caller.is_operator(),
            Self::All | Self::Listed(_) => false,
        }
    }
}

/// What an API key stands for.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The project that the key acts in.
    pub project: ProjectId,
    /// Who acts, such as `key:01J…`.
    pub actor: String,
    /// What the key is made for.
    pub kind: KeyKind,
    /// What it may do.
    pub grants: Grants,
}

/// Knows API keys: the customer service from its own tables, every other service by
/// asking it.
#[async_trait::async_trait]
pub trait PrincipalSource: Send + Sync {
    /// The principal of a key; `project` is the id or name an operator asked to act in.
    /// An unknown, revoked or expired key is `Unauthenticated`.
    async fn resolve(&self, key: &str, project: Option<&str>) -> Result<Principal, Status>;
}

/// Turns headers into identities.
#[derive(Clone)]
pub struct Gate {
    signer: Signer,
    clocks: Clocks,
    source: Arc<dyn PrincipalSource>,
    known: Cache<[u8; 32], Arc<Principal>>,
}

impl Gate {
    /// A gate that asks `source` about keys it has not seen lately.
    pub fn new(signer: Signer, clocks: Clocks, source: Arc<dyn PrincipalSource>) -> Self {
        Self {
            signer,
            clocks,
            source,
            known: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_secs(CACHE_SECONDS))
                .build(),
        }
    }

    /// The principal of an API key.
    pub async fn principal(
        &self,
        key: &str,
        project: Option<&str>,
    ) -> Result<Arc<Principal>, Status> {
        let digest = sha256(format!("{}\n{key}", project.unwrap_or_default()).as_bytes());
        if let Some(known) = self.known.get(&digest).await {
            return Ok(known);
        }
        let principal = Arc::new(self.source.resolve(key, project).await?);
        self.known.insert(digest, principal.clone()).await;
        Ok(principal)
    }

    /// The context of a call made with an API key of one of the allowed kinds.
    pub async fn enter(
        &self,
        key: &str,
        project: Option<&str>,
        kinds: &[KeyKind],
    ) -> Result<Context, Status> {
        self.time_is_known()?;
        let principal = self.principal(key, project).await?;
        if !kinds.contains(&principal.kind) {
            return Err(unauthenticated("this kind of key is not accepted here"));
        }
        Ok(self.context(
            principal.project,
            &principal.actor,
            principal.grants.clone(),
        ))
    }

    /// Calls from outside are not taken before the test clocks were read: right after a
    /// start a frozen project would get system time.
    fn time_is_known(&self) -> Result<(), Status> {
        if self.clocks.loaded() {
            return Ok(());
        }
        Err(refuse(
            Code::Unavailable,
            "STARTING",
            "the service is starting; try again",
            &[],
        ))
    }

    /// A context for a project and an actor that are already known.
    pub fn context(&self, project: ProjectId, actor: &str, grants: Grants) -> Context {
        Context::new(
            project,
            actor.to_owned(),
            grants,
            self.clocks.frozen(project),
            self.signer.clone(),
        )
    }

    /// The context of a gRPC call, from its metadata.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Context, Status> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let header = text("authorization").ok_or_else(|| unauthenticated("no credential"))?;
        let credential =
            bearer(header).ok_or_else(|| unauthenticated("not a bearer credential"))?;
        if credential.starts_with(crate::token::PREFIX) {
            let claims = self
                .signer
                .verify(credential)
                .ok_or_else(|| unauthenticated("the service token is not valid"))?;
            if claims.clock.is_none() && !claims.grants.is_service() {
                self.time_is_known()?;
            }
            let frozen = claims
                .clock
                .and_then(|clock| kernel::Timestamp::from_microsecond(clock).ok())
                .or_else(|| self.clocks.frozen(claims.project));
            return Ok(Context::new(
                claims.project,
                claims.actor,
                claims.grants,
                frozen,
                self.signer.clone(),
            ));
        }
        self.enter(
            credential,
            text(PROJECT_HEADER),
            &[KeyKind::Secret, KeyKind::Bootstrap],
        )
        .await
    }
}

/// The credential behind the scheme word `Bearer`, which is compared without case.
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, credential) = header.split_once(' ')?;
    let credential = credential.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !credential.is_empty()).then_some(credential)
}

/// The refusal of a credential.
pub fn unauthenticated(message: &str) -> Status {
    refuse(Code::Unauthenticated, "UNAUTHENTICATED", message, &[])
}

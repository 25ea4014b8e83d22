//! From a presented key to who it stands for. This service answers that for the whole
//! installation, and for its own calls too.

use std::collections::BTreeSet;

use chassis::{
    Context, Db, Env,
    auth::{Grants, KeyKind as Kind, Principal, PrincipalSource},
    clock::system_now,
};
use kernel::id::ProjectId;
use tonic::Status;

use crate::{
    domain::api_key::{ApiKey, KeyKind, TEXT_LENGTH_MAX, public_prefix},
    error::CustomerError,
    secret::Pepper,
    store,
};

/// Knows all API keys. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    db: Db,
    env: Env,
    pepper: Pepper,
}

/// A key that authenticates, and the project that it acts in.
pub struct Authenticated {
    /// The key.
    pub key: ApiKey,
    /// The project.
    pub project: ProjectId,
}

/// What a key may do.
pub struct Access {
    /// Whether everything in the project is permitted, as far as the kind reaches.
    pub everything: bool,
    /// Whether projects may be created and listed.
    pub operator: bool,
    /// The permissions, when not everything is permitted.
    pub permissions: BTreeSet<String>,
}

/// What a key may do. Keys of the ProfitWell and Probe dialects open nothing else, so within
/// them everything is permitted; the public ProfitWell key only tells that a customer was seen.
pub fn access(key: &ApiKey) -> Access {
    let everything = Access {
        everything: true,
        operator: false,
        permissions: BTreeSet::new(),
    };
    match key.kind {
        KeyKind::Secret if key.permissions.is_empty() => everything,
        KeyKind::Secret => Access {
            everything: false,
            operator: false,
            permissions: key.permissions.clone(),
        },
        KeyKind::ProfitwellPrivate | KeyKind::Probe => everything,
        KeyKind::ProfitwellPublic => Access {
            everything: false,
            operator: false,
            permissions: BTreeSet::from(["customer_information:customers:read_write".to_owned()]),
        },
        KeyKind::Bootstrap => Access {
            operator: true,
            ..everything
        },
    }
}

impl KeyRing {
    /// The keys in a database.
    pub fn new(env: Env, db: Db, pepper: Pepper) -> Self {
        Self { db, env, pepper }
    }

    /// Who a presented text stands for. Every failure of the key itself is the same refusal.
    pub async fn authenticate(
        &self,
        text: &str,
        project: Option<&str>,
    ) -> Result<Authenticated, CustomerError> {
        let key = self.find(text).await?.ok_or(CustomerError::KeyRefused)?;
        let now = system_now();
        if !key.works_at(now) {
            return Err(CustomerError::KeyRefused);
        }
        let project = self.project(&key, project).await?;
        if key.last_use_is_old(now) {
            self.note_use(key.clone());
        }
        Ok(Authenticated { key, project })
    }

    async fn find(&self, text: &str) -> Result<Option<ApiKey>, CustomerError> {
        if text.is_empty() || text.len() > TEXT_LENGTH_MAX {
            return Ok(None);
        }
        let db = self.db.reader();
        if let Some(prefix) = public_prefix(text)
            && let Some(found) = store::api_key::by_public_prefix(db, prefix).await?
        {
            return Ok(self.pepper.verify(text, &found.hash).then_some(found.key));
        }
        let found = store::api_key::by_hash(db, &self.pepper.hashes(text)).await?;
        // A key in our form has a public beginning and was looked up by it; here only the ones
        // whose text was given from outside may match.
        Ok(found
            .filter(|found| found.key.public_prefix.is_none())
            .map(|found| found.key))
    }

    /// The project to act in: the key's own, or the one that the bootstrap key names.
    async fn project(&self, key: &ApiKey, named: Option<&str>) -> Result<ProjectId, CustomerError> {
        let Some(named) = named else {
            return Ok(key.project);
        };
        let refused = || CustomerError::ProjectRefused {
            project: named.chars().take(100).collect(),
        };
        let found = store::project::by_any_name(self.db.reader(), named)
            .await?
            .ok_or_else(refused)?;
        if found.id == key.project || key.kind == KeyKind::Bootstrap {
            Ok(found.id)
        } else {
            Err(refused())
        }
    }

    /// Writes the last use beside the call: authentication waits for no write.
    fn note_use(&self, key: ApiKey) {
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.write_use(&key).await {
                tracing::warn!(key.id = %key.id, %error, "the last use of a key was not written");
            }
        });
    }

    async fn write_use(&self, key: &ApiKey) -> Result<(), CustomerError> {
        let now = system_now();
        let context = Context::background(&self.env, key.project, now);
        let write = self.db.system_write(&context).await?;
        let current = store::api_key::find(write.tx(), key.project, &key.id.to_string()).await?;
        if current.last_use_is_old(now) {
            store::api_key::touch(write.tx(), key.project, key.id, now).await?;
        }
        Ok(write.commit().await?)
    }
}

#[async_trait::async_trait]
impl PrincipalSource for KeyRing {
    async fn resolve(&self, key: &str, project: Option<&str>) -> Result<Principal, Status> {
        let found = self.authenticate(key, project).await?;
        let access = access(&found.key);
        Ok(Principal {
            project: found.project,
            actor: format!("key:{}", found.key.id),
            kind: kind(found.key.kind),
            grants: if access.operator {
                Grants::Operator
            } else if access.everything {
                Grants::All
            } else {
                Grants::Listed(access.permissions)
            },
        })
    }
}

fn kind(kind: KeyKind) -> Kind {
    match kind {
        KeyKind::Secret => Kind::Secret,
        KeyKind::ProfitwellPrivate => Kind::ProfitwellPrivate,
        KeyKind::ProfitwellPublic => Kind::ProfitwellPublic,
        KeyKind::Probe => Kind::Probe,
        KeyKind::Bootstrap => Kind::Bootstrap,
    }
}

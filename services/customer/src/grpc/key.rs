//! API keys of a project.

use chassis::{auth::Grants, clock::system_now, open};
use contract::customer::v1::{self as pb, key_service_server::KeyService};
use kernel::id::KeyId;
use tonic::{Request, Response, Status};

use super::{Server, cut, last_id};
use crate::{
    convert,
    domain::api_key::{ApiKey, NewKey, split_permission},
    error::CustomerError,
    secret, store,
};

#[tonic::async_trait]
impl KeyService for Server {
    async fn create_key(
        &self,
        request: Request<pb::CreateKeyRequest>,
    ) -> Result<Response<pb::CreateKeyResponse>, Status> {
        let (context, request) = &open(request)?;
        let now = system_now();
        let new = convert::new_key(request.key.as_ref(), now)?;
        require_held(context.grants(), &new)?;
        let generated = secret::generate(new.kind)
            .ok_or_else(|| CustomerError::invalid("key.kind", "cannot be made by a call"))?;
        let hash = self.pepper.hash(&generated.text);
        let id: KeyId = chassis::id::next();
        let key = ApiKey {
            project: context.project,
            id,
            display_name: new.display_name,
            kind: new.kind,
            public_prefix: Some(generated.public_prefix),
            permissions: new.permissions,
            expire_time: new.expire_time,
            last_use_time: None,
            revoke_time: None,
            create_time: now,
        };
        let mut response = self
            .db
            .write(
                context,
                "CreateKey",
                &request.request_id,
                request,
                |mut w| async move {
                    store::api_key::insert(w.tx(), &key, hash).await?;
                    let state = convert::api_key(&key);
                    w.record("key.created", &state.id, 1, None, Some(&state))
                        .await?;
                    // The secret stays out of the remembered answer: it is stored nowhere.
                    let (key, secret) = (Some(state), String::new());
                    Ok::<_, CustomerError>((w, pb::CreateKeyResponse { key, secret }))
                },
            )
            .await?;
        let answer = response.get_mut();
        let is_new = answer
            .key
            .as_ref()
            .is_some_and(|key| key.id == id.to_string());
        if is_new {
            answer.secret = generated.text;
        }
        Ok(response)
    }

    async fn list_keys(
        &self,
        request: Request<pb::ListKeysRequest>,
    ) -> Result<Response<pb::ListKeysResponse>, Status> {
        let (context, request) = open(request)?;
        let (size, token) = (request.page_size, &request.page_token);
        let page = self.page(&context, "keys", size, token, &[])?;
        let db = self.db.reader();
        let mut found =
            store::api_key::list(db, context.project, last_id(&page), page.limit).await?;
        let next_page_token = cut(&mut found, &page, |key| vec![key.id.to_string()]);
        Ok(Response::new(pb::ListKeysResponse {
            keys: found.iter().map(convert::api_key).collect(),
            next_page_token,
        }))
    }

    async fn revoke_key(
        &self,
        request: Request<pb::RevokeKeyRequest>,
    ) -> Result<Response<pb::RevokeKeyResponse>, Status> {
        let (context, request) = &open(request)?;
        self.db
            .write(
                context,
                "RevokeKey",
                &request.request_id,
                request,
                |mut w| async move {
                    let before = store::api_key::find(w.tx(), context.project, &request.id).await?;
                    let now = system_now();
                    store::api_key::revoke(w.tx(), context.project, before.id, now).await?;
                    let after = ApiKey {
                        revoke_time: before.revoke_time.or(Some(now)),
                        ..before.clone()
                    };
                    let state = convert::api_key(&after);
                    if after != before {
                        let old = convert::api_key(&before);
                        w.record("key.revoked", &state.id, 2, Some(&old), Some(&state))
                            .await?;
                    }
                    let key = Some(state);
                    Ok::<_, CustomerError>((w, pb::RevokeKeyResponse { key }))
                },
            )
            .await
    }
}

/// A caller can hand on only what it has itself.
fn require_held(caller: &Grants, new: &NewKey) -> Result<(), CustomerError> {
    if new.permissions.is_empty() {
        if has_everything(caller) {
            return Ok(());
        }
        return Err(CustomerError::PermissionNotHeld {
            permission: "to everything".to_owned(),
        });
    }
    for permission in &new.permissions {
        let held = split_permission(permission)
            .is_some_and(|(resource, write)| caller.allow(resource, write));
        if !held {
            return Err(CustomerError::PermissionNotHeld {
                permission: permission.clone(),
            });
        }
    }
    Ok(())
}

fn has_everything(grants: &Grants) -> bool {
    match grants {
        Grants::Service | Grants::Operator | Grants::All => true,
        Grants::OnBehalf(caller) => has_everything(caller),
        Grants::Listed(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::api_key::KeyKind;

    fn new(permissions: &[&str]) -> NewKey {
        let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
        NewKey::new(
            String::new(),
            KeyKind::Secret,
            permissions,
            None,
            system_now(),
        )
        .unwrap()
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let reader = Grants::Listed(BTreeSet::from(["catalog:plans:read".to_owned()]));
        assert!(require_held(&reader, &new(&["catalog:plans:read"])).is_ok());
        assert!(require_held(&reader, &new(&["catalog:plans:read_write"])).is_err());
        assert!(require_held(&reader, &new(&[])).is_err());
        assert!(require_held(&Grants::OnBehalf(Box::new(reader)), &new(&[])).is_err());
        assert!(require_held(&Grants::All, &new(&[])).is_ok());
    }
}

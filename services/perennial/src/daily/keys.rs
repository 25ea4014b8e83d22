//! `perennial keys`.

use contract::customer::v1::{
    ApiKey, CreateKeyRequest, KeyKind, ListKeysRequest, RevokeKeyRequest,
};
use perennial_sdk::{Client, Error};
use serde_json::json;

use super::list;
use crate::{
    cli::{KeyKindArg, KeysCommand, Listing},
    screen::{Column, Screen},
};

const COLUMNS: [Column; 6] = [
    Column::text("id", "id"),
    Column::text("name", "displayName"),
    Column::name("kind", "kind", "KEY_KIND_"),
    Column::text("begins with", "publicPrefix"),
    Column::text("permissions", "permissions"),
    Column::text("revoked", "revokeTime"),
];

/// Does it.
pub(crate) async fn run(
    client: &Client,
    command: KeysCommand,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    match command {
        KeysCommand::Create {
            kind,
            permissions,
            name,
        } => {
            let key = ApiKey {
                kind: kind.to_wire().into(),
                permissions,
                display_name: name,
                ..Default::default()
            };
            // Without a request id: an answer with a secret in it is not kept for replay.
            let request = CreateKeyRequest {
                key: Some(key),
                request_id: String::new(),
            };
            let made = client
                .keys()
                .create_key(request)
                .await
                .map_err(Error::from)?;
            let made = made.into_inner();
            screen.record(&json!({ "id": made.key.unwrap_or_default().id, "key": made.secret }))
        }
        KeysCommand::List => {
            list(
                screen,
                "keys",
                &COLUMNS,
                Listing::ALL,
                |page_size, page_token| async move {
                    let request = ListKeysRequest {
                        page_size,
                        page_token,
                    };
                    let answer =
                        client.call(|_| async { client.keys().list_keys(request.clone()).await });
                    let answer = answer.await?;
                    Ok((answer.keys, answer.next_page_token))
                },
            )
            .await
        }
        KeysCommand::Revoke { id } => {
            let answer = client.call(|request_id| async {
                let request = RevokeKeyRequest {
                    id: id.clone(),
                    request_id,
                };
                client.keys().revoke_key(request).await
            });
            screen.message(&answer.await?)
        }
    }
}

impl KeyKindArg {
    fn to_wire(self) -> KeyKind {
        match self {
            Self::Secret => KeyKind::Secret,
            Self::ProfitwellPrivate => KeyKind::ProfitwellPrivate,
            Self::ProfitwellPublic => KeyKind::ProfitwellPublic,
            Self::Probe => KeyKind::Probe,
        }
    }
}

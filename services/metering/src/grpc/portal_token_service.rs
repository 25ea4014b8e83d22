//! `PortalTokenService`: tokens with which end users read the usage of one subject.

use chassis::{Db, Env, clock::system_now};
use contract::metering::v1::{self as pb, portal_token_service_server::PortalTokenService};
use jiff::SignedDuration;
use kernel::id::{ProjectId, Ulid};
use tonic::{Request, Response, Status};

use crate::{
    convert::{self, at_most, required},
    error::MeteringError,
    portal::{self, Claims},
    store::{self, portal_token::PortalToken},
};

/// Purpose of the signing secret.
const SECRET: &str = "portal-token";
/// How long a token lives when nobody says.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// Most meters that a token may name.
const SLUGS_MAX: usize = 100;
/// Longest subject, in bytes.
const SUBJECT_MAX: usize = 1_500;

/// Serves portal tokens.
#[derive(Clone)]
pub struct PortalTokens {
    db: Db,
    page_key: [u8; 32],
    secrets: Vec<[u8; 32]>,
    secret: [u8; 32],
}

impl PortalTokens {
    /// The service over a database, with the secrets of its surroundings.
    pub fn new(db: Db, env: &Env) -> Self {
        Self {
            db,
            page_key: env.page_key(),
            secrets: env.secrets(SECRET),
            secret: env.secret(SECRET),
        }
    }
}

#[tonic::async_trait]
impl PortalTokenService for PortalTokens {
    async fn create_portal_token(
        &self,
        request: Request<pb::CreatePortalTokenRequest>,
    ) -> Result<Response<pb::CreatePortalTokenResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let now = system_now();
        let wire = required("portal_token", request.portal_token.as_ref())?;
        if wire.subject.is_empty() {
            return Err(MeteringError::invalid("portal_token.subject", "is required").into());
        }
        let expire_time =
            convert::from_time("portal_token.expire_time", wire.expire_time.as_ref())?;
        let expire_time = expire_time.unwrap_or(now + LIFETIME);
        if expire_time <= now {
            return Err(MeteringError::invalid(
                "portal_token.expire_time",
                "must be in the future",
            )
            .into());
        }
        let slugs = at_most(
            "portal_token.allowed_meter_slugs",
            &wire.allowed_meter_slugs,
            SLUGS_MAX,
        )?;
        let id: Ulid = chassis::id::next();
        let token = &PortalToken {
            id: id.to_string(),
            subject: convert::checked("portal_token.subject", &wire.subject, SUBJECT_MAX)?
                .to_owned(),
            meter_slugs: slugs.to_vec(),
            expire_time,
            create_time: now,
        };
        self.db
            .write(
                context,
                "CreatePortalToken",
                &request.request_id,
                request,
                |write| async move {
                    let known = store::meter::by_ids_and_slugs(
                        write.tx(),
                        context.project,
                        Vec::new(),
                        slugs.to_vec(),
                    )
                    .await?;
                    if let Some(unknown) = slugs.iter().find(|slug| {
                        known
                            .iter()
                            .all(|meter| meter.slug.as_str() != slug.as_str())
                    }) {
                        return Err(MeteringError::MeterNotFound(unknown.clone()));
                    }
                    store::portal_token::insert(write.tx(), context.project, token).await?;
                    let claims = Claims::new(
                        context.project,
                        &token.id,
                        &token.subject,
                        slugs,
                        now,
                        expire_time,
                    );
                    let mut proto = convert::portal_token::to_proto(token, now);
                    proto.token = portal::sign(&claims, &self.secret);
                    Ok((
                        write,
                        pb::CreatePortalTokenResponse {
                            portal_token: Some(proto),
                        },
                    ))
                },
            )
            .await
    }

    async fn list_portal_tokens(
        &self,
        request: Request<pb::ListPortalTokensRequest>,
    ) -> Result<Response<pb::ListPortalTokensResponse>, Status> {
        let (context, mut request) = chassis::open(request)?;
        let (size, token) = (
            std::mem::take(&mut request.page_size),
            std::mem::take(&mut request.page_token),
        );
        let page = super::page(context.project, self.page_key, size, &token, &request)?;
        let subject = convert::checked("subject", &request.subject, SUBJECT_MAX)?;
        let after = page
            .after
            .as_ref()
            .and_then(|last| last.first())
            .map(String::as_str);
        let mut tokens = store::portal_token::list(
            self.db.reader(),
            context.project,
            subject,
            after,
            page.limit + 1,
        )
        .await?;
        let more = tokens.len() as u64 > page.limit;
        tokens.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        let next_page_token = match tokens.last() {
            Some(last) if more => page.token(&[&last.id]),
            Some(_) | None => String::new(),
        };
        let now = system_now();
        let portal_tokens = tokens
            .iter()
            .map(|token| convert::portal_token::to_proto(token, now))
            .collect();
        Ok(Response::new(pb::ListPortalTokensResponse {
            portal_tokens,
            next_page_token,
        }))
    }

    async fn invalidate_portal_tokens(
        &self,
        request: Request<pb::InvalidatePortalTokensRequest>,
    ) -> Result<Response<pb::InvalidatePortalTokensResponse>, Status> {
        let (context, request) = &chassis::open(request)?;
        let id = convert::checked("id", &request.id, 256)?;
        let subject = convert::checked("subject", &request.subject, SUBJECT_MAX)?;
        if id.is_empty() && subject.is_empty() {
            return Err(
                MeteringError::invalid("id", "is required when there is no subject").into(),
            );
        }
        self.db
            .write(
                context,
                "InvalidatePortalTokens",
                &request.request_id,
                request,
                |write| async move {
                    let gone =
                        store::portal_token::delete(write.tx(), context.project, id, subject)
                            .await?;
                    let invalidated_count = i32::try_from(gone).unwrap_or(i32::MAX);
                    Ok::<_, MeteringError>((
                        write,
                        pb::InvalidatePortalTokensResponse { invalidated_count },
                    ))
                },
            )
            .await
    }

    async fn resolve_portal_token(
        &self,
        request: Request<pb::ResolvePortalTokenRequest>,
    ) -> Result<Response<pb::ResolvePortalTokenResponse>, Status> {
        let (_, request) = chassis::open(request)?;
        let now = system_now();
        let refuse = || MeteringError::PortalTokenInvalid;
        let claims = portal::verify(&request.token, &self.secrets, now).ok_or_else(refuse)?;
        if !claims.opens(&request.meter_slug) {
            return Err(refuse().into());
        }
        let project: ProjectId = claims.project.parse().map_err(|_| refuse())?;
        let token = store::portal_token::by_id(self.db.reader(), project, &claims.jti)
            .await?
            .ok_or_else(refuse)?;
        Ok(Response::new(pb::ResolvePortalTokenResponse {
            project_id: claims.project,
            portal_token: Some(convert::portal_token::to_proto(&token, now)),
        }))
    }
}

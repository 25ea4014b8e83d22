//! What a handler knows of its call: project, actor, permissions, project time; and how it
//! calls on: with the same identity, what is left of the deadline, and the trace.

use std::time::{Duration, Instant};

use kernel::{Timestamp, id::ProjectId};
use opentelemetry::propagation::Injector;
use tonic::{Request, Status, metadata::MetadataValue};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{auth::Grants, clock, token::Signer};

/// The longest a call may take when nobody says less.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);

/// One call.
#[derive(Clone, Debug)]
pub struct Context {
    /// The project that the call acts in.
    pub project: ProjectId,
    /// Who acts, such as `key:01J…` or `service:billing`.
    pub actor: String,
    /// Project time at the start of the call, in microseconds.
    pub now: Timestamp,
    grants: Grants,
    frozen: Option<Timestamp>,
    deadline: Instant,
    signer: Signer,
    edge: bool,
}

/// Splits an incoming request into its context and its message.
pub fn open<T>(mut request: Request<T>) -> Result<(Context, T), Status> {
    let context = request
        .extensions_mut()
        .remove::<Context>()
        .ok_or_else(|| {
            crate::auth::unauthenticated("the call did not pass the authentication layer")
        })?;
    Ok((context, request.into_inner()))
}

impl Context {
    /// A context that starts now.
    pub fn new(
        project: ProjectId,
        actor: String,
        grants: Grants,
        frozen: Option<Timestamp>,
        signer: Signer,
    ) -> Self {
        Self {
            project,
            actor,
            now: frozen.unwrap_or_else(clock::system_now),
            grants,
            frozen,
            deadline: Instant::now() + DEFAULT_DEADLINE,
            signer,
            edge: false,
        }
    }

    /// A context for work that a service does by itself, at a project time.
    pub fn background(env: &crate::Env, project: ProjectId, now: Timestamp) -> Self {
        Self {
            now,
            ..Self::new(
                project,
                format!("service:{}", env.name),
                Grants::Service,
                env.clocks().frozen(project),
                env.signer(),
            )
        }
    }

    /// Shortens the deadline of the call.
    pub fn with_deadline(mut self, limit: Duration) -> Self {
        self.deadline = self.deadline.min(Instant::now() + limit);
        self
    }

    /// What is left of the deadline.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the caller is one of our services (for itself or on behalf of a caller).
    pub fn is_service(&self) -> bool {
        self.grants.is_service()
    }

    /// Whether the operator right is held.
    pub fn is_operator(&self) -> bool {
        self.grants.is_operator()
    }

    /// What the caller may do.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The frozen time of the project's test clock, if it has one.
    pub fn frozen(&self) -> Option<Timestamp> {
        self.frozen
    }

    /// The same caller in another project; for operators and services only.
    pub fn in_project(&self, project: ProjectId) -> Self {
        Self {
            project,
            ..self.clone()
        }
    }

    /// The context of a call that the gateway translates: its outgoing calls keep the
    /// caller's own rights and nothing more, so that internal calls stay closed to clients.
    pub fn at_edge(self) -> Self {
        Self { edge: true, ..self }
    }

    /// An outgoing call for this caller: by a service, which may use internal calls, or by
    /// the gateway, which may not.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let grants = if self.edge {
            self.grants.clone()
        } else {
            self.grants.on_behalf()
        };
        let mut request = Request::new(message);
        // A gateway is not settled when a test clock moves, so it leaves the time to the
        // service; between services the time of the first one holds for the whole call.
        let frozen = self.frozen.filter(|_| !self.edge);
        let token = self.signer.sign(self.project, &self.actor, &grants, frozen);
        let value =
            MetadataValue::try_from(format!("Bearer {token}")).expect("a token is base64 and dots");
        request.metadata_mut().insert("authorization", value);
        request.set_timeout(self.time_left());
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject_context(
                &tracing::Span::current().context(),
                &mut MetadataInjector(request.metadata_mut()),
            );
        });
        request
    }
}

struct MetadataInjector<'a>(&'a mut tonic::metadata::MetadataMap);

impl Injector for MetadataInjector<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let Ok(key) = tonic::metadata::MetadataKey::from_bytes(key.as_bytes())
            && let Ok(value) = MetadataValue::try_from(value)
        {
            self.0.insert(key, value);
        }
    }
}

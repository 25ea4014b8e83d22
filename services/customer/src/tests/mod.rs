//! The service through its gRPC clients, on a database of its own: SQLite, or PostgreSQL where
//! `PERENNIAL_TEST_DATABASE_URL` names a server.

mod aliases;
mod attributes;
mod conflicts;
mod customers;
mod deletion;
mod engagement;
mod keys;
mod limits;
mod lists;
mod privacy;
mod projects;
mod query_plans;
mod rates;
mod recorded;
mod subjects;
mod subscriptions;
mod traits;
mod violations;

use std::sync::Arc;

use chassis::{
    Context, Env, Link,
    auth::Gate,
    clock::{Clocks, system_now},
    config::{Secret, ServiceConfig},
    error::details,
    link::Links,
    permission::Rules,
    rpc::protect,
    secret::MasterKey,
};
use contract::customer::v1::{
    self as pb, alias_service_client::AliasServiceClient,
    attribute_service_client::AttributeServiceClient, clock_service_client::ClockServiceClient,
    customer_service_client::CustomerServiceClient,
    engagement_service_client::EngagementServiceClient, key_service_client::KeyServiceClient,
    privacy_service_client::PrivacyServiceClient, project_service_client::ProjectServiceClient,
    rate_service_client::RateServiceClient, subject_service_client::SubjectServiceClient,
    trait_service_client::TraitServiceClient,
};
use sea_orm::ConnectionTrait as _;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

pub(crate) const BOOTSTRAP: &str = "bootstrap-key-of-tests";

/// A running service.
pub(crate) struct World {
    link: Link,
    env: Env,
    project: kernel::id::ProjectId,
    config: ServiceConfig,
    master: MasterKey,
    postgres: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let postgres = postgres().await;
        let url = match &postgres {
            Some((server, name)) => format!("{}/{name}", base(server)),
            None => chassis::Db::sqlite_url(folder.path(), "customer"),
        };
        let mut config = ServiceConfig::on(url);
        config.bootstrap_key = Some(Secret(BOOTSTRAP.to_owned()));
        let master = MasterKey::generate();
        let (link, env) = serve(&config, &master).await;
        let mut world = Self {
            link,
            env,
            project: kernel::id::ProjectId::from_ulid(ulid::Ulid::nil()),
            config,
            master,
            postgres,
            _folder: folder,
        };
        let answer = world
            .projects()
            .get_project(world.request(pb::GetProjectRequest {}))
            .await;
        world.project = ok(answer)
            .project
            .expect("a project")
            .id
            .parse()
            .expect("an id");
        world
    }

    /// The same database and master key, served anew.
    pub(crate) async fn restart(&mut self) {
        (self.link, self.env) = serve(&self.config, &self.master).await;
    }

    pub(crate) fn customers(&self) -> CustomerServiceClient<Link> {
        CustomerServiceClient::new(self.link.clone())
    }
    pub(crate) fn subjects(&self) -> SubjectServiceClient<Link> {
        SubjectServiceClient::new(self.link.clone())
    }
    pub(crate) fn aliases(&self) -> AliasServiceClient<Link> {
        AliasServiceClient::new(self.link.clone())
    }
    pub(crate) fn attributes(&self) -> AttributeServiceClient<Link> {
        AttributeServiceClient::new(self.link.clone())
    }
    pub(crate) fn traits(&self) -> TraitServiceClient<Link> {
        TraitServiceClient::new(self.link.clone())
    }
    pub(crate) fn engagement(&self) -> EngagementServiceClient<Link> {
        EngagementServiceClient::new(self.link.clone())
    }
    pub(crate) fn privacy(&self) -> PrivacyServiceClient<Link> {
        PrivacyServiceClient::new(self.link.clone())
    }
    pub(crate) fn projects(&self) -> ProjectServiceClient<Link> {
        ProjectServiceClient::new(self.link.clone())
    }
    pub(crate) fn keys(&self) -> KeyServiceClient<Link> {
        KeyServiceClient::new(self.link.clone())
    }
    pub(crate) fn clocks(&self) -> ClockServiceClient<Link> {
        ClockServiceClient::new(self.link.clone())
    }
    pub(crate) fn rates(&self) -> RateServiceClient<Link> {
        RateServiceClient::new(self.link.clone())
    }

    /// A call with the bootstrap key.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        with_key(BOOTSTRAP, message)
    }

    /// A call with the bootstrap key in another project.
    pub(crate) fn request_in<T>(&self, project: &str, message: T) -> Request<T> {
        let mut request = with_key(BOOTSTRAP, message);
        let value = project.parse().expect("metadata");
        request.metadata_mut().insert("x-perennial-project", value);
        request
    }

    /// A connection to the service's database, beside the service.
    pub(crate) async fn database(&self) -> sea_orm::DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(self.config.database_url.clone());
        options.sqlx_logging(false).max_connections(1);
        if self.postgres.is_some() {
            options.set_schema_search_path("customer");
        }
        sea_orm::Database::connect(options)
            .await
            .expect("a connection")
    }

    /// The project that calls act in.
    pub(crate) fn project(&self) -> kernel::id::ProjectId {
        self.project
    }

    /// Freezes the test clock of the project.
    pub(crate) async fn freeze(&self, text: &str) {
        let request = self.request(pb::FreezeClockRequest {
            time: time(text),
            request_id: String::new(),
        });
        ok(self.clocks().freeze_clock(request).await);
    }

    /// A call of another service.
    pub(crate) fn internal<T>(&self, message: T) -> Request<T> {
        Context::background(&self.env, self.project, system_now()).request(message)
    }

    /// Makes a customer.
    pub(crate) async fn create(&self, customer: pb::Customer) -> Result<pb::Customer, Status> {
        let request = self.request(pb::CreateCustomerRequest {
            customer: Some(customer),
            ..Default::default()
        });
        let answer = self.customers().create_customer(request).await?;
        Ok(answer.into_inner().customer.expect("a customer"))
    }

    /// Reads a customer, deleted or not.
    pub(crate) async fn get(&self, name: pb::customer_ref::Ref) -> Result<pb::Customer, Status> {
        let request = self.request(pb::GetCustomerRequest {
            customer_ref: Some(pb::CustomerRef { r#ref: Some(name) }),
            include_deleted: true,
            for_subscription: false,
        });
        let answer = self.customers().get_customer(request).await?;
        Ok(answer.into_inner().customer.expect("a customer"))
    }

    /// Changes the fields of a customer that the mask names.
    pub(crate) async fn update(
        &self,
        id: &str,
        customer: pb::Customer,
        mask: &[&str],
    ) -> Result<pb::Customer, Status> {
        let request = self.request(pb::UpdateCustomerRequest {
            customer_ref: by_id(id),
            customer: Some(customer),
            update_mask: Some(prost_types::FieldMask {
                paths: mask.iter().map(|path| (*path).to_owned()).collect(),
            }),
            request_id: String::new(),
        });
        let answer = self.customers().update_customer(request).await?;
        Ok(answer.into_inner().customer.expect("a customer"))
    }

    /// Deletes a customer.
    pub(crate) async fn delete(&self, id: &str) -> Result<pb::Customer, Status> {
        let request = self.request(pb::DeleteCustomerRequest {
            customer_ref: by_id(id),
            request_id: String::new(),
        });
        let answer = self.customers().delete_customer(request).await?;
        Ok(answer.into_inner().customer.expect("a customer"))
    }

    /// Stops the service and drops its database.
    pub(crate) async fn stop(self) {
        self.env.shutdown.cancel();
        if let Some((server, name)) = self.postgres {
            let db = sea_orm::Database::connect(&server).await.expect("a server");
            db.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)"))
                .await
                .expect("the database is dropped");
        }
    }
}

async fn serve(config: &ServiceConfig, master: &MasterKey) -> (Link, Env) {
    let env = Env::new(
        "customer",
        config.clone(),
        Links::default(),
        Clocks::default(),
        master.clone(),
        CancellationToken::new(),
    );
    env.clocks().replace_if(env.clocks().version(), []);
    let service = crate::build(env.clone()).await.expect("the service starts");
    let gate = Gate::new(
        env.signer(),
        env.clocks().clone(),
        service.principals.clone().expect("it knows keys"),
    );
    let link = protect("customer", service.routes, gate, Arc::new(Rules::load()));
    (link, env)
}

/// A fresh database on the server that the environment names.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by their environment"
)]
async fn postgres() -> Option<(String, String)> {
    let server = std::env::var("PERENNIAL_TEST_DATABASE_URL")
        .ok()
        .filter(|url| !url.is_empty())?;
    let name = format!("t_{}", chassis::id::next::<ulid::Ulid>()).to_lowercase();
    let db = sea_orm::Database::connect(&server).await.expect("a server");
    db.execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("a database");
    Some((server, name))
}

fn base(server: &str) -> &str {
    server.rsplit_once('/').map_or(server, |(base, _)| base)
}

pub(crate) fn with_key<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {key}").parse().expect("metadata");
    request.metadata_mut().insert("authorization", value);
    request
}

pub(crate) fn ok<T>(answer: Result<Response<T>, Status>) -> T {
    answer.expect("the call succeeds").into_inner()
}

/// The code and reason of a refusal.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (tonic::Code, String) {
    let status = answer.expect_err("the call is refused");
    (status.code(), details(&status).reason)
}

/// The first field that a refusal names.
pub(crate) fn field<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.expect_err("the call is refused");
    assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
    let facts = details(&status);
    facts.violations.first().expect("a field").field.clone()
}

/// Any live customer with this text among its names.
pub(crate) fn by_handle(text: &str) -> Option<pb::CustomerRef> {
    Some(pb::CustomerRef {
        r#ref: Some(pb::customer_ref::Ref::Handle(text.to_owned())),
    })
}

pub(crate) fn by_id(id: &str) -> Option<pb::CustomerRef> {
    Some(pb::CustomerRef {
        r#ref: Some(pb::customer_ref::Ref::Id(id.to_owned())),
    })
}

/// A customer with a key and subject keys.
pub(crate) fn acme(key: &str, subject_keys: &[&str]) -> pb::Customer {
    pb::Customer {
        key: key.to_owned(),
        display_name: format!("Name of {key}"),
        usage_attribution: attribution(subject_keys),
        ..Default::default()
    }
}

pub(crate) fn attribution(keys: &[&str]) -> Option<pb::UsageAttribution> {
    Some(pb::UsageAttribution {
        subject_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    })
}

pub(crate) fn time(text: &str) -> Option<prost_types::Timestamp> {
    let time: kernel::Timestamp = text.parse().expect("a time");
    Some(contract::convert::timestamp(time))
}

//! The connection: one channel, and the credential on every call.

use std::time::Duration;

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

#[cfg(feature = "tls")]
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::{Error, Retry};

/// What the generated clients of this crate are made on.
pub type Transport = InterceptedService<Channel, Credentials>;

/// Puts the API key, the project and the deadline on each call.
#[derive(Clone, Debug)]
pub struct Credentials {
    authorization: MetadataValue<Ascii>,
    project: Option<MetadataValue<Ascii>>,
    timeout: Duration,
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.authorization.clone());
        if let Some(project) = &self.project {
            metadata.insert("x-perennial-project", project.clone());
        }
        if !metadata.contains_key("grpc-timeout") {
            request.set_timeout(self.timeout);
        }
        Ok(request)
    }
}

/// Settings of a connection.
#[derive(Clone)]
pub struct Builder {
    address: String,
    key: String,
    project: Option<String>,
    timeout: Duration,
    retry: Retry,
    #[cfg(feature = "tls")]
    roots: Option<Vec<u8>>,
    #[cfg(feature = "tls")]
    identity: Option<Identity>,
}

/// A connection to a Perennial installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Transport,
    timeout: Duration,
    retry: Retry,
}

impl Builder {
    /// Acts in this project (id or name); needs a key with the operator right.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Longest time a call may take; through [`Client::call`], its retries included. Default 30
    /// seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How calls made through [`Client::call`] are retried.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// PEM of the certificates that the server's is checked against, instead of the system's.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots = Some(pem.as_ref().to_vec());
        self
    }

    /// What is shown to a server that asks for a certificate: PEM of a certificate, with those that lead to its authority
    /// behind it, and of its private key.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn client_certificate(mut self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.identity = Some(Identity::from_pem(chain, key));
        self
    }

    /// Connects on the first call.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        let channel = self
            .endpoint()?
            .tcp_nodelay(true)
            .connect_timeout(Duration::from_secs(5))
            .connect_lazy();
        let value = |text: String| {
            let mut value = MetadataValue::try_from(text).map_err(|_| {
                Error::Setup("the key or project has characters that cannot be sent".into())
            })?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        };
        let credentials = Credentials {
            authorization: value(format!("Bearer {}", self.key))?,
            project: self.project.clone().map(value).transpose()?,
            timeout: self.timeout,
        };
        Ok(Client {
            transport: InterceptedService::new(channel, credentials),
            timeout: self.timeout,
            retry: self.retry,
        })
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        let bad = || Error::Setup(format!("the address `{}` cannot be used", self.address));
        let (scheme, rest) = self
            .address
            .split_once("://")
            .unwrap_or(("http", &self.address));
        let endpoint = Endpoint::from_shared(format!("{scheme}://{rest}")).map_err(|_| bad())?;
        match scheme {
            "http" => Ok(endpoint),
            "https" => self.secured(endpoint),
            _ => Err(bad()),
        }
    }

    #[cfg(feature = "tls")]
    fn secured(&self, endpoint: Endpoint) -> Result<Endpoint, Error> {
        let trust = ClientTlsConfig::new();
        let trust = match &self.roots {
            Some(pem) => trust.ca_certificate(Certificate::from_pem(pem)),
            None => trust.with_native_roots(),
        };
        let settings = match &self.identity {
            Some(identity) => trust.identity(identity.clone()),
            None => trust,
        };
        endpoint
            .tls_config(settings)
            .map_err(|error| Error::Setup(format!("TLS cannot be set up: {error}")))
    }

    #[cfg(not(feature = "tls"))]
    fn secured(&self, _: Endpoint) -> Result<Endpoint, Error> {
        let address = &self.address;
        Err(Error::Setup(format!("`{address}` needs the feature `tls`")))
    }
}

impl Client {
    /// A connection to `host:port` or a URL, with an API key. `https://` means TLS.
    pub fn builder(address: impl Into<String>, key: impl Into<String>) -> Builder {
        Builder {
            address: address.into(),
            key: key.into(),
            project: None,
            timeout: Duration::from_secs(30),
            retry: Retry::default(),
            #[cfg(feature = "tls")]
            roots: None,
            #[cfg(feature = "tls")]
            identity: None,
        }
    }

    /// Makes one logical call. `attempt` gets the same fresh request id each time it is
    /// tried, so a change that was made but not answered is not made twice.
    pub async fn call<Answer, Attempt, Pending>(&self, attempt: Attempt) -> Result<Answer, Error>
    where
        Attempt: Fn(String) -> Pending,
        Pending: Future<Output = Result<tonic::Response<Answer>, Status>>,
    {
        let late = || Status::deadline_exceeded("the deadline passed").into();
        let answer = tokio::time::timeout(self.timeout, self.retry.run(attempt));
        answer.await.unwrap_or_else(|_| Err(late()))
    }

    /// What the generated clients are made on, for one that is made by hand.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
    }
}

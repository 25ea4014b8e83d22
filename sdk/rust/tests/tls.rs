//! A server is trusted when its certificate comes from an authority that the client was given, and only then; one that asks
//! for a certificate gets the client's.
#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "tests")]

use perennial_sdk::api::clock::v1::{
    SettleRequest, SettleResponse,
    settle_service_server::{SettleService, SettleServiceServer},
};
use perennial_sdk::{Builder, Client, Error, Retry};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};

const AUTHORITY: &str = include_str!("../../tls/authority.pem");
const CERTIFICATE: &str = include_str!("../../tls/server.pem");
const KEY: &str = include_str!("../../tls/server.key.pem");
const CLIENT_CERTIFICATE: &str = include_str!("../../tls/client.pem");
const CLIENT_KEY: &str = include_str!("../../tls/client.key.pem");

struct Settled;

#[tonic::async_trait]
impl SettleService for Settled {
    async fn settle(&self, _: Request<SettleRequest>) -> Result<Response<SettleResponse>, Status> {
        Ok(Response::new(SettleResponse { settled_count: 7 }))
    }
}

fn shown() -> ServerTlsConfig {
    ServerTlsConfig::new().identity(Identity::from_pem(CERTIFICATE, KEY))
}

/// Serves with these settings as long as the test runs; answers the port.
async fn serve(tls: ServerTlsConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server::builder()
        .tls_config(tls)
        .unwrap()
        .add_service(SettleServiceServer::new(Settled))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    port
}

/// Settings of a client that tries a call once.
fn builder(scheme: &str, port: u16) -> Builder {
    Client::builder(format!("{scheme}://localhost:{port}"), "key").retry(Retry {
        attempts: 1,
        ..Retry::default()
    })
}

async fn settle(client: &Client) -> Result<i64, Error> {
    let answer =
        client.call(|_| async { client.settling().settle(SettleRequest::default()).await });
    Ok(answer.await?.settled_count)
}

#[tokio::test]
async fn only_a_known_authority_is_trusted() {
    let port = serve(shown()).await;
    let known = builder("https", port).root_certificates(AUTHORITY);
    assert_eq!(settle(&known.connect_lazy().unwrap()).await.unwrap(), 7);

    // No authority at all is known, and: no TLS where the server wants it.
    let strangers = [
        builder("https", port).root_certificates(""),
        builder("http", port),
    ];
    for stranger in strangers {
        let error = settle(&stranger.connect_lazy().unwrap()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_the_clients() {
    let port = serve(shown().client_ca_root(Certificate::from_pem(AUTHORITY))).await;
    let nobody = builder("https", port).root_certificates(AUTHORITY);
    let known = nobody
        .clone()
        .client_certificate(CLIENT_CERTIFICATE, CLIENT_KEY);
    assert_eq!(settle(&known.connect_lazy().unwrap()).await.unwrap(), 7);

    let error = settle(&nobody.clone().connect_lazy().unwrap()).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
    let keyless = nobody.client_certificate(CLIENT_CERTIFICATE, "");
    assert!(matches!(keyless.connect_lazy(), Err(Error::Setup(_))));
}

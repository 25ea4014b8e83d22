//! A server is trusted when its certificate comes from an authority that the client was given, and only then.
#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "tests")]

use perennial_sdk::api::clock::v1::{
    SettleRequest, SettleResponse,
    settle_service_server::{SettleService, SettleServiceServer},
};
use perennial_sdk::{Client, Error, Retry};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status};

const AUTHORITY: &str = include_str!("../../tls/authority.pem");
const CERTIFICATE: &str = include_str!("../../tls/server.pem");
const KEY: &str = include_str!("../../tls/server.key.pem");

struct Settled;

#[tonic::async_trait]
impl SettleService for Settled {
    async fn settle(&self, _: Request<SettleRequest>) -> Result<Response<SettleResponse>, Status> {
        Ok(Response::new(SettleResponse { settled_count: 7 }))
    }
}

/// Serves with the test certificate as long as the test runs; answers the port.
async fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::from_pem(CERTIFICATE, KEY);
    let server = Server::builder()
        .tls_config(ServerTlsConfig::new().identity(identity))
        .unwrap()
        .add_service(SettleServiceServer::new(Settled))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    port
}

async fn settle(client: &Client) -> Result<i64, Error> {
    let answer =
        client.call(|_| async { client.settling().settle(SettleRequest::default()).await });
    Ok(answer.await?.settled_count)
}

#[tokio::test]
async fn only_a_known_authority_is_trusted() {
    let port = serve().await;
    let builder = |scheme: &str| {
        Client::builder(format!("{scheme}://localhost:{port}"), "key").retry(Retry {
            attempts: 1,
            ..Retry::default()
        })
    };
    let known = builder("https").root_certificates(AUTHORITY);
    assert_eq!(settle(&known.connect_lazy().unwrap()).await.unwrap(), 7);

    // No authority at all is known, and: no TLS where the server wants it.
    for stranger in [builder("https").root_certificates(""), builder("http")] {
        let error = settle(&stranger.connect_lazy().unwrap()).await.unwrap_err();
        assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
    }
}

//! Listeners and links with certificates that the tests make.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusBuilder;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::*;
use crate::{
    error::details,
    health::Readiness,
    link::{CERTIFICATE_EXPIRED, Links, NOT_TRUSTED},
    listen::Connections,
    server::{Dispatcher, operations, serve_grpc, serve_http},
};

/// Longest time that files may take to be noticed.
const LIMIT: Duration = Duration::from_secs(60);

/// Somebody who signs certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// A certificate for a host, and its key.
    fn sign(&self, host: &str) -> (String, String) {
        self.sign_until(host, 4096)
    }

    fn sign_until(&self, host: &str, year: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A folder of PEM files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn identity(&self, name: &str, (certificate, key): &(String, String)) -> IdentityFiles {
        IdentityFiles {
            certificate: self.put(&format!("{name}.pem"), certificate),
            key: self.put(&format!("{name}.key.pem"), key),
        }
    }

    fn listener(&self, signed: &(String, String), callers: Option<&Authority>) -> ListenerFiles {
        ListenerFiles {
            identity: self.identity("server", signed),
            client_authorities: callers.map(|callers| self.put("callers.pem", &callers.pem)),
        }
    }

    fn link(&self, trusted: &Authority, identity: Option<IdentityFiles>) -> LinkTls {
        let files = LinkFiles {
            authorities: self.put("trusted.pem", &trusted.pem),
            identity,
        };
        LinkTls::links(&files).unwrap()
    }
}

/// A gRPC server that runs until it is dropped.
struct Server {
    port: u16,
    _stop: DropGuard,
}

impl Server {
    async fn start(files: &ListenerFiles) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shutdown = CancellationToken::new();
        let tls = ListenerTls::listener(Port::Grpc, files).unwrap();
        tokio::spawn(tls.clone().watch(shutdown.clone()));
        tokio::spawn(serve_grpc(
            Connections::new(listener, Some(tls)),
            Dispatcher::new(Links::default(), Vec::new()),
            Readiness::default(),
            shutdown.clone(),
        ));
        Self {
            port,
            _stop: shutdown.drop_guard(),
        }
    }

    /// A client with a connection of its own.
    fn client(&self, tls: &LinkTls) -> HealthClient<crate::Link> {
        self.client_at("https://localhost", tls)
    }

    fn client_at(&self, place: &str, tls: &LinkTls) -> HealthClient<crate::Link> {
        let links = Links::default();
        let address = format!("{place}:{}", self.port);
        links.join_remote("catalog", &address, Some(tls)).unwrap();
        HealthClient::new(links.get("catalog"))
    }

    async fn ask(&self, tls: &LinkTls) -> Result<(), Status> {
        ask(&mut self.client(tls)).await
    }
}

async fn ask(client: &mut HealthClient<crate::Link>) -> Result<(), Status> {
    let answer = client.check(HealthCheckRequest::default()).await;
    answer.map(drop)
}

/// The reason of a refusal that is worth another try.
fn reason(answer: Result<(), Status>) -> String {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    details(&status).reason
}

#[tokio::test]
async fn who_is_behind_a_name_that_is_looked_up_has_to_show_a_certificate_for_it() {
    let folder = Folder::new();
    let authority = Authority::new();
    let server = Server::start(&folder.listener(&authority.sign("localhost"), None)).await;
    let tls = folder.link(&authority, None);
    let mut by_name = server.client_at("dns+https:///localhost", &tls);
    let reached = async {
        // The name may have addresses at which nobody listens, and is not looked up at once.
        while ask(&mut by_name).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, reached).await.unwrap();

    let mut by_number = server.client_at("dns+https:///127.0.0.1", &tls);
    let refused = async {
        loop {
            let status = ask(&mut by_number).await.unwrap_err();
            if details(&status).reason == NOT_TRUSTED {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, refused).await.unwrap();
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections() {
    let folder = Folder::new();
    let (before, after) = (Authority::new(), Authority::new());
    let server = Server::start(&folder.listener(&before.sign("localhost"), None)).await;
    let trusts_before = folder.link(&before, None);
    let trusts_after = folder.link(&after, None);
    let mut kept = server.client(&trusts_before);
    ask(&mut kept).await.unwrap();
    assert_eq!(reason(server.ask(&trusts_after).await), NOT_TRUSTED);

    folder.listener(&after.sign("localhost"), None);
    let taken_in = async {
        while server.ask(&trusts_after).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, taken_in).await.unwrap();
    assert_eq!(reason(server.ask(&trusts_before).await), NOT_TRUSTED);
    // A connection that was there before goes on.
    ask(&mut kept).await.unwrap();
}

#[test]
fn files_that_cannot_be_used_leave_those_before_in_use() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let told = |usable: u8, rotations: u8| {
        let text = handle.render();
        for line in [
            format!("perennial_tls_files_usable{{purpose=\"grpc\"}} {usable}\n"),
            format!("perennial_tls_rotations_total{{purpose=\"grpc\"}} {rotations}\n"),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
    };
    metrics::with_local_recorder(&recorder, || {
        let folder = Folder::new();
        let authority = Authority::new();
        let files = folder.listener(&authority.sign("localhost"), Some(&authority));
        let tls = ListenerTls::listener(Port::Grpc, &files).unwrap();
        let first = tls.current();
        told(1, 0);

        let other = authority.sign("localhost");
        for (name, text) in [
            ("server.pem", "no certificate"),
            ("server.pem", ""),
            // Of another key than the one that is there.
            ("server.pem", &other.0),
            ("callers.pem", "nobody"),
        ] {
            folder.put(name, text);
            tls.0.look();
            assert!(Arc::ptr_eq(&first, &tls.current()), "{name}: {text}");
            told(0, 0);
        }
        std::fs::remove_file(&files.identity.key).unwrap();
        tls.0.look();
        told(0, 0);

        folder.listener(&other, Some(&authority));
        tls.0.look();
        let second = tls.current();
        assert!(!Arc::ptr_eq(&first, &second));
        told(1, 1);
        // Files that did not change are left alone.
        tls.0.look();
        assert!(Arc::ptr_eq(&second, &tls.current()));
        told(1, 1);
    });
}

#[tokio::test]
async fn callers_without_a_certificate_of_the_authority_are_refused() {
    let folder = Folder::new();
    let (own, callers, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let files = folder.listener(&own.sign("localhost"), Some(&callers));
    let server = Server::start(&files).await;
    let none = folder.link(&own, None);
    let status = server.ask(&none).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");

    let strange = folder.identity("client", &strangers.sign("billing"));
    let link = folder.link(&own, Some(strange));
    let mut client = server.client(&link);
    let status = ask(&mut client).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    // Links take in new files as listeners do, and need no new connection of the caller's for it.
    folder.identity("client", &callers.sign("billing"));
    link.0.look();
    ask(&mut client).await.unwrap();
}

#[tokio::test]
async fn new_authorities_of_a_link_are_trusted_by_its_next_connection() {
    let folder = Folder::new();
    let (before, after) = (Authority::new(), Authority::new());
    let server = Server::start(&folder.listener(&after.sign("localhost"), None)).await;
    let link = folder.link(&before, None);
    let mut client = server.client(&link);
    assert_eq!(reason(ask(&mut client).await), NOT_TRUSTED);
    folder.put("trusted.pem", &after.pem);
    link.0.look();
    ask(&mut client).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_told_from_one_that_is_not_trusted() {
    let folder = Folder::new();
    let authority = Authority::new();
    let link = folder.link(&authority, None);
    let expired = authority.sign_until("localhost", 2020);
    let server = Server::start(&folder.listener(&expired, None)).await;
    assert_eq!(reason(server.ask(&link).await), CERTIFICATE_EXPIRED);

    let elsewhere = Folder::new();
    let named = authority.sign("catalog.example");
    let server = Server::start(&elsewhere.listener(&named, None)).await;
    assert_eq!(reason(server.ask(&link).await), NOT_TRUSTED);
}

#[tokio::test]
async fn a_caller_that_never_shakes_hands_keeps_nobody_waiting() {
    let folder = Folder::new();
    let authority = Authority::new();
    let files = folder.listener(&authority.sign("localhost"), None);
    let server = Server::start(&files).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        let address = ("127.0.0.1", server.port);
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    server.ask(&folder.link(&authority, None)).await.unwrap();
}

#[tokio::test]
async fn http_is_served_by_tls_and_not_without_it() {
    let folder = Folder::new();
    let authority = Authority::new();
    let files = folder.listener(&authority.sign("localhost"), None);
    let tls = ListenerTls::listener(Port::Http, &files).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shutdown = CancellationToken::new();
    let _stop = shutdown.clone().drop_guard();
    tokio::spawn(serve_http(
        Connections::new(listener, Some(tls)),
        operations(Readiness::default(), None),
        shutdown,
    ));
    let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder().add_root_certificate(root);
    let client = client.build().unwrap();
    let ask = |scheme| {
        client
            .get(format!("{scheme}://localhost:{port}/healthz"))
            .send()
    };
    assert_eq!(ask("https").await.unwrap().text().await.unwrap(), "ok\n");
    ask("http").await.unwrap_err();
}

//! An installation in two processes that speak TLS with each other, both sides with a certificate, and TLS with those who
//! call from outside, whose certificate changes while it runs.

use std::{collections::BTreeMap, path::Path, time::Duration};

use chassis::config::{Config, GATEWAY, SERVICES};
use contract::customer::v1::ListCustomersRequest;
use perennial::Process;
use perennial_sdk::Client;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::setup::eventually;

const LIMIT: Duration = Duration::from_secs(90);
const KEY: &str = "test-bootstrap-key-0123456789";
const MASTER_KEY: &str = "dGVzdC1tYXN0ZXIta2V5LW9mLTMyLWJ5dGVzLWxvbmc=";

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

    /// Puts a certificate for `localhost` and its key in a folder, by a name.
    fn sign(&self, folder: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        let key = key.serialize_pem();
        std::fs::write(folder.join(format!("{name}.key.pem")), key).unwrap();
    }

    fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes()).unwrap();
        let client = reqwest::Client::builder().add_root_certificate(root);
        client.build().unwrap()
    }

    fn grpc(&self, process: &Process) -> Client {
        let address = format!("https://localhost:{}", process.grpc.port());
        let client = Client::builder(address, KEY).root_certificates(&self.pem);
        client.connect_lazy().unwrap()
    }
}

async fn start(folder: &Path, parts: &[&str], settings: &[(&str, &str)]) -> Process {
    let data = folder.display().to_string();
    let common = [
        ("data_dir", data.as_str()),
        ("http", "127.0.0.1:0"),
        ("grpc", "127.0.0.1:0"),
        ("bootstrap_key", KEY),
        ("master_key", MASTER_KEY),
    ];
    let all = common.iter().chain(settings);
    let flags: BTreeMap<String, String> = all
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let config = Config::load(None, [], flags).unwrap();
    let parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    Process::start(config, &parts).await.unwrap()
}

async fn is_ready(client: &reqwest::Client, gateway: &Process) -> Result<(), String> {
    let url = format!("https://localhost:{}/readyz", gateway.http.port());
    let answer = client.get(url).send().await;
    let answer = answer.map_err(|error| format!("{error:?}"))?;
    match answer.status().as_u16() {
        200 => Ok(()),
        other => Err(format!("{other}")),
    }
}

async fn customers(client: &Client) -> Result<(), tonic::Status> {
    let request = ListCustomersRequest::default();
    client.customers().list_customers(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_installation_is_encrypted_throughout_and_takes_new_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (inside, outside, later) = (Authority::new(), Authority::new(), Authority::new());
    inside.sign(folder.path(), "services");
    inside.sign(folder.path(), "gateway");
    outside.sign(folder.path(), "door");
    std::fs::write(folder.path().join("inside.pem"), &inside.pem).unwrap();
    let (authorities, certificate, key) = (
        path("inside.pem"),
        path("services.pem"),
        path("services.key.pem"),
    );
    let services = start(
        folder.path(),
        &SERVICES,
        &[
            ("grpc_tls_certificate", &certificate),
            ("grpc_tls_key", &key),
            ("grpc_tls_client_authorities", &authorities),
        ],
    )
    .await;
    let address = format!("https://localhost:{}", services.grpc.port());
    let names = SERVICES.map(|service| format!("{service}.url"));
    let (certificate, key) = (path("gateway.pem"), path("gateway.key.pem"));
    let (door, door_key) = (path("door.pem"), path("door.key.pem"));
    let mut settings = vec![
        ("link_tls_authorities", authorities.as_str()),
        ("link_tls_certificate", &certificate),
        ("link_tls_key", &key),
        ("grpc_tls_certificate", &door),
        ("grpc_tls_key", &door_key),
        ("http_tls_certificate", &door),
        ("http_tls_key", &door_key),
    ];
    settings.extend(names.iter().map(|name| (name.as_str(), address.as_str())));
    let gateway = start(folder.path(), &[GATEWAY], &settings).await;

    let client = outside.client();
    eventually(LIMIT, || is_ready(&client, &gateway)).await;
    let url = format!("https://localhost:{}/api/v1/meters", gateway.http.port());
    let answer = client.get(url).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    customers(&outside.grpc(&gateway)).await.unwrap();
    // Who shows no certificate gets no answer from the services themselves.
    customers(&inside.grpc(&services)).await.unwrap_err();

    let newcomer = later.client();
    is_ready(&newcomer, &gateway).await.unwrap_err();
    later.sign(folder.path(), "door");
    eventually(LIMIT, || is_ready(&newcomer, &gateway)).await;
    // Each listener looks at its files by itself.
    let caller = later.grpc(&gateway);
    eventually(LIMIT, || async {
        let asked = customers(&caller).await;
        asked.map_err(|status| format!("{status:?}"))
    })
    .await;
    gateway.stop().await.unwrap();
    services.stop().await.unwrap();
}

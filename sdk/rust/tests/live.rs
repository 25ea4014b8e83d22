//! What every SDK is tested for against a running server; `cargo xtask test` starts it and says where it is.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests that are told by their environment where the server is"
)]

use std::{net::TcpListener, time::Duration};

use perennial_sdk::api::customer::v1::{
    CreateCustomerRequest, Customer, ListCustomersRequest, ListCustomersResponse,
};
use perennial_sdk::api::metering::v1::{CreateMeterRequest, Meter, meter::Aggregation};
use perennial_sdk::{Client, Error, Retry};
use prost::Message as _;
use tonic::Code;

fn address() -> String {
    std::env::var("PERENNIAL_ADDRESS")
        .expect("PERENNIAL_ADDRESS names no server: run `cargo xtask test`")
}

fn client(key: &str) -> Client {
    Client::builder(address(), key).connect_lazy().unwrap()
}

fn known() -> Client {
    client(&std::env::var("PERENNIAL_KEY").unwrap())
}

async fn list(client: &Client) -> Result<ListCustomersResponse, Error> {
    client
        .call(|_| async {
            client
                .customers()
                .list_customers(ListCustomersRequest::default())
                .await
        })
        .await
}

#[tokio::test]
async fn an_unreachable_server() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::builder(closed.to_string(), "key")
        .connect_lazy()
        .unwrap();
    assert_eq!(
        list(&client).await.unwrap_err().code(),
        Some(Code::Unavailable)
    );
}

#[tokio::test]
async fn a_deadline_exceeded() {
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::builder(silent.local_addr().unwrap().to_string(), "key")
        .timeout(Duration::from_millis(300))
        .connect_lazy()
        .unwrap();
    assert_eq!(
        list(&client).await.unwrap_err().code(),
        Some(Code::DeadlineExceeded)
    );
}

#[tokio::test]
async fn a_deadline_covers_all_attempts() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let client = Client::builder(closed.to_string(), "key")
        .timeout(Duration::from_millis(300))
        .retry(Retry {
            attempts: u32::MAX,
            ..Retry::default()
        })
        .connect_lazy()
        .unwrap();
    assert_eq!(
        list(&client).await.unwrap_err().code(),
        Some(Code::DeadlineExceeded)
    );
}

#[tokio::test]
async fn a_wrong_key() {
    let error = list(&client("wrong")).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Unauthenticated));
    assert!(error.reason().is_some_and(|reason| !reason.is_empty()));
}

#[tokio::test]
async fn fields_that_are_wrong() {
    let client = known();
    let customer = Customer {
        key: "acme".into(),
        display_name: "Acme".into(),
        currency_code: "dollars".into(),
        ..Customer::default()
    };
    let error = client
        .call(|request_id| async {
            let request = CreateCustomerRequest {
                customer: Some(customer.clone()),
                request_id,
                ..CreateCustomerRequest::default()
            };
            client.customers().create_customer(request).await
        })
        .await
        .unwrap_err();
    assert_eq!(refused_fields(error), ["customer.currency_code"]);
}

/// The fields of an error that says which ones are wrong.
fn refused_fields(error: Error) -> Vec<String> {
    let Error::Refused {
        code, violations, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(code, Code::InvalidArgument);
    violations.into_iter().map(|it| it.field).collect()
}

/// A newer server sends what the SDK does not know: fields are passed over, values of enums stay numbers.
#[test]
fn a_newer_server() {
    let mut sent = Customer {
        key: "acme".into(),
        ..Customer::default()
    }
    .encode_to_vec();
    // Field 999, a text.
    sent.extend_from_slice(b"\xba\x3e\x04news");
    assert_eq!(Customer::decode(sent.as_slice()).unwrap().key, "acme");
    let sent = newer_meter().encode_to_vec();
    let meter = Meter::decode(sent.as_slice()).unwrap();
    assert_eq!(
        (meter.aggregation, meter.aggregation()),
        (99, Aggregation::Unspecified)
    );
}

fn newer_meter() -> Meter {
    Meter {
        slug: "newer".into(),
        event_type: "newer".into(),
        aggregation: 99,
        ..Meter::default()
    }
}

/// A request of a newer SDK, with a field that the server does not know.
#[derive(Clone, PartialEq, prost::Message)]
struct NewerRequest {
    #[prost(int32, tag = "1")]
    page_size: i32,
    #[prost(string, tag = "999")]
    news: String,
}

/// A newer SDK sends what the server does not know: fields are passed over, calls are not there.
#[tokio::test]
async fn an_older_server() {
    for (method, expected) in [
        ("ListCustomers", None),
        ("NotYet", Some(Code::Unimplemented)),
    ] {
        let mut grpc = tonic::client::Grpc::new(known().transport());
        grpc.ready().await.unwrap();
        let path = format!("/perennial.customer.v1.CustomerService/{method}");
        let codec = tonic_prost::ProstCodec::<NewerRequest, ListCustomersResponse>::default();
        let request = NewerRequest {
            page_size: 1,
            news: "news".into(),
        };
        let answer = grpc.unary(tonic::Request::new(request), path.parse().unwrap(), codec);
        let code = answer
            .await
            .err()
            .and_then(|status| Error::from(status).code());
        assert_eq!(code, expected, "{method}");
    }
}

#[tokio::test]
async fn an_older_server_refuses_a_value_that_it_does_not_know() {
    let client = known();
    let error = client
        .call(|request_id| async {
            let request = CreateMeterRequest {
                meter: Some(newer_meter()),
                request_id,
            };
            client.meters().create_meter(request).await
        })
        .await
        .unwrap_err();
    assert_eq!(refused_fields(error), ["meter.aggregation"]);
}

#[test]
fn a_bad_address() {
    for bad in ["", "ftp://host:1", "http://"] {
        let made = Client::builder(bad, "key").connect_lazy();
        assert!(matches!(made, Err(Error::Setup(_))), "{bad}");
    }
}

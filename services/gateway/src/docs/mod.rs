//! The browsable reference at `/docs`: the OpenAPI documents of the dialects and the gRPC contract, on one page that
//! needs nothing from elsewhere. `protos.json` is written by `cargo xtask sdk` from the comments of the protos; the
//! examples are written by hand, and the suite runs them from top to bottom. `server.json` says where gRPC is spoken. `perennial.binpb` is the descriptor set of
//! the contract that this server has, for tools such as grpcurl.

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use serde_json::{Value, json};

use crate::Shared;

/// What the page may load: itself.
const POLICY: &str =
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'";

/// One file of the reference.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 6] = [
    Asset {
        path: "/docs/",
        kind: "text/html; charset=utf-8",
        bytes: include_bytes!("page.html"),
    },
    Asset {
        path: "/docs/page.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("page.css"),
    },
    Asset {
        path: "/docs/page.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("page.js"),
    },
    Asset {
        path: "/docs/protos.json",
        kind: "application/json",
        bytes: include_bytes!("protos.json"),
    },
    Asset {
        path: "/docs/examples.json",
        kind: "application/json",
        bytes: include_bytes!("examples.json"),
    },
    Asset {
        path: "/docs/perennial.binpb",
        kind: "application/x-protobuf",
        bytes: contract::FILE_DESCRIPTOR_SET,
    },
];

/// Routes of the reference.
pub(crate) fn routes() -> Router<Shared> {
    ASSETS
        .iter()
        .fold(
            Router::new().route("/docs", get(async || Redirect::permanent("/docs/"))),
            |router, asset| router.route(asset.path, get(async || serve(asset))),
        )
        .route("/docs/server.json", get(server))
}

/// Where this server speaks gRPC, for the commands that the page shows.
async fn server(State(gateway): State<Shared>) -> Json<Value> {
    let grpc = gateway.grpc;
    Json(json!({"grpc": {"port": grpc.port, "tls": grpc.tls}}))
}

fn serve(asset: &'static Asset) -> Response {
    (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        asset.bytes,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use super::*;

    fn text(path: &str) -> &'static str {
        let asset = ASSETS.iter().find(|asset| asset.path == path).unwrap();
        std::str::from_utf8(asset.bytes).unwrap()
    }

    #[test]
    fn the_page_loads_only_what_is_served() {
        let page = text("/docs/");
        for part in ["page.css", "page.js"] {
            assert!(page.contains(&format!("\"{part}\"")), "{part}");
        }
        let script = text("/docs/page.js");
        for part in [
            "\"protos.json\"",
            "\"examples.json\"",
            "\"server.json\"",
            "/openapi/",
        ] {
            assert!(script.contains(part), "{part}");
        }
        for text in [page, script, text("/docs/page.css")] {
            assert!(!text.contains("://"), "something from elsewhere");
        }
    }

    #[tokio::test]
    async fn the_page_learns_where_grpc_is_spoken() {
        let request = axum::http::Request::get("/docs/server.json");
        let request = request.body(axum::body::Body::empty()).unwrap();
        let router = crate::tests::router(None);
        let (status, answer, _) = crate::tests::send(router, request).await;
        assert_eq!(status, 200);
        assert_eq!(answer, json!({"grpc": {"port": 50_777, "tls": true}}));
        assert!(!text("/docs/page.js").contains("50051"), "a fixed port");
    }

    #[test]
    fn every_call_of_the_contract_is_in_the_reference() {
        let protos: Value = serde_json::from_str(text("/docs/protos.json")).unwrap();
        let mut documented = BTreeSet::new();
        for service in protos["services"].as_array().unwrap() {
            for method in service["methods"].as_array().unwrap() {
                assert_ne!(method["comment"], "", "{method}");
                let name = format!("{}/{}", service["name"], method["name"]);
                documented.insert(name.replace('"', ""));
            }
        }
        for call in [
            "perennial.customer.v1.CustomerService/CreateCustomer",
            "perennial.billing.v1.InvoiceService/ListInvoices",
            "perennial.metering.v1.UsageService/ExportUsage",
        ] {
            assert!(documented.contains(call), "{call}");
        }
        assert!(documented.len() > 200, "{}", documented.len());
    }

    #[test]
    fn every_example_stands_at_an_entry_of_the_reference() {
        let protos: Value = serde_json::from_str(text("/docs/protos.json")).unwrap();
        let examples: Value = serde_json::from_str(text("/docs/examples.json")).unwrap();
        let mut documents = BTreeSet::new();
        for example in examples.as_array().unwrap() {
            let (document, entry) = (
                example["document"].as_str().unwrap(),
                example["entry"].as_str().unwrap(),
            );
            let found = if document == "grpc" {
                let (service, method) = entry.split_once('/').unwrap();
                let mut services = protos["services"].as_array().unwrap().iter();
                let service = services.find(|known| known["name"] == service).unwrap();
                let mut methods = service["methods"].as_array().unwrap().iter();
                methods.any(|known| known["name"] == method)
            } else {
                let (method, path) = entry.split_once(' ').unwrap();
                crate::openapi(document)["paths"][path]
                    .get(method.to_lowercase())
                    .is_some()
            };
            assert!(found, "{document}: {entry}");
            documents.insert(document);
        }
        let all = ["grpc", "openmeter", "probe", "profitwell", "revenuecat"];
        assert_eq!(documents, BTreeSet::from(all));
    }
}

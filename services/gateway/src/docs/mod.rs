//! The browsable reference at `/docs`: the OpenAPI documents of the dialects and the gRPC contract, on one page that
//! needs nothing from elsewhere. `protos.json` is written by `cargo xtask sdk` from the comments of the protos.

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use crate::Shared;

/// What the page may load: itself.
const POLICY: &str =
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'";

/// One file of the reference.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 4] = [
    Asset {
        path: "/docs/",
        kind: "text/html; charset=utf-8",
        text: include_str!("page.html"),
    },
    Asset {
        path: "/docs/page.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("page.css"),
    },
    Asset {
        path: "/docs/page.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("page.js"),
    },
    Asset {
        path: "/docs/protos.json",
        kind: "application/json",
        text: include_str!("protos.json"),
    },
];

/// Routes of the reference.
pub(crate) fn routes() -> Router<Shared> {
    ASSETS.iter().fold(
        Router::new().route("/docs", get(async || Redirect::permanent("/docs/"))),
        |router, asset| router.route(asset.path, get(async || serve(asset))),
    )
}

fn serve(asset: &'static Asset) -> Response {
    (
        [
            (header::CONTENT_TYPE, asset.kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        asset.text,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn text(path: &str) -> &'static str {
        ASSETS.iter().find(|asset| asset.path == path).unwrap().text
    }

    #[test]
    fn the_page_loads_only_what_is_served() {
        let page = text("/docs/");
        for part in ["page.css", "page.js"] {
            assert!(page.contains(&format!("\"{part}\"")), "{part}");
        }
        let script = text("/docs/page.js");
        assert!(script.contains("\"protos.json\"") && script.contains("/openapi/"));
        for text in [page, script, text("/docs/page.css")] {
            assert!(!text.contains("://"), "something from elsewhere");
        }
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
}

//! Where callers find services: at an address that is looked up if the Service is headless, and that is encrypted with TLS.

use std::collections::BTreeMap;

use super::objects::Object;

const GRPC_PORT: u16 = 50051;
/// A setting that only parts have that trust authorities.
const TLS: &str = "PERENNIAL_LINK_TLS_AUTHORITIES";

/// Addresses that are not what the Services and settings beside them ask for. A Service that is not beside them has a cluster IP.
pub(super) fn check(objects: &[Object]) -> Vec<String> {
    let services = objects.iter().filter(|object| object.kind() == "Service");
    let headless: BTreeMap<&str, bool> = services
        .map(|service| (service.name(), service.text("/spec/clusterIP") == "None"))
        .collect();
    let mut findings = Vec::new();
    for map in objects.iter().filter(|object| object.kind() == "ConfigMap") {
        let Some(data) = map.0["data"].as_object() else {
            continue;
        };
        for (key, address) in data {
            let service = key.strip_prefix("PERENNIAL_");
            let Some(service) = service.and_then(|rest| rest.strip_suffix("_URL")) else {
                continue;
            };
            let service = service.to_lowercase();
            let looked_up = headless.get(service.as_str()).copied().unwrap_or_default();
            let scheme = match (looked_up, data.contains_key(TLS)) {
                (false, false) => "http://",
                (false, true) => "https://",
                (true, false) => "dns:///",
                (true, true) => "dns+https:///",
            };
            let wanted = format!("{scheme}{service}:{GRPC_PORT}");
            if *address != wanted {
                findings.push(format!(
                    "ConfigMap {}: {key} is {address}, not {wanted}",
                    map.name()
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn findings(service: Value, data: Value) -> Vec<String> {
        let service = json!({"kind": "Service", "metadata": {"name": "customer"}, "spec": service});
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "billing"}, "data": data});
        check(&[service, map].map(|object| Object(object, String::new())))
    }

    #[test]
    fn addresses_are_those_of_the_services() {
        let (cluster, headless) = (json!({}), json!({"clusterIP": "None"}));
        for (service, tls, good) in [
            (&cluster, false, "http://customer:50051"),
            (&cluster, true, "https://customer:50051"),
            (&headless, false, "dns:///customer:50051"),
            (&headless, true, "dns+https:///customer:50051"),
        ] {
            for address in [
                "http://customer:50051",
                "https://customer:50051",
                "dns:///customer:50051",
                "dns+https:///customer:50051",
                "dns:///metering:50051",
                "dns:///customer:8888",
            ] {
                let mut data = json!({"PERENNIAL_CUSTOMER_URL": address});
                if tls {
                    data[TLS] = json!("/ca.crt");
                }
                let found = findings(service.clone(), data);
                assert_eq!(found.is_empty(), address == good, "{address}: {found:?}");
            }
        }
    }

    #[test]
    fn a_service_elsewhere_has_a_cluster_ip() {
        let data = |address: &str| json!({"PERENNIAL_METERING_URL": address, "PERENNIAL_X": "y"});
        let found = |address| findings(json!({"clusterIP": "None"}), data(address));
        assert_eq!(found("http://metering:50051"), Vec::<String>::new());
        assert_eq!(
            found("dns:///metering:50051"),
            [
                "ConfigMap billing: PERENNIAL_METERING_URL is \"dns:///metering:50051\", not http://metering:50051"
            ]
        );
    }
}

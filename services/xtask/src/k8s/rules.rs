//! What must hold for all objects that are rendered together.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::objects::{Object, list};

/// What every pod says, or each of its containers.
const POD: [(&str, Value); 2] = [
    ("/automountServiceAccountToken", Value::Bool(false)),
    ("/enableServiceLinks", Value::Bool(false)),
];
/// How long running calls go on when a process is asked to stop, and the time that closing needs after it, in seconds.
const DRAIN: u64 = 20;
const CLOSE: u64 = 10;
/// What every container is given.
const MEASURED: [&str; 3] = [
    "/resources/requests/cpu",
    "/resources/requests/memory",
    "/resources/limits/memory",
];

/// What is wrong.
pub(super) fn check(objects: &[Object]) -> Vec<String> {
    let known: BTreeSet<(&str, &str)> = objects
        .iter()
        .map(|object| (object.kind(), object.name()))
        .collect();
    let mut findings = Vec::new();
    if known.len() != objects.len() {
        findings.push("two objects have one kind and name".to_owned());
    }
    for object in objects {
        let found = match object.kind() {
            "Secret" => vec!["secrets are referenced, never stored".to_owned()],
            "ServiceAccount" => tokens(&object.0),
            _ => object.pod().map_or_else(Vec::new, |pod| {
                let mut found = hardened(pod);
                found.extend(references(pod, &known));
                if object.kind() != "Job" {
                    found.extend(lives(pod));
                }
                found
            }),
        };
        let name = format!("{} {}", object.kind(), object.name());
        findings.extend(
            found
                .into_iter()
                .map(|finding| format!("{name}: {finding}")),
        );
    }
    findings
}

fn tokens(account: &Value) -> Vec<String> {
    match account.get("automountServiceAccountToken") {
        Some(Value::Bool(false)) => Vec::new(),
        _ => vec!["hands out a token".to_owned()],
    }
}

/// The restricted standard for pods, and resources.
fn hardened(pod: &Value) -> Vec<String> {
    let mut wanted: Vec<(&str, Value)> = POD.to_vec();
    wanted.push(("/securityContext/runAsNonRoot", json!(true)));
    wanted.push((
        "/securityContext/seccompProfile/type",
        json!("RuntimeDefault"),
    ));
    let mut findings = unlike(pod, &wanted);
    let container = [
        ("/securityContext/allowPrivilegeEscalation", json!(false)),
        ("/securityContext/readOnlyRootFilesystem", json!(true)),
        ("/securityContext/capabilities/drop", json!(["ALL"])),
    ];
    for one in list(pod, "/containers") {
        findings.extend(unlike(one, &container));
        let measured = MEASURED
            .iter()
            .filter(|pointer| one.pointer(pointer).is_none());
        findings.extend(measured.map(|pointer| format!("no {pointer}")));
    }
    findings
}

fn unlike(value: &Value, wanted: &[(&str, Value)]) -> Vec<String> {
    let missing = wanted
        .iter()
        .filter(|(pointer, wanted)| value.pointer(pointer) != Some(wanted));
    missing
        .map(|(pointer, wanted)| format!("{pointer} is not {wanted}"))
        .collect()
}

/// Probes, and for ours enough time to stop.
fn lives(pod: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for container in list(pod, "/containers") {
        for probe in ["readinessProbe", "livenessProbe"] {
            if container.get(probe).is_none() {
                findings.push(format!("no {probe}"));
            }
        }
        if container["name"] != "perennial" {
            continue;
        }
        if container.get("startupProbe").is_none() {
            findings.push("no startupProbe".to_owned());
        }
        let number = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
        let pause = number(container.pointer("/lifecycle/preStop/sleep/seconds"));
        let grace = number(pod.get("terminationGracePeriodSeconds"));
        if grace < pause + DRAIN + CLOSE {
            findings.push(format!(
                "{grace} s to stop are too few: {pause} s before it, {DRAIN} s for running calls, {CLOSE} s to close"
            ));
        }
    }
    findings
}

/// Accounts and settings that a pod names and that are not there.
fn references(pod: &Value, known: &BTreeSet<(&str, &str)>) -> Vec<String> {
    let account = pod["serviceAccountName"].as_str().unwrap_or("default");
    let mut named = vec![("ServiceAccount", account)];
    for container in list(pod, "/containers") {
        let maps = list(container, "/envFrom").iter();
        named.extend(
            maps.filter_map(|from| from.pointer("/configMapRef/name")?.as_str())
                .map(|name| ("ConfigMap", name)),
        );
    }
    let volumes = list(pod, "/volumes").iter();
    named.extend(
        volumes
            .filter_map(|volume| volume.pointer("/configMap/name")?.as_str())
            .map(|name| ("ConfigMap", name)),
    );
    named.retain(|one| !known.contains(one));
    named
        .into_iter()
        .map(|(kind, name)| format!("there is no {kind} {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Object {
        Object(value, String::new())
    }

    fn good() -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"name": "billing"},
            "spec": {"template": {"spec": {
                "serviceAccountName": "billing",
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "terminationGracePeriodSeconds": 45,
                "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "perennial",
                    "envFrom": [{"configMapRef": {"name": "billing"}}],
                    "startupProbe": {}, "readinessProbe": {}, "livenessProbe": {},
                    "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                    "resources": {
                        "requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": {"drop": ["ALL"]}
                    }
                }]
            }}}
        })
    }

    fn findings(deployment: Value) -> Vec<String> {
        let around = [
            json!({"kind": "ServiceAccount", "metadata": {"name": "billing"}, "automountServiceAccountToken": false}),
            json!({"kind": "ConfigMap", "metadata": {"name": "billing"}}),
        ];
        let objects: Vec<Object> = around.into_iter().chain([deployment]).map(object).collect();
        check(&objects)
    }

    #[test]
    fn the_drain_is_that_of_the_code() {
        let code = include_str!("../../../chassis/src/server.rs");
        assert!(code.contains(&format!("DRAIN: Duration = Duration::from_secs({DRAIN})")));
    }

    #[test]
    fn what_keeps_the_rules_is_not_found() {
        assert_eq!(findings(good()), Vec::<String>::new());
    }

    #[test]
    fn every_rule_is_looked_after() {
        for pointer in [
            "/serviceAccountName",
            "/automountServiceAccountToken",
            "/enableServiceLinks",
            "/terminationGracePeriodSeconds",
            "/securityContext/runAsNonRoot",
            "/securityContext/seccompProfile",
            "/containers/0/envFrom/0/configMapRef/name",
            "/containers/0/startupProbe",
            "/containers/0/readinessProbe",
            "/containers/0/livenessProbe",
            "/containers/0/resources/requests/cpu",
            "/containers/0/resources/limits/memory",
            "/containers/0/securityContext/allowPrivilegeEscalation",
            "/containers/0/securityContext/readOnlyRootFilesystem",
            "/containers/0/securityContext/capabilities/drop",
        ] {
            let mut deployment = good();
            let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
            let pod = &mut deployment["spec"]["template"]["spec"];
            let place = if parent.is_empty() {
                Some(pod)
            } else {
                pod.pointer_mut(parent)
            };
            if let Some(place) = place {
                if pointer.ends_with("configMapRef/name") {
                    place["name"] = json!("elsewhere");
                } else if let Some(fields) = place.as_object_mut() {
                    fields.remove(name);
                }
            }
            let found = findings(deployment);
            assert_eq!(found.len(), 1, "{pointer}: {found:?}");
        }
    }

    #[test]
    fn secrets_are_never_stored_and_accounts_hand_out_no_token() {
        let objects: Vec<Object> = ["Secret", "ServiceAccount"]
            .map(|kind| object(json!({"kind": kind, "metadata": {"name": "a"}})))
            .into();
        assert_eq!(
            check(&objects),
            [
                "Secret a: secrets are referenced, never stored",
                "ServiceAccount a: hands out a token"
            ]
        );
    }
}

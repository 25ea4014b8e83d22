//! Who calls whom: the code says it, and addresses and network policies must say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::objects::{Object, list};
use crate::process;

/// Where the code says which part calls which.
const CODE: &str = "services/perennial/src/embedded.rs";
const GATEWAY: &str = "gateway";
/// How a service says in its code that it follows the feed of another.
const FOLLOWS: &str = " source: \"";

/// The parts that each part calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arrows(BTreeMap<String, BTreeSet<String>>);

impl Arrows {
    /// Reads them from the code: the table of calls, and the feeds that are followed.
    pub(super) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(CODE).with_context(|| format!("cannot read {CODE}"))?;
        let mut arrows = Self::of_table(&text).with_context(|| format!("{CODE} has no CALLS"))?;
        let parts: Vec<String> = arrows.0.keys().cloned().collect();
        for part in parts.iter().filter(|part| *part != GATEWAY) {
            for file in process::files(&Path::new("services").join(part).join("src"), ".rs")? {
                let text = std::fs::read_to_string(file)?;
                let followed = text.match_indices(FOLLOWS).filter_map(|(start, _)| {
                    let (name, _) = text[start + FOLLOWS.len()..].split_once('"')?;
                    (name != part && parts.iter().any(|known| known == name)).then_some(name)
                });
                let calls = arrows.0.entry(part.clone()).or_default();
                calls.extend(followed.map(str::to_owned));
            }
        }
        Ok(arrows)
    }

    /// The table as it stands in the code: a caller and its callees in quotes, in parentheses.
    fn of_table(text: &str) -> Option<Self> {
        let (_, table) = text.split_once("const CALLS")?;
        let (_, table) = table.split_once("= [")?;
        let (table, _) = table.split_once("];")?;
        let mut arrows = BTreeMap::new();
        for row in table.split('(').skip(1) {
            let mut names = row.split('"').skip(1).step_by(2).map(str::to_owned);
            if let Some(caller) = names.next() {
                arrows.insert(caller, names.collect::<BTreeSet<_>>());
            }
        }
        let services = arrows.keys().cloned().collect();
        arrows.insert(GATEWAY.to_owned(), services);
        Some(Self(arrows))
    }

    fn callers(&self, callee: &str) -> BTreeSet<String> {
        let calling = self.0.iter().filter(|(_, calls)| calls.contains(callee));
        calling.map(|(caller, _)| caller.clone()).collect()
    }

    /// Where objects say something else.
    pub(super) fn check(&self, objects: &[Object]) -> Vec<String> {
        let mut findings = Vec::new();
        for object in objects {
            let name = object.name();
            let told = match object.kind() {
                "ConfigMap" => self
                    .0
                    .get(name)
                    .map(|calls| vec![("finds", addresses(&object.0), calls.clone())]),
                "NetworkPolicy" => name.strip_prefix("perennial-").and_then(|part| {
                    let calls = self.0.get(part)?;
                    Some(vec![
                        (
                            "may reach",
                            components(&object.0, "egress", "to"),
                            calls.clone(),
                        ),
                        (
                            "is reached by",
                            components(&object.0, "ingress", "from"),
                            self.callers(part),
                        ),
                    ])
                }),
                _ => None,
            };
            for (verb, told, wanted) in told.unwrap_or_default() {
                if told != wanted {
                    findings.push(format!(
                        "{} {name} {verb} {told:?}, in the code it is {wanted:?}",
                        object.kind()
                    ));
                }
            }
        }
        findings
    }
}

/// The services whose address a ConfigMap has.
fn addresses(map: &Value) -> BTreeSet<String> {
    let data = map["data"].as_object();
    let keys = data.into_iter().flat_map(|data| data.keys());
    keys.filter_map(|key| key.strip_prefix("PERENNIAL_")?.strip_suffix("_URL"))
        .map(str::to_lowercase)
        .collect()
}

/// The components of ours that one direction of a policy names.
fn components(policy: &Value, direction: &str, side: &str) -> BTreeSet<String> {
    let rules = list(policy, &format!("/spec/{direction}")).iter();
    let peers = rules.flat_map(|rule| list(rule, &format!("/{side}")));
    let expressions = peers.flat_map(|peer| list(peer, "/podSelector/matchExpressions"));
    let values = expressions.flat_map(|expression| list(expression, "/values"));
    values
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TABLE: &str = r#"
const CALLS: [(&str, &[&str]); 3] = [
    ("customer", &[]),
    (
        "metering",
        &["customer"],
    ),
    (GATEWAY, &SERVICES),
];"#;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_table_is_read() -> Result<()> {
        let arrows = Arrows::of_table(TABLE).context("no table")?;
        assert_eq!(arrows.0["customer"], set(&[]));
        assert_eq!(arrows.0["metering"], set(&["customer"]));
        assert_eq!(arrows.0["gateway"], set(&["customer", "metering"]));
        assert_eq!(arrows.callers("customer"), set(&["metering", "gateway"]));
        Ok(())
    }

    #[test]
    fn addresses_and_policies_must_say_the_same() -> Result<()> {
        let arrows = Arrows::of_table(TABLE).context("no table")?;
        let map = |keys: Value| {
            let map = json!({"kind": "ConfigMap", "metadata": {"name": "metering"}, "data": keys});
            Object(map, String::new())
        };
        let policy = |from: Value| {
            let among =
                |names: Value| json!([{"podSelector": {"matchExpressions": [{"values": names}]}}]);
            let policy = json!({
                "kind": "NetworkPolicy",
                "metadata": {"name": "perennial-metering"},
                "spec": {
                    "ingress": [{"from": among(from)}],
                    "egress": [{"to": among(json!(["customer"]))}, {"to": [{"ipBlock": {}}]}],
                }
            });
            Object(policy, String::new())
        };
        let good = [
            map(json!({"PERENNIAL_CUSTOMER_URL": "x", "PERENNIAL_INGEST_LOG": "y"})),
            policy(json!(["gateway"])),
        ];
        assert_eq!(arrows.check(&good), Vec::<String>::new());
        let bad = [map(json!({})), policy(json!(["gateway", "billing"]))];
        assert_eq!(arrows.check(&bad).len(), 2);
        Ok(())
    }

    #[test]
    fn the_code_has_both() -> Result<()> {
        std::env::set_current_dir(process::root())?;
        let arrows = Arrows::read()?;
        assert_eq!(arrows.0.len(), 8);
        assert!(arrows.0["entitlement"].contains("subscription"), "a feed");
        assert!(arrows.0["subscription"].contains("billing"), "a call");
        Ok(())
    }
}

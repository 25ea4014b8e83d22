//! The gRPC contract as data for the reference at `/docs`: every call, message and enum with its comment, read from
//! buf's image in JSON.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Numbers of fields in `descriptor.proto`, by which comments are found.
const MESSAGES: u64 = 4;
const ENUMS: u64 = 5;
const SERVICES: u64 = 6;
const MEMBERS: u64 = 2;
const NESTED_MESSAGES: u64 = 3;
const NESTED_ENUMS: u64 = 4;

/// What the page shows, from an image with source info.
pub(super) fn reference(image: &str) -> Result<String> {
    let image: Value = serde_json::from_str(image).context("the image of buf is no JSON")?;
    let (mut services, mut types) = (Vec::new(), Vec::new());
    for file in items(&image["file"]) {
        let package = text(&file["package"]);
        if !package.starts_with("perennial.") {
            continue;
        }
        let comments = Comments::of(file);
        for (index, service) in numbered(&file["service"]) {
            services.push(service_of(service, package, &comments, &[SERVICES, index]));
        }
        for (index, message) in numbered(&file["messageType"]) {
            message_of(message, package, &comments, &[MESSAGES, index], &mut types);
        }
        for (index, of) in numbered(&file["enumType"]) {
            types.push(enum_of(of, package, &comments, &[ENUMS, index]));
        }
    }
    services.sort_by_key(|service| text(&service["name"]).to_owned());
    types.sort_by_key(|of| text(&of["name"]).to_owned());
    Ok(format!(
        "{{\"services\":[\n{}\n],\"types\":[\n{}\n]}}\n",
        lines(&services),
        lines(&types)
    ))
}

/// One line each, so that a change of one is a difference of one line.
fn lines(values: &[Value]) -> String {
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    lines.join(",\n")
}

/// Leading comments of a file, by path.
struct Comments(HashMap<Vec<u64>, String>);

impl Comments {
    fn of(file: &Value) -> Self {
        let found = items(&file["sourceCodeInfo"]["location"])
            .iter()
            .filter_map(|location| {
                let path = items(&location["path"])
                    .iter()
                    .filter_map(Value::as_u64)
                    .collect();
                let lines: Vec<&str> = text(&location["leadingComments"])
                    .lines()
                    .map(str::trim)
                    .collect();
                (!lines.is_empty()).then(|| (path, lines.join(" ")))
            })
            .collect();
        Self(found)
    }

    fn at(&self, path: &[u64]) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }
}

fn service_of(service: &Value, package: &str, comments: &Comments, path: &[u64]) -> Value {
    let methods: Vec<Value> = numbered(&service["method"])
        .map(|(index, method)| {
            json!({
                "name": method["name"],
                "comment": comments.at(&[path, &[MEMBERS, index]].concat()),
                "input": bare(&method["inputType"]),
                "output": bare(&method["outputType"]),
                "client_streaming": method["clientStreaming"] == true,
                "server_streaming": method["serverStreaming"] == true,
                "reads": method["options"]["idempotencyLevel"] == "NO_SIDE_EFFECTS",
            })
        })
        .collect();
    json!({
        "name": format!("{package}.{}", text(&service["name"])),
        "comment": comments.at(path),
        "methods": methods,
    })
}

fn message_of(
    message: &Value,
    scope: &str,
    comments: &Comments,
    path: &[u64],
    types: &mut Vec<Value>,
) {
    let name = format!("{scope}.{}", text(&message["name"]));
    let entries: HashMap<String, &Value> = items(&message["nestedType"])
        .iter()
        .filter(|nested| nested["options"]["mapEntry"] == true)
        .map(|nested| (format!(".{name}.{}", text(&nested["name"])), nested))
        .collect();
    let fields: Vec<Value> = numbered(&message["field"])
        .map(|(index, field)| {
            let map = entries.get(text(&field["typeName"]));
            let (label, of) = match map {
                Some(entry) => ("map from text to ", kind(&entry["field"][1])),
                None if field["label"] == "LABEL_REPEATED" => ("list of ", kind(field)),
                None if field["proto3Optional"] == true => ("optional ", kind(field)),
                None if field["oneofIndex"].is_number() => ("one of: ", kind(field)),
                None => ("", kind(field)),
            };
            json!({
                "name": field["name"],
                "number": field["number"],
                "label": label,
                "type": of,
                "comment": comments.at(&[path, &[MEMBERS, index]].concat()),
            })
        })
        .collect();
    types.push(json!({"name": name, "comment": comments.at(path), "fields": fields}));
    for (index, nested) in numbered(&message["nestedType"]) {
        if nested["options"]["mapEntry"] != true {
            let path = [path, &[NESTED_MESSAGES, index]].concat();
            message_of(nested, &name, comments, &path, types);
        }
    }
    for (index, nested) in numbered(&message["enumType"]) {
        let path = [path, &[NESTED_ENUMS, index]].concat();
        types.push(enum_of(nested, &name, comments, &path));
    }
}

fn enum_of(of: &Value, scope: &str, comments: &Comments, path: &[u64]) -> Value {
    let values: Vec<Value> = numbered(&of["value"])
        .map(|(index, value)| {
            json!({
                "name": value["name"],
                "number": value["number"],
                "comment": comments.at(&[path, &[MEMBERS, index]].concat()),
            })
        })
        .collect();
    json!({
        "name": format!("{scope}.{}", text(&of["name"])),
        "comment": comments.at(path),
        "values": values,
    })
}

/// The type of a field, as one writes it.
fn kind(field: &Value) -> String {
    let name = bare(&field["typeName"]);
    if name.is_empty() {
        text(&field["type"])
            .trim_start_matches("TYPE_")
            .to_lowercase()
    } else {
        name.to_owned()
    }
}

fn bare(name: &Value) -> &str {
    text(name).trim_start_matches('.')
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn numbered(value: &Value) -> impl Iterator<Item = (u64, &Value)> {
    (0..).zip(items(value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn comments_are_found_by_path() {
        let image = json!({"file": [{
            "name": "a.proto",
            "package": "perennial.a.v1",
            "messageType": [{
                "name": "Thing",
                "field": [{"name": "amount", "number": 1, "typeName": ".perennial.kernel.v1.Decimal", "label": "LABEL_REPEATED"}],
                "enumType": [{"name": "State", "value": [{"name": "STATE_UNSPECIFIED", "number": 0}]}],
            }],
            "sourceCodeInfo": {"location": [
                {"path": [4, 0], "leadingComments": " A thing,\n on two lines.\n"},
                {"path": [4, 0, 2, 0], "leadingComments": " How much.\n"},
                {"path": [4, 0, 4, 0, 2, 0], "leadingComments": " Not said.\n"},
            ]},
        }]});
        let shown: Value = serde_json::from_str(&reference(&image.to_string()).unwrap()).unwrap();
        let (thing, state) = (&shown["types"][0], &shown["types"][1]);
        assert_eq!(thing["comment"], "A thing, on two lines.");
        assert_eq!(thing["fields"][0]["comment"], "How much.");
        assert_eq!(thing["fields"][0]["label"], "list of ");
        assert_eq!(state["name"], "perennial.a.v1.Thing.State");
        assert_eq!(state["values"][0]["comment"], "Not said.");
    }
}

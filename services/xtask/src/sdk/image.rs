//! What the recipe needs to know of the protos, read from buf's image in JSON.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Attempts of a call and the pauses in between, as gRPC itself keeps them.
const ATTEMPTS: u32 = 4;

/// One proto file.
pub(super) struct File {
    /// Path without `.proto`, such as `perennial/customer/v1/customer`.
    pub stem: String,
    /// Its proto package.
    pub package: String,
    /// Top-level messages.
    pub messages: Vec<String>,
    /// Top-level enums.
    pub enums: Vec<String>,
    /// Services.
    pub services: Vec<String>,
}

/// All files, by path.
pub(super) struct Image {
    pub files: Vec<File>,
    /// `service` and `method` of each call that must not be sent twice: it changes something, and
    /// its request has no `request_id`.
    pub unrepeatable: BTreeSet<(String, String)>,
}

impl Image {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let image: Value = serde_json::from_str(text).context("the image of buf is no JSON")?;
        let own: Vec<&Value> = array(&image["file"])
            .iter()
            .filter(|file| text_of(&file["package"]).starts_with("perennial."))
            .collect();
        let mut repeatable_inputs = BTreeSet::new();
        for file in &own {
            for message in array(&file["messageType"]) {
                if array(&message["field"])
                    .iter()
                    .any(|field| field["name"] == "request_id")
                {
                    repeatable_inputs.insert(format!(
                        ".{}.{}",
                        text_of(&file["package"]),
                        text_of(&message["name"])
                    ));
                }
            }
        }
        let mut unrepeatable = BTreeSet::new();
        for file in &own {
            for service in array(&file["service"]) {
                let name = format!(
                    "{}.{}",
                    text_of(&file["package"]),
                    text_of(&service["name"])
                );
                for method in array(&service["method"]) {
                    let reads = method["options"]["idempotencyLevel"] == "NO_SIDE_EFFECTS";
                    if !reads && !repeatable_inputs.contains(text_of(&method["inputType"])) {
                        unrepeatable.insert((name.clone(), text_of(&method["name"]).to_owned()));
                    }
                }
            }
        }
        let mut files: Vec<File> = own.into_iter().map(File::parse).collect();
        files.sort_by(|left, right| left.stem.cmp(&right.stem));
        Ok(Self {
            files,
            unrepeatable,
        })
    }

    /// The files of each service, by its short name, such as `customer`.
    pub(super) fn by_service(&self) -> BTreeMap<&str, Vec<&File>> {
        let mut services: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
        for file in &self.files {
            let name = file.package.split('.').nth(1).unwrap_or(&file.package);
            services.entry(name).or_default().push(file);
        }
        services
    }

    /// gRPC's service config: everything is tried again when the server was not reached, but for
    /// what must not be sent twice.
    pub(super) fn service_config(&self) -> Value {
        let never: Vec<Value> = self
            .unrepeatable
            .iter()
            .map(|(service, method)| json!({"service": service, "method": method}))
            .collect();
        json!({"methodConfig": [
            {"name": never},
            {"name": [{}], "retryPolicy": {
                "maxAttempts": ATTEMPTS,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }},
        ]})
    }
}

impl File {
    fn parse(file: &Value) -> Self {
        let names = |of: &str| {
            array(&file[of])
                .iter()
                .map(|item| text_of(&item["name"]).to_owned())
                .collect()
        };
        Self {
            stem: text_of(&file["name"]).trim_end_matches(".proto").to_owned(),
            package: text_of(&file["package"]).to_owned(),
            messages: names("messageType"),
            enums: names("enumType"),
            services: names("service"),
        }
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn reads_and_calls_with_a_request_id_may_be_repeated() {
        let image = json!({"file": [{
            "name": "perennial/a/v1/a_service.proto",
            "package": "perennial.a.v1",
            "messageType": [
                {"name": "Named", "field": [{"name": "request_id"}]},
                {"name": "Nameless", "field": [{"name": "id"}]},
            ],
            "service": [{"name": "AService", "method": [
                {"name": "Read", "inputType": ".perennial.a.v1.Nameless", "options": {"idempotencyLevel": "NO_SIDE_EFFECTS"}},
                {"name": "Write", "inputType": ".perennial.a.v1.Named"},
                {"name": "Fire", "inputType": ".perennial.a.v1.Nameless"},
            ]}],
        }, {"name": "google/protobuf/timestamp.proto", "package": "google.protobuf"}]});
        let image = Image::parse(&image.to_string()).unwrap();
        let fire = ("perennial.a.v1.AService".to_owned(), "Fire".to_owned());
        assert_eq!(image.unrepeatable, BTreeSet::from([fire]));
        assert_eq!(image.files.len(), 1);
        assert_eq!(image.by_service()["a"][0].services, ["AService"]);
    }
}

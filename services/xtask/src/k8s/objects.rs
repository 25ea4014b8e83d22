//! Objects of Kubernetes as they were rendered.

use anyhow::{Context, Result};
use serde_json::Value;

/// API groups whose objects every cluster knows, beside those without a group.
const BUILTIN: [&str; 6] = [
    "apps/",
    "autoscaling/",
    "batch/",
    "networking.k8s.io/",
    "policy/",
    "scheduling.k8s.io/",
];

/// One object, and the document that it was read from.
#[derive(Clone, Debug)]
pub(super) struct Object(pub Value, pub String);

impl Object {
    /// Its kind.
    pub(super) fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Whether it is of Kubernetes itself, not of an extension.
    pub(super) fn is_builtin(&self) -> bool {
        let version = self.text("/apiVersion");
        version == "v1" || BUILTIN.iter().any(|group| version.starts_with(group))
    }

    /// A text in it by JSON pointer; empty when it is not there.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The specification of its pods, where it starts any.
    pub(super) fn pod(&self) -> Option<&Value> {
        match self.kind() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => {
                self.0.pointer("/spec/template/spec")
            }
            _ => None,
        }
    }
}

/// Reads a stream of documents as a renderer writes it: with a line between them.
pub(super) fn read(text: &str) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for document in text.split("\n---\n") {
        let value: Value =
            serde_yaml_ng::from_str(document).with_context(|| document.to_owned())?;
        if !value.is_null() {
            objects.push(Object(value, document.to_owned()));
        }
    }
    Ok(objects)
}

/// Writes a stream of documents.
pub(super) fn write(objects: &[&Object]) -> String {
    let documents: Vec<&str> = objects.iter().map(|object| object.1.as_str()).collect();
    documents.join("\n---\n")
}

/// The elements of a list in a value by JSON pointer; none when it is not there.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_read_and_written() -> Result<()> {
        let objects = read("# Head.\n---\nkind: Job\nmetadata: {name: a}\n---\n# Nothing.\n")?;
        assert_eq!(objects.len(), 1);
        assert_eq!((objects[0].kind(), objects[0].name()), ("Job", "a"));
        let again = read(&write(&objects.iter().collect::<Vec<_>>()))?;
        assert_eq!(again[0].0, objects[0].0);
        Ok(())
    }

    #[test]
    fn extensions_are_told_apart() -> Result<()> {
        for (version, builtin) in [
            ("v1", true),
            ("apps/v1", true),
            ("networking.k8s.io/v1", true),
            ("gateway.networking.k8s.io/v1", false),
            ("monitoring.coreos.com/v1", false),
        ] {
            let object = &read(&format!("apiVersion: {version}"))?[0];
            assert_eq!(object.is_builtin(), builtin, "{version}");
        }
        Ok(())
    }
}

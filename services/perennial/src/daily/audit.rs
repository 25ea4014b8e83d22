//! `perennial audit`.

use std::collections::BTreeSet;

use contract::{
    audit::v1::{AuditEntry, ListAuditEntriesRequest},
    json::{message_to_json, to_json},
};
use perennial_sdk::Client;
use serde_json::{Value, json};
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
};

use super::collect;
use crate::{
    cli::AuditArgs,
    screen::{Column, List, Screen},
};

const COLUMNS: [Column; 5] = [
    Column::text("time", "createTime"),
    Column::text("what", "kind"),
    Column::text("resource", "resourceId"),
    Column::text("who", "actor"),
    Column::text("changed", "changed"),
];

/// Shows a part of the log of one service.
pub(crate) async fn run(
    client: &Client,
    query: AuditArgs,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let service: MetadataValue<Ascii> = query.service.parse()?;
    let resource_id = query.resource.unwrap_or_default();
    let fetch = |page_size, page_token| {
        let request = ListAuditEntriesRequest {
            resource_id: resource_id.clone(),
            page_size,
            page_token,
        };
        let service = &service;
        async move {
            let answer = client.call(|_| async {
                let mut request = Request::new(request.clone());
                let metadata = request.metadata_mut();
                metadata.insert("x-perennial-service", service.clone());
                client.audit().list_audit_entries(request).await
            });
            let answer = answer.await?;
            Ok((answer.entries, answer.next_page_token))
        }
    };
    let (entries, more) = collect(screen, query.listing, fetch).await?;
    screen.list(&List {
        name: "entries",
        columns: &COLUMNS,
        items: entries
            .iter()
            .map(readable)
            .collect::<anyhow::Result<_>>()?,
        more,
    })
}

/// An entry with the resource before and after, and the names of the fields that differ. A resource that is newer than this
/// program stays bytes.
fn readable(entry: &AuditEntry) -> anyhow::Result<Value> {
    let mut item = message_to_json(entry)?;
    // Where there was nothing, the resource's empty fields are no change.
    let state = |bytes: &[u8]| to_json(&entry.resource_type, bytes).unwrap_or_default();
    let (before, after) = (state(&entry.before), state(&entry.after));
    for (name, bytes, state) in [
        ("before", &entry.before, &before),
        ("after", &entry.after, &after),
    ] {
        if bytes.is_empty() {
            item[name] = Value::Null;
        } else if !state.is_null() {
            item[name] = state.clone();
        }
    }
    item["changed"] = json!(changed(&before, &after));
    Ok(item)
}

fn changed<'a>(before: &'a Value, after: &'a Value) -> BTreeSet<&'a str> {
    let names = [before, after].into_iter().filter_map(Value::as_object);
    let names = names.flat_map(|fields| fields.keys());
    let differing = names.filter(|name| before.get(name.as_str()) != after.get(name.as_str()));
    differing.map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use contract::customer::v1::Customer;
    use prost::{Message as _, Name as _};

    use super::*;

    #[test]
    fn what_changed_is_named() {
        let customer = |name: &str| Customer {
            key: "acme".to_owned(),
            display_name: name.to_owned(),
            ..Default::default()
        };
        let mut entry = AuditEntry {
            resource_type: Customer::full_name(),
            before: customer("").encode_to_vec(),
            after: customer("Acme").encode_to_vec(),
            ..Default::default()
        };
        let item = readable(&entry).unwrap();
        assert_eq!(item["changed"], json!(["displayName"]));
        assert_eq!(item["before"]["key"], "acme");
        entry.before.clear();
        let item = readable(&entry).unwrap();
        assert_eq!(item["changed"], json!(["displayName", "key"]));
        assert_eq!(item["before"], Value::Null);
        entry.resource_type = "perennial.customer.v2.Customer".to_owned();
        let item = readable(&entry).unwrap();
        assert_eq!(
            (item["changed"].clone(), item["after"].is_string()),
            (json!([]), true)
        );
    }
}

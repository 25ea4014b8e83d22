//! Messages as proto3 JSON, by reflection: for the command line, the audit log and whoever holds
//! bytes and a name. The dialects have JSON of their own and do not come here.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, value::Serializer};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(crate::FILE_DESCRIPTOR_SET)
        .expect("the build wrote these descriptors from protos that compiled")
});

/// Why bytes have no JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No message of the contract has this name.
    #[error("no message is called {name}")]
    UnknownMessage {
        /// The name that was asked for.
        name: String,
    },
    /// The bytes are no such message.
    #[error("bytes are not a valid message")]
    Bytes(#[from] prost::DecodeError),
    /// The message holds a value that JSON cannot say, such as a time out of range.
    #[error("message has no JSON form")]
    Json(#[from] serde_json::Error),
}

/// The descriptors of the contract, ready for look-ups.
pub fn descriptors() -> &'static DescriptorPool {
    &POOL
}

/// Encoded bytes of the message with this full name (`perennial.customer.v1.Customer`) as JSON. What is false, 0 or empty is said
/// like everything else, so that scripts find it; only messages and choices that are absent are left out.
pub fn to_json(full_name: &str, bytes: &[u8]) -> Result<Value, JsonError> {
    let message = POOL
        .get_message_by_name(full_name)
        .ok_or_else(|| JsonError::UnknownMessage {
            name: full_name.to_owned(),
        })?;
    let options = SerializeOptions::new().skip_default_fields(false);
    Ok(DynamicMessage::decode(message, bytes)?.serialize_with_options(Serializer, &options)?)
}

/// A message as JSON.
pub fn message_to_json<M: Message + Name>(message: &M) -> Result<Value, JsonError> {
    to_json(&M::full_name(), &message.encode_to_vec())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entitlement::v1::EntitlementValue;
    use crate::feed::v1::Event;
    use crate::kernel::v1::{Decimal, Money};

    #[test]
    fn messages_have_canonical_json() {
        let event = Event {
            cursor: 1 << 60,
            kind: "customer.created".to_owned(),
            payload: vec![1, 2, 3],
            create_time: Some(prost_types::Timestamp {
                seconds: 0,
                nanos: 500_000_000,
            }),
            ..Event::default()
        };
        let expected = serde_json::json!({
            "cursor": "1152921504606846976",
            "kind": "customer.created",
            "payload": "AQID",
            "createTime": "1970-01-01T00:00:00.500Z",
        });
        let json = message_to_json(&event).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(json[name], *value, "{name}");
        }
    }

    #[test]
    fn what_is_false_or_empty_is_said() {
        let json = message_to_json(&EntitlementValue::default()).unwrap();
        assert_eq!(json["hasAccess"], false);
        assert_eq!(json["featureKey"], "");
        assert!(json.get("metered").is_none(), "{json}");
    }

    #[test]
    fn nested_messages_are_found_by_name() {
        let money = Money {
            amount: Some(Decimal {
                value: "1.5".to_owned(),
            }),
            currency_code: "USD".to_owned(),
        };
        let json = to_json("perennial.kernel.v1.Money", &money.encode_to_vec()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"amount": {"value": "1.5"}, "currencyCode": "USD"})
        );
    }

    #[test]
    fn unknown_names_and_broken_bytes_are_errors() {
        assert!(matches!(
            to_json("perennial.kernel.v1.Nothing", &[]),
            Err(JsonError::UnknownMessage { .. })
        ));
        assert!(matches!(
            to_json("perennial.kernel.v1.Money", &[255]),
            Err(JsonError::Bytes(_))
        ));
    }

    #[test]
    fn every_package_of_the_contract_is_described() {
        for service in descriptors().services() {
            assert!(
                service.full_name().starts_with("perennial."),
                "{}",
                service.full_name()
            );
            assert!(service.methods().len() > 0, "{}", service.full_name());
        }
    }
}

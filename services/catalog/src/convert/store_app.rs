//! Store apps and their details.

use chassis::mask::Mask;
use contract::catalog::v1::{self as pb, store_app::Details as Wire};

use super::time;
use crate::{
    domain::store_app::{AppKind, AppSpec, DetailRule, Details},
    error::CatalogError,
    store::store_app::StoreApp,
};

/// What is output only, or fixed; ignored in an update.
const IGNORED: [&str; 7] = [
    "id",
    "short_id",
    "type",
    "is_default",
    "etag",
    "create_time",
    "update_time",
];

/// The value of a detail that is a flag and set.
const SET: &str = "true";

/// Reads an app as a user sends it, its secrets in clear.
pub fn from_proto(wire: &pb::StoreApp) -> Result<AppSpec, CatalogError> {
    let kind = kind(wire)?;
    let mut spec = AppSpec {
        name: wire.name.clone(),
        kind,
        details: Details::default(),
    };
    for (rule, value) in given(kind, wire)? {
        spec.details.set(rule, value);
    }
    spec.fill_defaults();
    Ok(spec)
}

/// What an update asks for: the new name, and the details to set, secrets in clear; an empty detail
/// is forgotten.
pub struct Change {
    /// The new name.
    pub name: Option<String>,
    /// The details to set.
    pub details: Vec<(&'static DetailRule, String)>,
}

/// Reads an update of an app of this kind.
pub fn change(
    kind: AppKind,
    wire: &pb::StoreApp,
    mask: Option<&prost_types::FieldMask>,
) -> Result<Change, CatalogError> {
    let path = |rule: &DetailRule| format!("{}.{}", kind.word(), rule.name);
    let known: Vec<String> = std::iter::once("name".to_owned())
        .chain(kind.rules().iter().map(path))
        .collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let everything = mask.is_some_and(|mask| mask.paths.iter().any(|path| path == "*"));
    let mask = Mask::from_proto(mask, &known, &IGNORED)?;
    let mut details = given(kind, wire)?;
    details.retain(|(rule, value)| {
        // A secret cannot be read, so a full replacement cannot repeat it.
        let kept = everything && rule.secret && value.is_empty();
        !kept && mask.changes(&path(rule), !value.is_empty())
    });
    Ok(Change {
        name: mask
            .changes("name", !wire.name.is_empty())
            .then(|| wire.name.clone()),
        details,
    })
}

fn kind(wire: &pb::StoreApp) -> Result<AppKind, CatalogError> {
    use pb::store_app::Type;
    match wire.r#type() {
        Type::Amazon => Ok(AppKind::Amazon),
        Type::AppStore => Ok(AppKind::AppStore),
        Type::MacAppStore => Ok(AppKind::MacAppStore),
        Type::PlayStore => Ok(AppKind::PlayStore),
        Type::Stripe => Ok(AppKind::Stripe),
        Type::BuiltIn => Ok(AppKind::BuiltIn),
        Type::Roku => Ok(AppKind::Roku),
        Type::Unspecified => Err(CatalogError::invalid("store_app.type", "is required")),
    }
}

/// The details that were sent, one for each rule of the kind; those of another kind are refused.
fn given(
    kind: AppKind,
    wire: &pb::StoreApp,
) -> Result<Vec<(&'static DetailRule, String)>, CatalogError> {
    let flag = |set: bool| if set { SET } else { "" };
    let (of, values): (AppKind, Vec<&str>) = match &wire.details {
        None => (kind, Vec::new()),
        Some(Wire::Amazon(app)) => (AppKind::Amazon, vec![&app.package_name, &app.shared_secret]),
        Some(Wire::AppStore(app)) => (
            AppKind::AppStore,
            vec![
                &app.bundle_id,
                &app.shared_secret,
                &app.subscription_private_key,
                &app.subscription_key_id,
                &app.subscription_key_issuer,
                flag(app.small_business_program),
            ],
        ),
        Some(Wire::MacAppStore(app)) => (
            AppKind::MacAppStore,
            vec![
                &app.bundle_id,
                &app.shared_secret,
                flag(app.small_business_program),
            ],
        ),
        Some(Wire::PlayStore(app)) => (
            AppKind::PlayStore,
            vec![&app.package_name, flag(app.small_business_program)],
        ),
        Some(Wire::Stripe(app)) => (AppKind::Stripe, vec![&app.stripe_account_id]),
        Some(Wire::BuiltIn(app)) => (
            AppKind::BuiltIn,
            vec![
                &app.stripe_account_id,
                &app.seller_company_name,
                &app.seller_company_support_email,
                &app.default_currency_code,
            ],
        ),
        Some(Wire::Roku(app)) => (
            AppKind::Roku,
            vec![
                &app.roku_api_key,
                &app.roku_channel_id,
                &app.roku_channel_name,
            ],
        ),
    };
    if of != kind {
        return Err(CatalogError::invalid(
            format!("store_app.{}", of.word()),
            format!("does not belong to an app of type {}", kind.word()),
        ));
    }
    let mut values = values.into_iter();
    Ok(kind
        .rules()
        .iter()
        .map(|rule| (rule, values.next().unwrap_or_default().to_owned()))
        .collect())
}

/// A stored app for the wire, without its secrets.
pub fn to_proto(app: &StoreApp) -> pb::StoreApp {
    use pb::store_app::Type;
    let value = |name: &str| {
        let found = app.spec.details.open.get(name);
        found.cloned().unwrap_or_default()
    };
    let none = String::new;
    let is_set = |name: &str| value(name) == SET;
    let (kind, details) = match app.spec.kind {
        AppKind::Amazon => (
            Type::Amazon,
            Wire::Amazon(pb::AmazonDetails {
                package_name: value("package_name"),
                shared_secret: none(),
            }),
        ),
        AppKind::AppStore => (
            Type::AppStore,
            Wire::AppStore(pb::AppStoreDetails {
                bundle_id: value("bundle_id"),
                small_business_program: is_set("small_business_program"),
                ..Default::default()
            }),
        ),
        AppKind::MacAppStore => (
            Type::MacAppStore,
            Wire::MacAppStore(pb::MacAppStoreDetails {
                bundle_id: value("bundle_id"),
                shared_secret: none(),
                small_business_program: is_set("small_business_program"),
            }),
        ),
        AppKind::PlayStore => (
            Type::PlayStore,
            Wire::PlayStore(pb::PlayStoreDetails {
                package_name: value("package_name"),
                small_business_program: is_set("small_business_program"),
            }),
        ),
        AppKind::Stripe => (
            Type::Stripe,
            Wire::Stripe(pb::StripeDetails {
                stripe_account_id: value("stripe_account_id"),
            }),
        ),
        AppKind::BuiltIn => (
            Type::BuiltIn,
            Wire::BuiltIn(pb::BuiltInDetails {
                stripe_account_id: value("stripe_account_id"),
                seller_company_name: value("seller_company_name"),
                seller_company_support_email: value("seller_company_support_email"),
                default_currency_code: value("default_currency_code"),
            }),
        ),
        AppKind::Roku => (
            Type::Roku,
            Wire::Roku(pb::RokuDetails {
                roku_api_key: none(),
                roku_channel_id: value("roku_channel_id"),
                roku_channel_name: value("roku_channel_name"),
            }),
        ),
    };
    pb::StoreApp {
        id: app.id.to_string(),
        short_id: app.short_id.clone(),
        name: app.spec.name.clone(),
        r#type: kind.into(),
        details: Some(details),
        is_default: app.is_default,
        etag: chassis::etag::of(app.stamp.revision),
        create_time: time(app.stamp.create_time),
        update_time: time(app.stamp.update_time),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The values of `given` are paired with the rules of the kind by their order.
    #[test]
    fn every_detail_reaches_the_rule_of_its_name() {
        let text = |name: &str| name.to_owned();
        let all = [
            Wire::Amazon(pb::AmazonDetails {
                package_name: text("package_name"),
                shared_secret: text("shared_secret"),
            }),
            Wire::AppStore(pb::AppStoreDetails {
                bundle_id: text("bundle_id"),
                shared_secret: text("shared_secret"),
                subscription_private_key: text("subscription_private_key"),
                subscription_key_id: text("subscription_key_id"),
                subscription_key_issuer: text("subscription_key_issuer"),
                small_business_program: true,
            }),
            Wire::MacAppStore(pb::MacAppStoreDetails {
                bundle_id: text("bundle_id"),
                shared_secret: text("shared_secret"),
                small_business_program: true,
            }),
            Wire::PlayStore(pb::PlayStoreDetails {
                package_name: text("package_name"),
                small_business_program: true,
            }),
            Wire::Stripe(pb::StripeDetails {
                stripe_account_id: text("stripe_account_id"),
            }),
            Wire::BuiltIn(pb::BuiltInDetails {
                stripe_account_id: text("stripe_account_id"),
                seller_company_name: text("seller_company_name"),
                seller_company_support_email: text("seller_company_support_email"),
                default_currency_code: text("default_currency_code"),
            }),
            Wire::Roku(pb::RokuDetails {
                roku_api_key: text("roku_api_key"),
                roku_channel_id: text("roku_channel_id"),
                roku_channel_name: text("roku_channel_name"),
            }),
        ];
        for (kind, details) in AppKind::ALL.into_iter().zip(all) {
            let wire = pb::StoreApp {
                details: Some(details),
                ..Default::default()
            };
            let given = given(kind, &wire).unwrap();
            assert_eq!(given.len(), kind.rules().len());
            for (rule, value) in given {
                let is_flag = rule.name == "small_business_program";
                assert_eq!(if is_flag { SET } else { rule.name }, value, "{kind:?}");
            }
        }
    }
}

//! What is sent to make or change an app: exactly the detail object of its type (behaviour text §6).

use contract::catalog::v1 as pb;
use pb::store_app::Details;
use serde::Deserialize;
use utoipa::ToSchema;

use super::apps::{AppType, BillingCurrency};
use super::error::Refusal;
use super::extract::{Text, filled, nullable};

type Name = Text<1, 256>;

/// Details of a new app in the Amazon Appstore.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmazonCreate {
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    package_name: Name,
    /// Write-only.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, write_only)]
    shared_secret: Option<Text<0, 4500>>,
}

/// Details of a new app in the App Store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppStoreCreate {
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    bundle_id: Name,
    /// Write-only.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 32, max_length = 32, write_only)]
    shared_secret: Option<Text<32, 32>>,
    /// In-app key in PEM form. Write-only.
    #[schema(value_type = String, min_length = 1, max_length = 4500, write_only)]
    subscription_private_key: Text<1, 4500>,
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    subscription_key_id: Text<1, 32>,
    #[schema(value_type = String, min_length = 1, max_length = 36)]
    subscription_key_issuer: Text<1, 36>,
}

/// Details of a new app in the App Store for Macs.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MacAppStoreCreate {
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    bundle_id: Name,
    /// Write-only.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 32, max_length = 32, write_only)]
    shared_secret: Option<Text<32, 32>>,
}

/// Details of an app in Google Play.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlayStoreInput {
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    package_name: Name,
}

/// Details of a new Stripe app.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StripeCreate {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    stripe_account_id: Option<Name>,
}

/// Details of a new app of the web billing store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RcBillingCreate {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    stripe_account_id: Option<Name>,
    #[schema(value_type = String, min_length = 1, max_length = 256)]
    seller_company_name: Name,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 320)]
    seller_company_support_email: Option<Text<1, 320>>,
    /// USD when absent.
    #[serde(default, deserialize_with = "filled")]
    default_currency: Option<BillingCurrency>,
}

/// Details of a Roku app.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RokuInput {
    /// Write-only.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 33, max_length = 33, write_only)]
    roku_api_key: Option<Option<Text<33, 33>>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 6)]
    roku_channel_id: Option<Option<Text<6, 6>>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 30)]
    roku_channel_name: Option<Option<Text<1, 30>>>,
}

/// A new app. The detail object must be the one named like `type`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppCreate {
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    name: Text<1, 255>,
    r#type: AppType,
    #[serde(default, deserialize_with = "filled")]
    amazon: Option<AmazonCreate>,
    #[serde(default, deserialize_with = "filled")]
    app_store: Option<AppStoreCreate>,
    #[serde(default, deserialize_with = "filled")]
    mac_app_store: Option<MacAppStoreCreate>,
    #[serde(default, deserialize_with = "filled")]
    play_store: Option<PlayStoreInput>,
    #[serde(default, deserialize_with = "filled")]
    stripe: Option<StripeCreate>,
    #[serde(default)]
    rc_billing: Option<RcBillingCreate>,
    #[serde(default)]
    roku: Option<RokuInput>,
}

/// The detail objects, each with the type it belongs to.
const DETAILS: [(&str, AppType); 7] = [
    ("amazon", AppType::Amazon),
    ("app_store", AppType::AppStore),
    ("mac_app_store", AppType::MacAppStore),
    ("play_store", AppType::PlayStore),
    ("stripe", AppType::Stripe),
    ("rc_billing", AppType::RcBilling),
    ("roku", AppType::Roku),
];

/// Refuses details that do not belong to the type of the app; `sent` says which of them are there.
fn refuse_foreign(kind: AppType, sent: [bool; 7]) -> Result<(), Refusal> {
    let foreign = DETAILS
        .into_iter()
        .zip(sent)
        .find(|((_, owner), sent)| *sent && *owner != kind);
    match foreign {
        Some(((name, _), _)) => Err(Refusal::parameter(
            name,
            "may only be sent for an app of this type",
        )),
        None => Ok(()),
    }
}

fn required<T>(details: Option<T>, name: &str) -> Result<T, Refusal> {
    details.ok_or_else(|| Refusal::parameter(name, "is required for an app of this type"))
}

fn text<const MIN: usize, const MAX: usize>(text: Option<Text<MIN, MAX>>) -> String {
    text.map(Into::into).unwrap_or_default()
}

impl AppCreate {
    pub(crate) fn into_proto(self) -> Result<pb::StoreApp, Refusal> {
        refuse_foreign(
            self.r#type,
            [
                self.amazon.is_some(),
                self.app_store.is_some(),
                self.mac_app_store.is_some(),
                self.play_store.is_some(),
                self.stripe.is_some(),
                self.rc_billing.is_some(),
                self.roku.is_some(),
            ],
        )?;
        let details = match self.r#type {
            AppType::Amazon => {
                let details = required(self.amazon, "amazon")?;
                Some(Details::Amazon(pb::AmazonDetails {
                    package_name: details.package_name.into(),
                    shared_secret: text(details.shared_secret),
                }))
            }
            AppType::AppStore => {
                let details = required(self.app_store, "app_store")?;
                Some(Details::AppStore(pb::AppStoreDetails {
                    bundle_id: details.bundle_id.into(),
                    shared_secret: text(details.shared_secret),
                    subscription_private_key: details.subscription_private_key.into(),
                    subscription_key_id: details.subscription_key_id.into(),
                    subscription_key_issuer: details.subscription_key_issuer.into(),
                    ..pb::AppStoreDetails::default()
                }))
            }
            AppType::MacAppStore => {
                let details = required(self.mac_app_store, "mac_app_store")?;
                Some(Details::MacAppStore(pb::MacAppStoreDetails {
                    bundle_id: details.bundle_id.into(),
                    shared_secret: text(details.shared_secret),
                    ..pb::MacAppStoreDetails::default()
                }))
            }
            AppType::PlayStore => {
                let details = required(self.play_store, "play_store")?;
                Some(Details::PlayStore(pb::PlayStoreDetails {
                    package_name: details.package_name.into(),
                    ..pb::PlayStoreDetails::default()
                }))
            }
            AppType::Stripe => self.stripe.map(|details| {
                Details::Stripe(pb::StripeDetails {
                    stripe_account_id: text(details.stripe_account_id),
                })
            }),
            AppType::RcBilling => {
                let details = required(self.rc_billing, "rc_billing")?;
                Some(Details::BuiltIn(pb::BuiltInDetails {
                    stripe_account_id: text(details.stripe_account_id),
                    seller_company_name: details.seller_company_name.into(),
                    seller_company_support_email: text(details.seller_company_support_email),
                    default_currency_code: details
                        .default_currency
                        .map(BillingCurrency::code)
                        .unwrap_or_default()
                        .to_owned(),
                }))
            }
            AppType::Roku => self.roku.map(|details| {
                Details::Roku(pb::RokuDetails {
                    roku_api_key: text(details.roku_api_key.flatten()),
                    roku_channel_id: text(details.roku_channel_id.flatten()),
                    roku_channel_name: text(details.roku_channel_name.flatten()),
                })
            }),
        };
        Ok(pb::StoreApp {
            name: self.name.into(),
            r#type: self.r#type.into_proto().into(),
            details,
            ..pb::StoreApp::default()
        })
    }
}

/// Changed details of an app in the Amazon Appstore.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmazonUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    package_name: Option<Name>,
    /// Write-only; null forgets it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, write_only)]
    shared_secret: Option<Option<Text<0, 4500>>>,
}

/// Changed details of an app in an App Store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppStoreUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    bundle_id: Option<Name>,
    /// Write-only; null forgets it.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 32, max_length = 32, write_only)]
    shared_secret: Option<Option<Text<32, 32>>>,
}

/// Changed details of a Stripe app.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StripeUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    stripe_account_id: Option<Name>,
}

/// Changed details of an app of the web billing store.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RcBillingUpdate {
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    stripe_account_id: Option<Option<Name>>,
    /// Null leaves it as it is.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    seller_company_name: Option<Name>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 320)]
    seller_company_support_email: Option<Option<Text<1, 320>>>,
    #[serde(default, deserialize_with = "filled")]
    default_currency: Option<BillingCurrency>,
}

/// A changed app. Every member is optional; only the detail object named like the type of the
/// app may be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppUpdate {
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    name: Option<Text<1, 255>>,
    #[serde(default, deserialize_with = "filled")]
    amazon: Option<AmazonUpdate>,
    #[serde(default, deserialize_with = "filled")]
    app_store: Option<AppStoreUpdate>,
    #[serde(default, deserialize_with = "filled")]
    mac_app_store: Option<AppStoreUpdate>,
    #[serde(default, deserialize_with = "filled")]
    play_store: Option<PlayStoreInput>,
    #[serde(default, deserialize_with = "filled")]
    stripe: Option<StripeUpdate>,
    #[serde(default, deserialize_with = "filled")]
    rc_billing: Option<RcBillingUpdate>,
    #[serde(default, deserialize_with = "filled")]
    roku: Option<RokuInput>,
}

/// The paths of an update, collected while its values are taken.
#[derive(Default)]
struct Mask(Vec<String>);

impl Mask {
    fn take<T: Into<String>>(&mut self, path: &str, value: Option<T>) -> String {
        match value {
            Some(value) => {
                self.0.push(path.to_owned());
                value.into()
            }
            None => String::new(),
        }
    }

    /// A null clears.
    fn clear<T: Into<String>>(&mut self, path: &str, value: Option<Option<T>>) -> String {
        self.take(
            path,
            value.map(|value| value.map(Into::into).unwrap_or_default()),
        )
    }
}

impl AppUpdate {
    /// The new values of the app with this id and type, and which of them change.
    pub(crate) fn into_proto(
        self,
        id: String,
        kind: AppType,
    ) -> Result<(pb::StoreApp, Vec<String>), Refusal> {
        refuse_foreign(
            kind,
            [
                self.amazon.is_some(),
                self.app_store.is_some(),
                self.mac_app_store.is_some(),
                self.play_store.is_some(),
                self.stripe.is_some(),
                self.rc_billing.is_some(),
                self.roku.is_some(),
            ],
        )?;
        let mut mask = Mask::default();
        let name = mask.take("name", self.name);
        let amazon = self.amazon.map(|details| {
            Details::Amazon(pb::AmazonDetails {
                package_name: mask.take("amazon.package_name", details.package_name),
                shared_secret: mask.clear("amazon.shared_secret", details.shared_secret),
            })
        });
        let app_store = self.app_store.map(|details| {
            Details::AppStore(pb::AppStoreDetails {
                bundle_id: mask.take("app_store.bundle_id", details.bundle_id),
                shared_secret: mask.clear("app_store.shared_secret", details.shared_secret),
                ..pb::AppStoreDetails::default()
            })
        });
        let mac_app_store = self.mac_app_store.map(|details| {
            Details::MacAppStore(pb::MacAppStoreDetails {
                bundle_id: mask.take("mac_app_store.bundle_id", details.bundle_id),
                shared_secret: mask.clear("mac_app_store.shared_secret", details.shared_secret),
                ..pb::MacAppStoreDetails::default()
            })
        });
        let play_store = self.play_store.map(|details| {
            Details::PlayStore(pb::PlayStoreDetails {
                package_name: mask.take("play_store.package_name", Some(details.package_name)),
                ..pb::PlayStoreDetails::default()
            })
        });
        let stripe = self.stripe.map(|details| {
            Details::Stripe(pb::StripeDetails {
                stripe_account_id: mask.take("stripe.stripe_account_id", details.stripe_account_id),
            })
        });
        let built_in = self.rc_billing.map(|details| {
            Details::BuiltIn(pb::BuiltInDetails {
                stripe_account_id: mask
                    .clear("built_in.stripe_account_id", details.stripe_account_id),
                seller_company_name: mask
                    .take("built_in.seller_company_name", details.seller_company_name),
                seller_company_support_email: mask.clear(
                    "built_in.seller_company_support_email",
                    details.seller_company_support_email,
                ),
                default_currency_code: mask.take(
                    "built_in.default_currency_code",
                    details.default_currency.map(BillingCurrency::code),
                ),
            })
        });
        let roku = self.roku.map(|details| {
            Details::Roku(pb::RokuDetails {
                roku_api_key: mask.clear("roku.roku_api_key", details.roku_api_key),
                roku_channel_id: mask.clear("roku.roku_channel_id", details.roku_channel_id),
                roku_channel_name: mask.clear("roku.roku_channel_name", details.roku_channel_name),
            })
        });
        let app = pb::StoreApp {
            id,
            name,
            details: amazon
                .or(app_store)
                .or(mac_app_store)
                .or(play_store)
                .or(stripe)
                .or(built_in)
                .or(roku),
            ..pb::StoreApp::default()
        };
        Ok((app, mask.0))
    }
}

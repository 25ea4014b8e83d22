//! Attributes of customers: the names that are set aside.

/// The names with a `$` that an attribute may have, in ascending order.
pub const RESERVED_NAMES: [&str; 44] = [
    "$ad",
    "$adGroup",
    "$adjustId",
    "$airshipChannelId",
    "$amazonAdId",
    "$amplitudeDeviceId",
    "$amplitudeUserId",
    "$apnsTokens",
    "$appleRefundHandlingPreference",
    "$appsflyerId",
    "$appsflyerSharingFilter",
    "$attConsentStatus",
    "$branchId",
    "$brazeAliasLabel",
    "$brazeAliasName",
    "$campaign",
    "$clevertapId",
    "$creative",
    "$deviceVersion",
    "$displayName",
    "$email",
    "$fbAnonId",
    "$fcmTokens",
    "$firebaseAppInstanceId",
    "$gpsAdId",
    "$idfa",
    "$idfv",
    "$ip",
    "$iterableCampaignId",
    "$iterableTemplateId",
    "$iterableUserId",
    "$keyword",
    "$kochavaDeviceId",
    "$mediaSource",
    "$mixpanelDistinctId",
    "$mparticleId",
    "$onesignalId",
    "$onesignalUserId",
    "$phoneNumber",
    "$posthogUserId",
    "$segmentId",
    "$telemetryDeckAppId",
    "$telemetryDeckUserId",
    "$tenjinId",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_begin_with_a_dollar_and_are_sorted() {
        assert!(RESERVED_NAMES.is_sorted_by(|a, b| a < b));
        assert!(
            RESERVED_NAMES
                .iter()
                .all(|name| name.starts_with('$') && name.len() <= 40)
        );
    }
}

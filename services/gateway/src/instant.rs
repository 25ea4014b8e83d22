//! Instants as the dialects with reported subscriptions read and print them: ISO 8601, UTC
//! where no zone is given.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// Length of YYYY-MM-DD.
const DATE_LENGTH: usize = 10;

/// Reads a date, or a date and a time of day with one of these letters between; tells whether
/// it was a date alone. A zone is `Z` or an offset.
pub(crate) fn parse(text: &str, separators: &[u8]) -> Option<(Timestamp, bool)> {
    let date = text.as_bytes().get(..DATE_LENGTH)?;
    let dashed = |(place, byte): (usize, &u8)| match place {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    if !date.iter().enumerate().all(dashed) {
        return None;
    }
    let Some(separator) = text.as_bytes().get(DATE_LENGTH) else {
        return utc(&format!("{text}T00:00:00")).map(|time| (time, true));
    };
    if !separators.contains(separator) {
        return None;
    }
    let of_day = &text[DATE_LENGTH + 1..];
    // A zone in brackets would be a name.
    let known = |byte: u8| byte.is_ascii_digit() || b":.,Zz+-".contains(&byte);
    if !of_day.bytes().all(known) || of_day.len() < "00:00".len() {
        return None;
    }
    let whole = format!("{}T{of_day}", &text[..DATE_LENGTH]);
    let time = whole.parse::<Timestamp>().ok().or_else(|| utc(&whole))?;
    Some((time, false))
}

fn utc(text: &str) -> Option<Timestamp> {
    let zoned = text.contains(['Z', 'z', '+']) || text[DATE_LENGTH..].contains('-');
    if zoned {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// `YYYY-MM-DDTHH:MM:SSZ`, the fraction cut off.
pub(crate) fn utc_seconds(wire: &prost_types::Timestamp) -> Option<String> {
    let time = Timestamp::from_second(wire.seconds).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The same with milliseconds.
pub(crate) fn utc_milliseconds(wire: &prost_types::Timestamp) -> Option<String> {
    let time = contract::convert::from_timestamp(wire).ok()?;
    let fraction = time.subsec_nanosecond().rem_euclid(1_000_000_000) / 1_000_000;
    let seconds = time.strftime("%Y-%m-%dT%H:%M:%S");
    Some(format!("{seconds}.{fraction:03}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text, b"T").map(|(time, _)| time.to_string())
    }

    #[test]
    fn a_zone_may_be_left_out() {
        for (text, time) in [
            ("2019-09-06T13:00:00", "2019-09-06T13:00:00Z"),
            ("2019-09-06T13:00", "2019-09-06T13:00:00Z"),
            ("2019-09-06T13:00:00Z", "2019-09-06T13:00:00Z"),
            ("2019-09-06T13:00:00.250Z", "2019-09-06T13:00:00.25Z"),
            ("2019-09-06T13:00:00.25", "2019-09-06T13:00:00.25Z"),
            ("2019-09-06T13:00:00+02:00", "2019-09-06T11:00:00Z"),
            ("2019-09-06T13:00:00-02:00", "2019-09-06T15:00:00Z"),
            ("2019-09-06", "2019-09-06T00:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(time), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_instant() {
        for text in [
            "",
            "now",
            "2019",
            "2019-09",
            "2019-9-6",
            "20190906",
            "2019-09-31",
            "2019-09-06 13:00:00",
            "2019-09-06T",
            "2019-09-06T13",
            "2019-09-06T24:30:00",
            "2019-09-06T13:00:00[Europe/Rome]",
            "2019-09-06T13:00:00+99:00",
            "1567774800",
            "2019-09-06é",
            "2019-09-06T13:00:00 ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_cut_off_or_shown_as_milliseconds() {
        let wire = prost_types::Timestamp {
            seconds: 1_567_774_800,
            nanos: 999_999_000,
        };
        assert_eq!(utc_seconds(&wire).as_deref(), Some("2019-09-06T13:00:00Z"));
        assert_eq!(
            utc_milliseconds(&wire).as_deref(),
            Some("2019-09-06T13:00:00.999Z")
        );
    }
}

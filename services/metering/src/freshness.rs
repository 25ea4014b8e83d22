//! Tells those who keep answers about usage which of them are old: the versions of a subject, of its days
//! and of its hours (UTC) grow with every commit that changes usage there.

use chassis::Write;
use kernel::Timestamp;

/// Says that a subject's usage changes at some instants.
pub fn touch(write: &Write, subject: &str, times: impl IntoIterator<Item = Timestamp>) {
    write.touch(format!("subject:{subject}"));
    let (mut days, mut hours) = (Vec::new(), Vec::new());
    for time in times {
        days.push(time.as_second().div_euclid(86_400));
        hours.push(time.as_second().div_euclid(3_600));
    }
    for (unit, numbers) in [("day", &mut days), ("hour", &mut hours)] {
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            write.touch(format!("{unit}:{number}:{subject}"));
        }
    }
}

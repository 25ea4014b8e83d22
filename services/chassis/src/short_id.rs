//! The short ids that some dialects show: leading bits of a hash over project, kind and ULID.
//! They cannot be computed back, so whoever makes a thing stores them with it, under a
//! unique index; on a collision the next attempt is taken.

use kernel::id::ProjectId;

use crate::secret::{hex, sha256};

/// How the bits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// `0` to `9`, `a` to `f`.
    Hex,
    /// `a` to `z`, `2` to `7` (RFC 4648 in lower case).
    Base32,
}

/// A short id: `prefix`, which is also the kind, and `length` digits, at most 50.
pub fn candidate(
    project: ProjectId,
    prefix: &str,
    (digits, length): (Digits, usize),
    id: impl std::fmt::Display,
    attempt: u32,
) -> String {
    let hash = sha256(format!("{project}{prefix}{id}{attempt}").as_bytes());
    let text = match digits {
        Digits::Hex => hex(&hash),
        Digits::Base32 => base32(&hash),
    };
    format!("{prefix}{}", &text[..length.min(50)])
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::new();
    let (mut held, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(held >> count & 31) as usize]));
        }
        held &= 0xff;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_differs_by_project_kind_and_attempt() {
        let project = |number: u128| ProjectId::from_ulid(ulid::Ulid::from(number));
        let of = |number, prefix, attempt| {
            let form = (Digits::Base32, 24);
            candidate(
                project(number),
                prefix,
                form,
                "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                attempt,
            )
        };
        let first = of(1, "pwu_", 0);
        assert_eq!(first, of(1, "pwu_", 0));
        assert_eq!(first.len(), 28);
        assert!(
            first[4..]
                .bytes()
                .all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
        );
        for other in [of(2, "pwu_", 0), of(1, "pws_", 0), of(1, "pwu_", 1)] {
            assert_ne!(first[4..], other[4..]);
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        assert_eq!(base32(b"foobar"), "mzxw6ytbo");
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
    }
}

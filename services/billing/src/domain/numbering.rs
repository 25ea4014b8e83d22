//! Invoice numbers: a prefix from the customer's name and a counter per scope.

use kernel::currency::Currency;

/// Scopes count apart, from 1, over all customers of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Gathering invoices.
    Gathering,
    /// Standard invoices before they are finalized.
    Draft,
    /// Finalized by the sandbox app.
    Sandbox,
    /// Finalized by a custom invoicing app.
    Custom,
}

impl Scope {
    /// Name of the counter.
    pub fn counter(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Draft => "draft",
            Self::Sandbox => "sandbox",
            Self::Custom => "custom_invoicing",
        }
    }

    /// The number of the `n`-th invoice of the scope.
    pub fn number(self, customer_name: &str, currency: Currency, n: i64) -> String {
        let prefix = prefix(customer_name);
        match self {
            Self::Gathering => format!("GATHER-{prefix}-{}-{n}", currency.code()),
            Self::Draft => format!("DRAFT-{prefix}-{n}"),
            Self::Sandbox => format!("OM-SANDBOX-{prefix}-{n}"),
            Self::Custom => format!("INV-{prefix}-{n}"),
        }
    }
}

/// Whether a number is temporary.
pub fn is_draft(number: &str) -> bool {
    number.starts_with("DRAFT-")
}

/// One word gives its first four letters, several give two of each of the first two.
fn prefix(name: &str) -> String {
    let ascii: String = name.chars().map(fold).collect::<String>().to_uppercase();
    let words: Vec<&str> = ascii.split(' ').filter(|word| !word.is_empty()).collect();
    let start = |word: &str, letters: usize| word.chars().take(letters).collect::<String>();
    match words.as_slice() {
        [] => "UNKN".to_owned(),
        [word] => start(word, 4),
        [first, second, ..] => start(first, 2) + &start(second, 2),
    }
}

/// The nearest ASCII spelling of a letter; what has none is left out.
fn fold(letter: char) -> &'static str {
    const ASCII: &str = "abcdefghijklmnopqrstuvwxyz";
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    if let Some(index) = ASCII.find(lower) {
        return &ASCII[index..=index];
    }
    const DIGITS: &str = "0123456789";
    if let Some(index) = DIGITS.find(lower) {
        return &DIGITS[index..=index];
    }
    const FOLDED: &[(&str, &str)] = &[
        ("àáâãäåāăąǎạảấầẩẫậắằẳẵặа", "a"),
        ("çćĉċčц", "c"),
        ("ďđðд", "d"),
        ("èéêëēĕėęěẹẻẽếềểễệеэё", "e"),
        ("ĝğġģг", "g"),
        ("ĥħх", "h"),
        ("ìíîïĩīĭįıịỉи", "i"),
        ("ĵй", "j"),
        ("ķк", "k"),
        ("ĺļľŀłл", "l"),
        ("м", "m"),
        ("ñńņňŋн", "n"),
        ("òóôõöøōŏőọỏốồổỗộớờởỡợơо", "o"),
        ("п", "p"),
        ("ŕŗřр", "r"),
        ("śŝşšșс", "s"),
        ("ţťŧțт", "t"),
        ("ùúûüũūŭůűųụủứừửữựưу", "u"),
        ("в", "v"),
        ("ŵ", "w"),
        ("ýÿŷỳỹы", "y"),
        ("źżžз", "z"),
        ("æ", "ae"),
        ("œ", "oe"),
        ("ß", "ss"),
        ("þ", "th"),
        ("б", "b"),
        ("ф", "f"),
        ("ж", "zh"),
        ("ч", "ch"),
        ("ш", "sh"),
        ("щ", "shch"),
        ("ю", "yu"),
        ("я", "ya"),
        (" ", " "),
    ];
    FOLDED
        .iter()
        .find(|(letters, _)| letters.contains(lower))
        .map_or("", |(_, ascii)| ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_come_from_the_name() {
        for (name, expected) in [
            ("John", "JOHN"),
            ("Jo", "JO"),
            ("Peter Turi", "PETU"),
            ("P Turi", "PTU"),
            ("Líb Hosted", "LIHO"),
            ("Ábel Őri", "ABOR"),
            ("Test Customer", "TECU"),
            ("", "UNKN"),
            ("日本", "UNKN"),
        ] {
            assert_eq!(prefix(name), expected, "{name}");
        }
    }

    #[test]
    fn each_scope_has_its_form() {
        let usd = Currency::USD;
        assert_eq!(
            Scope::Gathering.number("Test Customer", usd, 1),
            "GATHER-TECU-USD-1"
        );
        assert_eq!(Scope::Draft.number("Test Customer", usd, 2), "DRAFT-TECU-2");
        assert_eq!(
            Scope::Sandbox.number("Test Customer", usd, 3),
            "OM-SANDBOX-TECU-3"
        );
        assert_eq!(Scope::Custom.number("Test Customer", usd, 4), "INV-TECU-4");
        assert!(is_draft("DRAFT-X-1") && !is_draft("INV-X-1"));
    }
}

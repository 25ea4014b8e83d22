//! Forms as Stripe reads them: flat pairs whose names spell out the nesting.

/// The parameters of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    pub fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// Adds a parameter that may be absent.
    pub fn with_some(self, name: impl Into<String>, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds pairs below a name, such as `metadata[key]`.
    pub fn with_pairs<'a>(
        self,
        name: &str,
        pairs: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Self {
        pairs.into_iter().fold(self, |form, (key, value)| {
            form.with(format!("{name}[{key}]"), value)
        })
    }

    /// The body of a request.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_spell_out_the_nesting() {
        let form = Form::new()
            .with("amount", -12)
            .with_some("absent", None::<&str>)
            .with_pairs("metadata", [("om_line_id", "a&b".to_owned())]);
        assert_eq!(form.encode(), "amount=-12&metadata%5Bom_line_id%5D=a%26b");
    }
}

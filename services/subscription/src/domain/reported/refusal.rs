//! Every way in which a report is refused.

use kernel::decimal::DecimalError;

use crate::domain::refusal::Refusal;

/// Why a report is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportRefusal {
    /// Fields of the request, or of the state that it leads to, are wrong.
    #[error("{}", first(.0))]
    Fields(Vec<WrongField>),
    /// The change is earlier than the first fact.
    #[error("effective time is earlier than the start of the subscription")]
    BeforeStart,
    /// The change is not earlier than the end.
    #[error("the subscription has ended by then: take the end back or create a new subscription")]
    Ended,
    /// The end is earlier than the last fact.
    #[error("effective time is earlier than the latest change of the subscription")]
    BeforeLastChange,
    /// It has an end.
    #[error("the subscription has an end already")]
    AlreadyEnded,
    /// It has no end.
    #[error("the subscription has no end to take back")]
    NotEnded,
    /// An amount or a time is out of range.
    #[error(transparent)]
    Range(#[from] Refusal),
}

/// One field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongField {
    /// Its path in the request.
    pub field: String,
    /// What is wrong.
    pub description: String,
}

impl From<DecimalError> for ReportRefusal {
    fn from(error: DecimalError) -> Self {
        Self::Range(Refusal::from(error))
    }
}

/// Collects what is wrong with a request.
#[derive(Debug, Default)]
pub struct Wrong(Vec<WrongField>);

impl Wrong {
    /// A field is wrong.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(WrongField {
            field: field.into(),
            description: description.into(),
        });
    }

    /// Refuses if anything is, here or by the outcome of a step: all of it at once.
    pub fn refuse_with<T>(mut self, step: Result<T, ReportRefusal>) -> Result<T, ReportRefusal> {
        match step {
            Ok(value) => self.refuse().map(|()| value),
            Err(ReportRefusal::Fields(fields)) => {
                self.0.extend(fields);
                Err(ReportRefusal::Fields(self.0))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Refuses if anything is.
    pub fn refuse(self) -> Result<(), ReportRefusal> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ReportRefusal::Fields(self.0))
        }
    }
}

/// One field that is wrong.
pub fn wrong(field: impl Into<String>, description: impl Into<String>) -> ReportRefusal {
    let mut wrong = Wrong::default();
    wrong.add(field, description);
    ReportRefusal::Fields(wrong.0)
}

fn first(fields: &[WrongField]) -> String {
    fields.first().map_or_else(String::new, |wrong| {
        format!("{}: {}", wrong.field, wrong.description)
    })
}

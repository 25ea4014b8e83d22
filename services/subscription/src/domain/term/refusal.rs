//! Why something cannot be done with a term, a purchase, or a transaction.

/// A fact that stands against a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermRefusal {
    /// No such term.
    #[error("term {0} not found")]
    TermNotFound(String),
    /// No such purchase.
    #[error("purchase {0} not found")]
    PurchaseNotFound(String),
    /// Nothing gives the customer the entitlement away.
    #[error("the customer has no promotional access to {0}")]
    PromotionNotFound(String),
    /// Another transaction has the id.
    #[error("another transaction was recorded as {0}")]
    TransactionDiffers(String),
    /// It has ended, or will not renew.
    #[error("the term has ended or will not renew")]
    NotCancelable,
    /// Nothing was paid, or it was given back.
    #[error("there is no payment to give back")]
    NothingToRefund,
    /// Only the store can do it.
    #[error("it is managed by its store and can only be changed there")]
    ManagedByStore,
    /// Only the dialect in which it is reported can do it.
    #[error("it is reported from elsewhere and can only be changed there")]
    ReportedElsewhere,
    /// A store subscription has too many transactions.
    #[error("a store subscription may have at most {0} transactions")]
    TooManyTransactions(usize),
}

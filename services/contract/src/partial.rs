//! Messages read in part: what one needs of a large message is found much quicker when the rest of it is passed over.

use crate::billing::v1::InvoiceState;

/// Of an `Invoice` only where it stands.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct InvoiceStanding {
    /// As in `Invoice`.
    #[prost(enumeration = "InvoiceState", tag = "9")]
    pub state: i32,
}

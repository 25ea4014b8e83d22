//! What events and audit rows tell of an invoice. An invoice passes many states with the same lines, and each is told
//! with all of them: so they are encoded once, and only the header anew.

use std::sync::Arc;

use contract::billing::v1 as pb;
use kernel::Timestamp;
use prost::{
    DecodeError, Message, Name,
    bytes::{Buf, BufMut},
    encoding::{DecodeContext, WireType},
};

use super::invoice::{self, Lines};
use crate::domain::{app::App, invoice::Invoice};

/// The lines of an invoice as a message carries them.
pub type Encoded = Arc<[u8]>;

/// An invoice on the wire: the same bytes, in another order, as [`pb::Invoice`] with its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    header: pb::Invoice,
    lines: Encoded,
}

/// The live lines of an invoice, encoded.
pub fn lines(invoice: &Invoice) -> Encoded {
    let lines = pb::Invoice {
        lines: invoice::lines_to_proto(invoice, Lines::Live),
        ..pb::Invoice::default()
    };
    lines.encode_to_vec().into()
}

impl Told {
    /// An invoice as of now with lines that were encoded before.
    pub fn new(invoice: &Invoice, app: &App, now: Timestamp, lines: Encoded) -> Self {
        Self {
            header: invoice::to_proto(invoice, app, now, Lines::Without, false),
            lines,
        }
    }
}

impl Message for Told {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        self.header.encode_raw(buf);
        buf.put_slice(&self.lines);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        self.header.merge_field(tag, wire_type, buf, ctx)
    }

    fn encoded_len(&self) -> usize {
        self.header.encoded_len() + self.lines.len()
    }

    fn clear(&mut self) {
        self.header.clear();
        self.lines = Vec::new().into();
    }
}

impl Name for Told {
    const NAME: &'static str = pb::Invoice::NAME;
    const PACKAGE: &'static str = pb::Invoice::PACKAGE;

    fn full_name() -> String {
        pb::Invoice::full_name()
    }

    fn type_url() -> String {
        pb::Invoice::type_url()
    }
}

//! A request again and again: the same one, or ones that only mean the same.

use agencia_tests::wire::frame;
use std::cell::Cell;

/// Blanks and tabs that tell requests apart. After so many of them the first one comes again: that is
/// seventeen million later.
const MARKS: usize = 24;

/// A frame that differs from all before it in the white space behind its JSON: nothing that was kept for
/// an earlier one helps to answer it.
#[derive(Debug)]
pub(crate) struct NeverAsked {
    frame: Vec<u8>,
    number: Cell<u64>,
}

impl NeverAsked {
    pub(crate) fn of(request: &str) -> Self {
        let frame = frame(request.to_owned() + &" ".repeat(MARKS));
        Self { frame, number: Cell::new(0) }
    }

    /// Appends the next one.
    pub(crate) fn append(&self, out: &mut Vec<u8>) {
        let number = self.number.replace(self.number.get() + 1);
        out.extend_from_slice(&self.frame[..self.frame.len() - MARKS]);
        out.extend((0..MARKS).map(|bit| if number >> bit & 1 == 0 { b' ' } else { b'\t' }));
    }
}

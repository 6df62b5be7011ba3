//! JSON rendered straight into the connection's buffer.
//!
//! What writes a field is inlined where it is called, where its name is known: copying bytes of known
//! length needs no call. Where the compiler was left to decide, a search took a quarter more instructions.

use crate::texts::{TextId, Texts};
use agencia_protocol::{Day, Money, OfferKey, TimeOfDay};
use std::mem;

/// The name of a field: see [`name!`](crate::name).
#[derive(Debug, Clone, Copy)]
pub struct Name {
    #[doc(hidden)]
    pub before: &'static str,
    #[doc(hidden)]
    pub before_text: &'static str,
}

/// The [`Name`] of a field, given as a string without anything to be escaped: what stands before its
/// value is put together by the compiler.
#[macro_export]
macro_rules! name {
    ($name:literal) => {
        $crate::Name {
            before: concat!(",\"", $name, "\":"),
            before_text: concat!(",\"", $name, "\":\""),
        }
    };
}

/// One JSON object being written; [`end`](Self::end) closes it.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    #[inline]
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Closes it.
    #[inline]
    pub fn end(self) {
        self.out.push(b'}');
    }

    /// A kept text, which is already escaped.
    #[inline]
    pub fn text(&mut self, name: Name, texts: &Texts, id: TextId) {
        self.begin_text(name);
        self.out.extend_from_slice(texts.escaped_bytes(id));
        self.out.push(b'"');
    }

    /// A text that needs no escaping.
    #[inline]
    pub fn plain(&mut self, name: Name, text: &str) {
        self.begin_text(name);
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    /// The digits of a key: the id of an offer that was given none.
    #[inline]
    pub fn key(&mut self, name: Name, key: OfferKey) {
        self.begin_text(name);
        self.out.extend_from_slice(&key.digits());
        self.out.push(b'"');
    }

    /// A whole number.
    #[inline]
    pub fn number(&mut self, name: Name, number: u32) {
        self.before(name);
        push_number(self.out, number);
    }

    /// `true` or `false`.
    #[inline]
    pub fn truth(&mut self, name: Name, truth: bool) {
        self.before(name);
        self.out.extend_from_slice(if truth { b"true" } else { b"false" });
    }

    /// An amount as records write it, `9906,00R$`.
    #[inline]
    pub fn money(&mut self, name: Name, money: Money) {
        self.begin_text(name);
        push_number(self.out, money.cents() / 100);
        let [tens, ones] = two_digits(money.cents() % 100);
        self.out.extend_from_slice(&[b',', tens, ones, b'R', b'$', b'"']);
    }

    /// A day as records write it, `24/12/2026`.
    #[inline]
    pub fn day(&mut self, name: Name, day: Day) {
        let [[d, e], [m, n], [y, z], [v, w]] = day.digits();
        self.begin_text(name);
        self.out.extend_from_slice(&[d, e, b'/', m, n, b'/', y, z, v, w, b'"']);
    }

    /// A day as requests write it, `2026-12-24`.
    #[inline]
    pub fn iso_day(&mut self, name: Name, day: Day) {
        let [[d, e], [m, n], [y, z], [v, w]] = day.digits();
        self.begin_text(name);
        self.out.extend_from_slice(&[y, z, v, w, b'-', m, n, b'-', d, e, b'"']);
    }

    /// A time as the record that it came from wrote it, `14:00h` or `6:00h`.
    #[inline]
    pub fn time(&mut self, name: Name, time: TimeOfDay) {
        let (hour, minute) = (u32::from(time.minute()) / 60, u32::from(time.minute()) % 60);
        let ([h, i], [m, n]) = (two_digits(hour), two_digits(minute));
        self.begin_text(name);
        if h != b'0' || time.has_padded_hour() {
            self.out.push(h);
        }
        self.out.extend_from_slice(&[i, b':', m, n, b'h', b'"']);
    }

    /// An array of what `write` renders for each item.
    pub fn list(&mut self, name: Name, write: impl FnOnce(&mut List<'_>)) {
        self.before(name);
        self.out.push(b'[');
        write(&mut List { out: self.out, first: true });
        self.out.push(b']');
    }

    #[inline(always)]
    fn before(&mut self, name: Name) {
        self.write(name.before);
    }

    #[inline(always)]
    fn begin_text(&mut self, name: Name) {
        self.write(name.before_text);
    }

    /// Writes what stands before a value, without its comma where it is the first.
    #[inline(always)]
    fn write(&mut self, before: &'static str) {
        let from = usize::from(mem::replace(&mut self.first, false));
        self.out.extend_from_slice(&before.as_bytes()[from..]);
    }
}

/// A JSON array being written.
#[derive(Debug)]
pub struct List<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl List<'_> {
    /// One more object.
    pub fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        self.comma();
        let mut object = Object::begin(self.out);
        write(&mut object);
        object.end();
    }

    /// One more `null`.
    pub fn null(&mut self) {
        self.comma();
        self.out.extend_from_slice(b"null");
    }

    fn comma(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }
}

#[inline]
fn push_number(out: &mut Vec<u8>, number: u32) {
    match number {
        // Most of what is counted: units left, beds.
        0..10 => out.push(two_digits(number)[1]),
        10..100 => out.extend_from_slice(&two_digits(number)),
        _ => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
    }
}

/// The last two digits of a number.
#[inline]
fn two_digits(number: u32) -> [u8; 2] {
    PAIRS[(number % 100) as usize]
}

/// All pairs of digits.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_as_many_digits_as_they_have() {
        for number in [0, 9, 10, 42, 99, 100, 65_535, u32::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}

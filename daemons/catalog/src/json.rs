//! JSON rendered straight into the connection's buffer.

use crate::texts::{TextId, Texts};
use agencia_protocol::{Day, Money, TimeOfDay};

/// One JSON object being written; [`end`](Self::end) closes it.
#[derive(Debug)]
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Closes it.
    pub fn end(self) {
        self.out.push(b'}');
    }

    /// A kept text, which is already escaped.
    pub fn text(&mut self, name: &str, texts: &Texts, id: TextId) {
        self.quoted(name, texts.escaped(id).as_bytes());
    }

    /// A text that needs no escaping.
    pub fn plain(&mut self, name: &str, text: &str) {
        self.quoted(name, text.as_bytes());
    }

    /// A whole number.
    pub fn number(&mut self, name: &str, number: u32) {
        self.name(name);
        push_number(self.out, number);
    }

    /// `true` or `false`.
    pub fn truth(&mut self, name: &str, truth: bool) {
        self.name(name);
        self.out.extend_from_slice(if truth { b"true" } else { b"false" });
    }

    /// An amount as records write it, `9906,00R$`.
    pub fn money(&mut self, name: &str, money: Money) {
        self.name(name);
        self.out.push(b'"');
        push_number(self.out, money.cents() / 100);
        let cents = money.cents() % 100;
        self.out.push(b',');
        push_two_digits(self.out, cents);
        self.out.extend_from_slice(b"R$\"");
    }

    /// A day as records write it, `24/12/2026`.
    pub fn day(&mut self, name: &str, day: Day) {
        use_date(day, |year, month, of_month| {
            self.name(name);
            self.out.push(b'"');
            push_two_digits(self.out, of_month);
            self.out.push(b'/');
            push_two_digits(self.out, month);
            self.out.push(b'/');
            push_two_digits(self.out, year / 100);
            push_two_digits(self.out, year % 100);
            self.out.push(b'"');
        });
    }

    /// A day as requests write it, `2026-12-24`.
    pub fn iso_day(&mut self, name: &str, day: Day) {
        use_date(day, |year, month, of_month| {
            self.name(name);
            self.out.push(b'"');
            push_two_digits(self.out, year / 100);
            push_two_digits(self.out, year % 100);
            self.out.push(b'-');
            push_two_digits(self.out, month);
            self.out.push(b'-');
            push_two_digits(self.out, of_month);
            self.out.push(b'"');
        });
    }

    /// A time as the record that it came from wrote it, `14:00h` or `6:00h`.
    pub fn time(&mut self, name: &str, time: TimeOfDay) {
        self.name(name);
        self.out.push(b'"');
        let (hour, minute) = (u32::from(time.minute()) / 60, u32::from(time.minute()) % 60);
        match time.has_padded_hour() {
            true => push_two_digits(self.out, hour),
            false => push_number(self.out, hour),
        }
        self.out.push(b':');
        push_two_digits(self.out, minute);
        self.out.extend_from_slice(b"h\"");
    }

    /// An array of what `write` renders for each item.
    pub fn list(&mut self, name: &str, write: impl FnOnce(&mut List<'_>)) {
        self.name(name);
        self.out.push(b'[');
        write(&mut List { out: self.out, first: true });
        self.out.push(b']');
    }

    fn quoted(&mut self, name: &str, escaped: &[u8]) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(escaped);
        self.out.push(b'"');
    }

    fn name(&mut self, name: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
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

fn push_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_two_digits(out: &mut Vec<u8>, number: u32) {
    let digit = |n: u32| char::from_digit(n % 10, 10).map_or(b'0', |digit| digit as u8);
    out.extend_from_slice(&[digit(number / 10), digit(number)]);
}

fn use_date(day: Day, write: impl FnOnce(u32, u32, u32)) {
    let (year, month, of_month) = day.parts();
    write(year, month, of_month);
}

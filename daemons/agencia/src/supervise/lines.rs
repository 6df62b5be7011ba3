//! Cuts a child's output into lines.

/// The longest line that is kept together, in bytes; a longer one is cut.
pub(crate) const LINE_BYTES_MAX: usize = 16 * 1024;

/// Bytes in, whole lines out, without their ends.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Adds bytes and gives every line that is whole by now.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        loop {
            let rest = &self.rest[start..];
            let piece = &rest[..rest.len().min(LINE_BYTES_MAX)];
            match piece.iter().position(|&byte| byte == b'\n') {
                Some(end) => {
                    line(piece[..end].strip_suffix(b"\r").unwrap_or(&piece[..end]));
                    start += end + 1;
                }
                None if piece.len() == LINE_BYTES_MAX => {
                    line(piece);
                    start += piece.len();
                }
                None => break,
            }
        }
        self.rest.drain(..start);
    }

    /// Gives what is left at the end, a line without its end.
    pub(crate) fn finish(self, mut line: impl FnMut(&[u8])) {
        if !self.rest.is_empty() {
            line(&self.rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: &[&[u8]]) {
        for step in [1, 2, 3, 7, text.len().max(1)] {
            let mut found: Vec<Vec<u8>> = Vec::new();
            let mut lines = Lines::default();
            for piece in text.chunks(step) {
                lines.feed(piece, |line| found.push(line.to_vec()));
            }
            lines.finish(|line| found.push(line.to_vec()));
            assert_eq!(found, expected, "by {step}");
        }
    }

    #[test]
    fn every_split_gives_the_same_lines() {
        check(b"", &[]);
        check(b"one\ntwo\r\n\nthree", &[b"one", b"two", b"", b"three"]);
    }

    #[test]
    fn a_line_is_cut_past_the_limit() {
        let at = vec![b'x'; LINE_BYTES_MAX - 1];
        check(&[&at[..], b"\n"].concat(), &[&at]);
        let past = vec![b'x'; LINE_BYTES_MAX + 1];
        check(&[&past[..], b"\n"].concat(), &[&past[1..], b"x"]);
    }
}

//! What hyper does not tell of a request's head: where in the bytes it ends,
//! and whether others on the path may read it differently. hyper drops the
//! one of two contradicting lengths without a word, and takes a lone LF for
//! the end of a line; whether a head is one at all is left to it.

const CODING: &[u8] = b"transfer-encoding:";
const LENGTH: &[u8] = b"content-length:";

/// A head that is being read, in however many pieces it comes.
#[derive(Debug, Default)]
pub struct Head {
    /// The beginning of a line that has not ended yet.
    line: [u8; CODING.len() + 1],
    /// How long that line is so far.
    length: usize,
    /// Its last byte so far.
    last: u8,
    begun: bool,
    codings: usize,
    lengths: usize,
    lone_lf: bool,
}

impl Head {
    /// Reads on, and tells how many of `bytes` it took to find the end, if it did.
    pub fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut taken = 0;
        loop {
            let rest = &bytes[taken..];
            let Some(lf) = memchr::memchr(b'\n', rest) else {
                self.keep(rest);
                return None;
            };
            taken += lf + 1;
            let ends = if self.length == 0 {
                self.end_line(&rest[..lf])
            } else {
                self.keep(&rest[..lf]);
                self.end_kept_line()
            };
            if ends {
                return Some(taken);
            }
        }
    }

    /// Whether nothing came of it yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0 && !self.begun
    }

    /// Whether it is framed in more than one way (RFC 9112, section 6.3), or
    /// has lines that end in more than one way (section 2.2).
    pub fn is_ambiguous(&self) -> bool {
        self.lone_lf || self.lengths > 1 || (self.codings > 0 && self.lengths > 0)
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = self.line.iter_mut().skip(self.length);
        room.zip(piece).for_each(|(kept, byte)| *kept = *byte);
        self.length += piece.len();
        self.last = piece.last().copied().unwrap_or(self.last);
    }

    fn end_kept_line(&mut self) -> bool {
        let (mut line, length) = (self.line, std::mem::take(&mut self.length));
        // Of a long line, its beginning and its end will do.
        let length = length.min(line.len());
        line[length - 1] = self.last;
        self.end_line(&line[..length])
    }

    /// Takes note of a line without its LF; tells whether it is the empty one at the end.
    fn end_line(&mut self, line: &[u8]) -> bool {
        let names = |name: &[u8]| {
            let given = line.get(..name.len());
            given.is_some_and(|given| given.eq_ignore_ascii_case(name))
        };
        self.codings += usize::from(names(CODING));
        self.lengths += usize::from(names(LENGTH));
        self.lone_lf |= line.last() != Some(&b'\r');
        let empty = matches!(line, [] | [b'\r']);
        // Empty lines before the first are skipped (RFC 9112, section 2.2).
        let ends = empty && self.begun;
        self.begun |= !empty;
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n";

    #[test]
    fn a_head_ends_with_its_first_empty_line_however_it_is_cut() {
        let text = format!("{PLAIN}x\r\n\r\n");
        for size in 1..=text.len() {
            let (mut head, mut read) = (Head::default(), 0);
            let end = text.as_bytes().chunks(size).find_map(|piece| {
                let end = head.read(piece).map(|taken| read + taken);
                read += piece.len();
                end
            });
            assert_eq!(end, Some(PLAIN.len()), "in pieces of {size}");
            assert!(!head.is_ambiguous(), "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_framed_twice_or_ends_lines_otherwise_is_ambiguous() {
        for lines in [
            "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "TRANSFER-ENCODING:chunked\r\nX: y\r\ncontent-length:1\r\n\r\n",
            "Host: x\n\r\n",
            "Host: x\r\n\n",
        ] {
            let text = format!("POST / HTTP/1.1\r\n{lines}");
            for size in 1..=text.len() {
                let mut head = Head::default();
                let ended = text
                    .as_bytes()
                    .chunks(size)
                    .any(|piece| head.read(piece).is_some());
                assert!(ended && head.is_ambiguous(), "{text:?} in pieces of {size}");
            }
        }
    }
}

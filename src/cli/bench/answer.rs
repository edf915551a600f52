//! An answer, followed as its bytes come (RFC 9112, section 6). Nothing of its
//! body is kept: all that matters is where it ends.

use httparse::{EMPTY_HEADER, Header, Status};

/// Most headers of an answer.
const HEADERS: usize = 64;
/// Most bytes of a head.
const HEAD: usize = 64 * 1024;

/// These bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// An answer under way.
pub struct Answer {
    /// What it was given as; 0 until the head is there.
    pub status: u16,
    /// Whether another request may follow on the connection.
    pub stays: bool,
    /// Whether it is to a HEAD, and ends with its own.
    is_head: bool,
    /// What came of a head that is not whole yet.
    partial: Vec<u8>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    /// So many bytes are to come.
    Body(u64),
    Chunks(Chunk),
    /// The end of the connection is the end of the body.
    Open,
}

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chunk {
    /// In the size, which has so much so far, and so many digits.
    Size(u64, u8),
    /// Behind the size, in what may follow it on its line.
    Extension(u64),
    /// So many bytes before the next size, with the line's end behind the data.
    Data(u64),
    /// Behind the last chunk: so many bytes into a line.
    Trailer(u64),
}

impl Answer {
    /// The answer to a request.
    pub fn to(request: &[u8]) -> Self {
        Self {
            status: 0,
            stays: false,
            is_head: request.starts_with(b"HEAD "),
            partial: Vec::new(),
            stage: Stage::Head,
        }
    }

    /// Takes what came, and says whether that was the end of it.
    pub fn take(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        match &mut self.stage {
            Stage::Head => self.take_head(bytes),
            Stage::Body(left) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                *left = left.checked_sub(more).ok_or(Malformed)?;
                Ok(*left == 0)
            }
            Stage::Chunks(chunk) => chunk.take(bytes),
            Stage::Open => Ok(false),
        }
    }

    /// The connection has ended, and whether the answer has with it.
    pub fn ends_open(&self) -> bool {
        self.stage == Stage::Open
    }

    fn take_head(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        if self.partial.is_empty() {
            return self.read_head(bytes);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        self.read_head(&whole)
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        let mut headers = [EMPTY_HEADER; HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let Status::Complete(length) = head.parse(bytes).map_err(|_| Malformed)? else {
            if bytes.len() > HEAD {
                return Err(Malformed);
            }
            bytes.clone_into(&mut self.partial);
            return Ok(false);
        };
        self.status = head.code.ok_or(Malformed)?;
        let rest = &bytes[length..];
        if (100..200).contains(&self.status) {
            // One that only says that another is coming.
            return if rest.is_empty() {
                Ok(false)
            } else {
                self.read_head(rest)
            };
        }
        self.stays = stays(head.version == Some(1), head.headers);
        self.stage = self.body(head.headers)?;
        self.stays &= self.stage != Stage::Open;
        if rest.is_empty() {
            Ok(self.stage == Stage::Body(0))
        } else {
            self.take(rest)
        }
    }

    fn body(&self, headers: &[Header<'_>]) -> Result<Stage, Malformed> {
        if self.is_head || matches!(self.status, 204 | 304) {
            return Ok(Stage::Body(0));
        }
        if values(headers, "transfer-encoding").any(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            return Ok(Stage::Chunks(Chunk::Size(0, 0)));
        }
        match values(headers, "content-length").next() {
            Some(length) => length.parse().map(Stage::Body).map_err(|_| Malformed),
            None => Ok(Stage::Open),
        }
    }
}

impl Chunk {
    fn take(&mut self, mut bytes: &[u8]) -> Result<bool, Malformed> {
        while let Some((first, rest)) = bytes.split_first() {
            let mut taken = 1;
            *self = match (*self, first) {
                (Self::Size(size, digits), digit) if digit.is_ascii_hexdigit() && digits < 15 => {
                    let digit = char::from(*digit).to_digit(16).ok_or(Malformed)?;
                    Self::Size(size * 16 + u64::from(digit), digits + 1)
                }
                (Self::Size(size, 1..), b';' | b' ' | b'\t' | b'\r') => Self::Extension(size),
                (Self::Size(..), _) => return Err(Malformed),
                (Self::Extension(0), b'\n') => Self::Trailer(0),
                (Self::Extension(size), b'\n') => Self::Data(size + 2),
                (Self::Extension(size), _) => Self::Extension(size),
                (Self::Data(left), _) => {
                    taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    match left - u64::try_from(taken).unwrap_or(left) {
                        0 => Self::Size(0, 0),
                        left => Self::Data(left),
                    }
                }
                (Self::Trailer(0), b'\n') => {
                    return if rest.is_empty() {
                        Ok(true)
                    } else {
                        Err(Malformed)
                    };
                }
                (Self::Trailer(_), b'\n') => Self::Trailer(0),
                (Self::Trailer(length), b'\r') => Self::Trailer(length),
                (Self::Trailer(length), _) => Self::Trailer(length + 1),
            };
            bytes = &bytes[taken..];
        }
        Ok(false)
    }
}

/// Every element of every header of that name.
fn values<'h>(headers: &'h [Header<'h>], name: &str) -> impl Iterator<Item = &'h str> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .flat_map(|header| str::from_utf8(header.value).unwrap_or_default().split(','))
        .map(str::trim)
}

fn stays(is_new: bool, headers: &[Header<'_>]) -> bool {
    let says = |word: &str| values(headers, "connection").any(|one| one.eq_ignore_ascii_case(word));
    if is_new {
        !says("close")
    } else {
        says("keep-alive")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status, whether the connection stays, and after how many bytes it
    /// was over, if it was.
    fn read(
        request: &str,
        answer: &str,
        at_once: usize,
    ) -> Result<(u16, bool, Option<usize>), Malformed> {
        let mut reading = Answer::to(request.as_bytes());
        let mut taken = 0;
        for bytes in answer.as_bytes().chunks(at_once) {
            taken += bytes.len();
            if reading.take(bytes)? {
                return Ok((reading.status, reading.stays, Some(taken)));
            }
        }
        Ok((reading.status, reading.stays, None))
    }

    #[test]
    fn an_answer_ends_where_it_says_however_it_arrives() {
        for (request, answer, status, stays) in [
            (
                "GET /",
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc",
                200,
                true,
            ),
            (
                "GET /",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n",
                200,
                false,
            ),
            (
                "GET /",
                "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na",
                200,
                false,
            ),
            (
                "GET /",
                "HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na",
                200,
                true,
            ),
            (
                "HEAD /",
                "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n",
                200,
                true,
            ),
            ("GET /", "HTTP/1.1 204 No Content\r\n\r\n", 204, true),
            (
                "GET /",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 1\r\n\r\na",
                404,
                true,
            ),
            (
                "GET /",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                200,
                true,
            ),
            (
                "GET /",
                "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n1a;x=y\r\n\n\r\n0\r\n\r\n0123456789abcdef01\r\n\
                 2\r\n\r\n\r\n0\r\nafter: all\r\n\r\n",
                500,
                true,
            ),
        ] {
            for at_once in [1, 2, 7, answer.len()] {
                let expected = Ok((status, stays, Some(answer.len())));
                assert_eq!(
                    read(request, answer, at_once),
                    expected,
                    "{answer:?} by {at_once}"
                );
            }
        }
    }

    #[test]
    fn an_answer_without_a_length_ends_with_its_connection() {
        let mut reading = Answer::to(b"GET /");
        assert_eq!(reading.take(b"HTTP/1.1 200 OK\r\n\r\nabc"), Ok(false));
        assert!(reading.ends_open() && !reading.stays);
    }

    #[test]
    fn what_is_no_answer_is_not_waited_for() {
        for bytes in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nmore",
        ] {
            assert_eq!(
                read("GET /", bytes, bytes.len()),
                Err(Malformed),
                "{bytes:?}"
            );
        }
    }
}

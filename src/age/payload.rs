//! What follows the head: chunks that are sealed each by itself, with a nonce that
//! says which it is and whether it is the last (STREAM).

use std::io::{self, ErrorKind, Read, Write};

use super::crypto::{self, Key, TAG};

/// Bytes between the head and the chunks.
pub const NONCE: usize = 16;
/// Bytes of every chunk but the last.
const CHUNK: usize = 64 * 1024;

/// The key of the chunks, and how many there were.
struct Stream {
    key: Key,
    count: u64,
}

impl Stream {
    fn nonce(&mut self, is_last: bool) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.count.to_be_bytes());
        nonce[11] = u8::from(is_last);
        self.count += 1;
        nonce
    }
}

/// Encrypts what is written.
pub struct Encryptor<W> {
    to: W,
    stream: Stream,
    chunk: Vec<u8>,
}

impl<W: Write> Encryptor<W> {
    /// One that goes on after the head.
    pub fn new(to: W, key: Key) -> Self {
        Self {
            to,
            stream: Stream { key, count: 0 },
            chunk: Vec::new(),
        }
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.to)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = self.stream.nonce(is_last);
        let sealed = crypto::seal(&self.stream.key, &nonce, &self.chunk)?;
        self.chunk.clear();
        self.to.write_all(&sealed)
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk may be the last: that is known when there is more.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let count = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Decrypts what is read: what was not sealed so is an error without a number.
pub struct Decryptor<R> {
    from: R,
    stream: Stream,
    /// What was opened, and how much of it was read.
    open: (Vec<u8>, usize),
    /// What comes next, since the last chunk is told by that. `None` before the first.
    sealed: Option<Vec<u8>>,
}

impl<R: Read> Decryptor<R> {
    /// One that goes on after the head.
    pub fn new(from: R, key: Key) -> Self {
        Self {
            from,
            stream: Stream { key, count: 0 },
            open: (Vec::new(), 0),
            sealed: None,
        }
    }

    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let mut chunk = Vec::new();
        let mut next = (&mut self.from).take((CHUNK + TAG) as u64);
        next.read_to_end(&mut chunk)?;
        Ok(chunk)
    }

    /// Opens the next chunk, if there is one.
    fn advance(&mut self) -> io::Result<()> {
        let sealed = match self.sealed.take() {
            Some(sealed) => sealed,
            None => self.chunk()?,
        };
        let next = self.chunk()?;
        if sealed.is_empty() && self.stream.count > 0 {
            self.sealed = Some(sealed);
            return Ok(());
        }
        let (is_first, is_last) = (self.stream.count == 0, next.is_empty());
        let nonce = self.stream.nonce(is_last);
        let text = crypto::open(&self.stream.key, &nonce, &sealed);
        // Only an empty file has an empty chunk.
        let text = text.filter(|text| is_first || !text.is_empty());
        let damaged = || io::Error::new(ErrorKind::InvalidData, "damaged");
        self.open = (text.ok_or_else(damaged)?, 0);
        self.sealed = Some(next);
        Ok(())
    }
}

impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.open.1 == self.open.0.len() {
            self.advance()?;
        }
        let (text, read) = &mut self.open;
        let count = (&text[*read..]).read(into)?;
        *read += count;
        Ok(count)
    }
}

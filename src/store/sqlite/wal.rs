//! The write-ahead log as bytes (the file format, section 4): what SQLite
//! would replay of it, read before SQLite has seen it.

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

/// The first bytes of a database and of its first page: the header.
pub type Header = [u8; HEADER];

const HEADER: usize = 100;
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A file that SQLite keeps beside the database: beside the file itself, wherever links lead.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let file = path.is_symlink().then(|| path.canonicalize().ok());
    let file = file.flatten().unwrap_or_else(|| path.to_owned());
    let mut beside = file.into_os_string();
    beside.push(ending);
    beside.into()
}

/// What a log holds.
pub enum Log {
    /// Nothing: there is none, or it was not begun.
    Empty,
    /// Something that is not a log.
    Unreadable,
    /// Frames.
    Frames(Frames),
}

/// A page as one transaction left it.
pub struct Frame {
    /// Its number, from 1.
    pub page: u32,
    /// How many pages the database has after it, if it ends a transaction; else 0.
    pub pages: u32,
    /// Its first bytes.
    pub header: Header,
}

/// The frames up to the first that SQLite would not take for one.
pub struct Frames {
    file: BufReader<File>,
    /// Bytes of a page.
    pub page_size: u32,
    salt: [u8; 8],
    sum: Sum,
    page: Vec<u8>,
}

/// Opens the log at `path`.
pub fn read(path: &Path) -> io::Result<Log> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Log::Empty),
        file => file?,
    };
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; LOG_HEADER];
    if !fill(&mut file, &mut header)? || header == [0; LOG_HEADER] {
        return Ok(Log::Empty);
    }
    // What a crash leaves of a new header is the old one: it lies within one sector.
    let (magic, page_size) = (number(&header, 0), number(&header, 8));
    let mut sum = Sum {
        is_big_endian: magic & 1 == 1,
        sums: [0, 0],
    };
    sum.add(&header[..24]);
    let is_log = magic & !1 == 0x377f_0682
        && page_size.is_power_of_two()
        && (512..=65_536).contains(&page_size)
        && sum.is(&header[24..]);
    if !is_log {
        return Ok(Log::Unreadable);
    }
    let mut salt = [0; 8];
    salt.copy_from_slice(&header[16..24]);
    Ok(Log::Frames(Frames {
        file,
        page_size,
        salt,
        sum,
        page: vec![0; page_size as usize],
    }))
}

impl Frames {
    /// The next frame, if it is one of this log.
    pub fn next(&mut self) -> io::Result<Option<Frame>> {
        let mut head = [0; FRAME_HEADER];
        if !fill(&mut self.file, &mut head)? || !fill(&mut self.file, &mut self.page)? {
            return Ok(None);
        }
        self.sum.add(&head[..8]);
        self.sum.add(&self.page);
        if head[8..16] != self.salt || !self.sum.is(&head[16..]) {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        header.copy_from_slice(&self.page[..HEADER]);
        Ok(Some(Frame {
            page: number(&head, 0),
            pages: number(&head, 4),
            header,
        }))
    }
}

/// The running checksum (section 4.2).
struct Sum {
    is_big_endian: bool,
    sums: [u32; 2],
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for words in bytes.chunks_exact(8) {
            for turn in [0, 1] {
                let mut word = [0; 4];
                word.copy_from_slice(&words[turn * 4..][..4]);
                let word = if self.is_big_endian {
                    u32::from_be_bytes(word)
                } else {
                    u32::from_le_bytes(word)
                };
                let other = self.sums[1 - turn];
                self.sums[turn] = self.sums[turn].wrapping_add(word).wrapping_add(other);
            }
        }
    }

    fn is(&self, written: &[u8]) -> bool {
        self.sums == [number(written, 0), number(written, 4)]
    }
}

/// The big-endian number at a place of a header.
pub fn number(bytes: &[u8], place: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[place..][..4]);
    u32::from_be_bytes(number)
}

/// Whether there were that many bytes.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

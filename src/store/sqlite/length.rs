//! How long the log may get.

/// Bytes of a frame: a page and its header.
const FRAME: u64 = 4096 + 24;

/// How many frames a log has.
#[derive(Debug, Clone, Copy)]
pub struct Length {
    /// From here on it is merged.
    pub usual: u32,
    /// Here nothing is written any more.
    pub most: u32,
}

/// 32 MiB, and a gigabyte: more than is written during a backup of ten million
/// users, and still read within seconds by the next start.
pub const LENGTH: Length = Length {
    usual: 8192,
    most: 260_000,
};

/// The log has its greatest length.
#[derive(Debug, thiserror::Error)]
#[error(
    "the write-ahead log has {0} MiB and cannot be merged, because another program (a backup, an sqlite3 shell) holds a \
     read transaction open: end that program, and writing goes on"
)]
pub struct TooLong(u64);

impl TooLong {
    /// With so many frames.
    pub fn at(frames: u32) -> Self {
        Self(mebibytes(frames))
    }
}

/// What so many frames take.
pub fn mebibytes(frames: u32) -> u64 {
    (u64::from(frames) * FRAME) >> 20
}

//! A file, compressed (zstd, RFC 8878), with its length and a checksum.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use zstd::{Decoder, Encoder, zstd_safe::get_frame_content_size};

use super::error::BackupError;
use crate::{files, store::Progress};

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes after which they are flushed, or one flush of all of them would hold
/// up those of the writer.
const FLUSH: usize = 8 << 20;
/// The longest header of a frame (section 3.1.1.1).
const HEADER: u64 = 18;

/// Compresses a file into one that is new, and flushes that.
pub fn pack(from: &Path, to: &Path, progress: &Progress) -> Result<(), BackupError> {
    let (reading, writing) = (BackupError::io(from), BackupError::io(to));
    let mut source = File::open(from).map_err(&reading)?;
    let length = source.metadata().map_err(&reading)?.len();
    let target = private(to).map_err(&writing)?;
    let mut encoder = Encoder::new(target, 0).map_err(&writing)?;
    encoder.include_checksum(true).map_err(&writing)?;
    encoder
        .set_pledged_src_size(Some(length))
        .map_err(&writing)?;
    let mut flushed = 0;
    pump(&mut source, from, progress, |chunk| {
        encoder.write_all(chunk).map_err(&writing)?;
        flushed += chunk.len();
        if flushed >= FLUSH {
            flushed = 0;
            encoder.get_ref().sync_data().map_err(&writing)?;
        }
        Ok(())
    })?;
    let target = encoder.finish().map_err(&writing)?;
    target.sync_all().map_err(&writing)
}

/// Makes the packed file anew, and does not flush it.
pub fn unpack(from: &Path, to: &Path, progress: &Progress) -> Result<(), BackupError> {
    let writing = BackupError::io(to);
    let source = File::open(from).map_err(BackupError::io(from))?;
    let mut decoder = Decoder::new(source).map_err(BackupError::io(from))?;
    let mut target = private(to).map_err(&writing)?;
    pump(&mut decoder, from, progress, |chunk| {
        target.write_all(chunk).map_err(&writing)
    })
}

/// How long the packed file is, by its own account.
pub fn unpacked_length(of: &Path) -> io::Result<Option<u64>> {
    let mut header = Vec::new();
    File::open(of)?.take(HEADER).read_to_end(&mut header)?;
    Ok(get_frame_content_size(&header).ok().flatten())
}

/// Makes a file for its owner's eyes alone.
pub fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    files::keep_private(&file)?;
    Ok(file)
}

/// Reads all of `source`, a piece at a time.
pub fn pump(
    source: &mut dyn Read,
    from: &Path,
    progress: &Progress,
    mut sink: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut chunk = vec![0; CHUNK];
    loop {
        if progress.is_stopped() {
            return Err(BackupError::Stopped);
        }
        let length = match source.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // Failures of the system have a number, those of the decoder have none.
            Err(error) if error.raw_os_error().is_none() => {
                return Err(BackupError::Damaged(from.to_owned()));
            }
            Err(error) => return Err(BackupError::io(from)(error)),
        };
        sink(&chunk[..length])?;
        progress.advance(length as u64);
    }
}

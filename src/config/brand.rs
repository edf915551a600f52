//! How the page looks that people log in with: the operator's colour and picture.

use std::{
    fs::File,
    io::{self, Read},
    str::FromStr,
};

use hyper::body::Bytes;

/// Larger pictures are refused: a page is to be light.
const LARGEST: u64 = 64 * 1024;
/// What every PNG file begins with (PNG, section 5.2).
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Relative luminance at which black and white can be read equally well: the
/// solution of the two contrast ratios (WCAG 2.2, "contrast ratio").
const MIDDLE: f64 = 0.179;

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

impl Color {
    /// As CSS writes it.
    pub fn css(self) -> String {
        let Self([red, green, blue]) = self;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Whether black can be read on it better than white.
    pub fn is_light(self) -> bool {
        let [red, green, blue] = self.0.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue > MIDDLE
    }
}

impl FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, channels @ ..] = number
            .ok_or("is not a colour: write # and six hexadecimal digits, as in \"#0b7a75\"")?
            .to_be_bytes();
        Ok(Self(channels))
    }
}

/// A picture, read when the setting that names its file is.
#[derive(Debug, Clone)]
pub struct Logo {
    /// Its media type.
    pub kind: &'static str,
    /// The file.
    pub bytes: Bytes,
}

impl FromStr for Logo {
    type Err = String;

    fn from_str(path: &str) -> Result<Self, String> {
        let bytes =
            start(path).map_err(|error| format!("names {path}, which cannot be read: {error}"))?;
        let is_svg = || std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        let kind = match bytes.len() as u64 {
            0..=LARGEST if bytes.starts_with(PNG) => "image/png",
            0..=LARGEST if is_svg() => "image/svg+xml",
            _ => {
                return Err(format!(
                    "names {path}, which is not an SVG or PNG file of at most 64 KiB"
                ));
            }
        };
        Ok(Self {
            kind,
            bytes: bytes.into(),
        })
    }
}

/// The file, or so much of it that it is too large.
fn start(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_is_written_on_light_colours_and_white_on_dark_ones() {
        for (color, is_light) in [
            ("#000000", false),
            ("#0b7a75", false),
            ("#2563EB", false),
            ("#ff7a00", true),
            ("#ffd400", true),
            ("#ffffff", true),
        ] {
            let read: Color = color.parse().unwrap();
            assert_eq!(read.is_light(), is_light, "{color}");
            assert_eq!(read.css(), color.to_ascii_lowercase());
        }
    }
}

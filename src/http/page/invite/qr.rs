//! The QR code of a link (ISO/IEC 18004), for cameras and for print.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of empty margin around it, as scanners need them.
const MARGIN: i32 = 4;
/// Pixels of a module, so that a link makes a picture of some 400.
const SCALE: usize = 12;

/// The modules of the code with its margin, by rows; dark ones are true.
fn rows(link: &str) -> Vec<Vec<bool>> {
    let code = QrCode::encode_text(link, QrCodeEcc::Medium);
    let code = code.expect("a link is shorter than what a QR code holds");
    let places = -MARGIN..code.size() + MARGIN;
    let row = |y| places.clone().map(|x| code.get_module(x, y)).collect();
    places.clone().map(row).collect()
}

/// As SVG: dark on white, whatever is around it.
pub fn svg(link: &str) -> String {
    let rows = rows(link);
    let size = rows.len();
    let mut path = String::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, is_dark)| **is_dark) {
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/><path d=\"{path}\"/></svg>\n"
    )
}

/// As PNG, a bit a pixel.
pub fn png(link: &str) -> Vec<u8> {
    let rows = rows(link);
    let side = rows.len() * SCALE;
    let mut pixels = Vec::new();
    for row in &rows {
        // Of grey a set bit is white.
        let bits: Vec<_> = row.iter().flat_map(|is_dark| [!is_dark; SCALE]).collect();
        let bytes: Vec<_> = bits.chunks(8).map(byte).collect();
        pixels.extend(bytes.repeat(SCALE));
    }
    let side = u32::try_from(side).expect("a QR code has at most 177 modules a side");
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    written.expect("memory takes what is written");
    picture
}

/// At most eight bits, the first of them the highest.
fn byte(bits: &[bool]) -> u8 {
    let places = bits.iter().zip((0..8).rev());
    places.map(|(bit, place)| u8::from(*bit) << place).sum()
}

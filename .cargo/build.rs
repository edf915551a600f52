//! Links the unwinder in, so that the binary needs the C library and nothing
//! else: Rust asks for the shared `libgcc_s`, and finds a linker script here
//! that names its static twin, which comes with every GCC.

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.cargo/link");
    println!("cargo::rerun-if-changed={folder}");
    println!("cargo::rustc-link-search=native={folder}");
}

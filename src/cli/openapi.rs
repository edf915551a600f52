//! `invited openapi`: prints the OpenAPI document.

use super::{failure::Failure, terminal::print};
use crate::http;

pub fn run() -> Result<(), Failure> {
    print(&http::openapi())
}

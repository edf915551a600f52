//! `invited openapi`: prints the OpenAPI document.

use super::{Failure, print};
use crate::http;

pub fn run() -> Result<(), Failure> {
    print(&http::openapi())
}

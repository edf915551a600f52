//! `invited openapi`: prints the OpenAPI document.

use clap::Args;

use super::{failure::Failure, terminal::print};
use crate::http;

#[derive(Args)]
pub struct Openapi {
    /// That of the API of operators (`http.admin`).
    #[arg(long)]
    admin: bool,
}

impl Openapi {
    pub fn run(self) -> Result<(), Failure> {
        let text = if self.admin {
            http::admin_openapi()
        } else {
            http::openapi()
        };
        print(&text)
    }
}

//! What `--help` and `--version` print: texts for terminals, made of what the
//! code says of itself anyway.

use std::sync::LazyLock;

use clap::Command;

use crate::{sms::presets, store};

/// The version, the commit that it was built from if that is known, and the
/// engines, of which the last is inside.
pub static VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("BUILD_COMMIT").map(|commit| format!("commit {commit}, "));
    format!(
        "{} ({}{})",
        env!("CARGO_PKG_VERSION"),
        commit.unwrap_or_default(),
        store::engines()
    )
});

/// What `--sms` takes: every gateway there is.
pub fn gateways(about: &str) -> String {
    let names: Vec<_> = presets::ALL.iter().map(|(name, _)| *name).collect();
    format!(
        "{about}: console, file:PATH, {}, or one of the configuration's own",
        names.join(", ")
    )
}

/// Takes the markup of doc comments out of every help text.
pub fn plain(mut command: Command) -> Command {
    let unmarked = |text: &dyn ToString| text.to_string().replace('`', "");
    if let Some(about) = command.get_about().map(|about| unmarked(about)) {
        command = command.about(about);
    }
    if let Some(about) = command.get_long_about().map(|about| unmarked(about)) {
        command = command.long_about(about);
    }
    let command = command.mut_args(|mut arg| {
        if let Some(help) = arg.get_help().map(|help| unmarked(help)) {
            arg = arg.help(help);
        }
        if let Some(help) = arg.get_long_help().map(|help| unmarked(help)) {
            arg = arg.long_help(help);
        }
        arg
    });
    command.mut_subcommands(plain)
}

//! The command line: one file a command.

mod config;
mod help;
mod installation;
mod keys;
mod migrate;
mod openapi;
mod seed;
mod serve;
mod simulate;
mod sms;

use std::{fmt, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    clock,
    config::{Config, ConfigError, Layers},
    store::OpenError,
    telemetry,
    token::key_file::KeysError,
};

/// A referral service with login by phone number.
#[derive(Parser)]
#[command(
    version = help::VERSION.as_str(),
    about,
    arg_required_else_help = true,
    disable_help_subcommand = false
)]
struct Cli {
    /// What to log: a level (error, warn, info, debug) or a filter like invited=debug.
    #[arg(long, global = true, env = "INVITED_LOG", default_value = "info")]
    log: String,
    /// How lines of the log are written.
    #[arg(
        long,
        global = true,
        env = "INVITED_LOG_FORMAT",
        default_value = "human"
    )]
    log_format: telemetry::Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(serve::Serve),
    /// Bring the database's schema up to date.
    Migrate(migrate::Migrate),
    /// Fill a database with made-up people who invited one another.
    Seed(seed::Seed),
    /// Print the OpenAPI document.
    Openapi,
    /// Show or renew the server's keys.
    Keys(keys::Keys),
    /// Play attacks against this installation's limits, and print what would come of them.
    Simulate(simulate::Simulate),
    /// Try, check and list the gateways that messages go through.
    Sms(sms::Sms),
    /// Print every setting with its default, as a configuration file.
    Config,
}

impl Command {
    /// Refuses what would write down or compare a time that cannot be.
    fn require_clock(&self) -> Result<(), Failure> {
        match self {
            Self::Serve(_) | Self::Migrate(_) | Self::Seed(_) | Self::Keys(_) | Self::Sms(_) => {
                clock::require_sane().map_err(Failure::of)
            }
            Self::Openapi | Self::Simulate(_) | Self::Config => Ok(()),
        }
    }
}

/// Where to find the settings, for commands that need the database or the keys.
#[derive(Args)]
struct Settings {
    /// A TOML file with settings (`invited config` prints one).
    #[arg(long, global = true, value_name = "FILE", env = "INVITED_CONFIG")]
    config: Option<PathBuf>,
    /// The database: a path, or sqlite:PATH [env: `INVITED_DATABASE`] [default: invited.db]
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The key file [env: `INVITED_KEYS`] [default: invited.keys.json beside the database]
    #[arg(long, global = true, value_name = "FILE")]
    keys: Option<String>,
}

impl Settings {
    fn layers(&self) -> Result<Layers, ConfigError> {
        let mut layers = Layers::beside(help::variables(&Cli::command()));
        layers.environment(std::env::vars_os())?;
        if let Some(path) = &self.config {
            layers.file(path)?;
        }
        layers.flag("database", "--database", self.database.as_ref());
        layers.flag("keys", "--keys", self.keys.as_ref());
        Ok(layers)
    }

    fn read(&self) -> Result<Config, ConfigError> {
        Config::read(self.layers()?)
    }
}

/// Why a command failed: a sentence, and whether it is the configuration's fault.
struct Failure {
    sentence: String,
    misconfigured: bool,
}

impl Failure {
    fn misconfigured(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            misconfigured: true,
        }
    }

    fn of(sentence: impl fmt::Display) -> Self {
        Self {
            sentence: sentence.to_string(),
            misconfigured: false,
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::misconfigured(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let sentence = format!("--database: {error}");
        match error {
            OpenError::Io { .. } | OpenError::Missing(_) | OpenError::Exposed(_) => {
                Self::misconfigured(sentence)
            }
            _ => Self::of(sentence),
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        Self::misconfigured(format!("--keys: {error}"))
    }
}

/// Runs the command of the process's arguments. Exit code 2 means that the
/// arguments or the configuration are to blame, 1 everything else.
pub fn run() -> ExitCode {
    let matches = help::plain(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = telemetry::start(&cli.log, cli.log_format)
        .map_err(Failure::misconfigured)
        .and_then(|log| cli.command.require_clock().map(|()| log))
        .and_then(|_log| match &cli.command {
            Command::Serve(serve) => serve.run(),
            Command::Migrate(migrate) => migrate.run(),
            Command::Seed(seed) => seed.run(),
            Command::Openapi => openapi::run(),
            Command::Keys(keys) => keys.run(),
            Command::Simulate(simulate) => simulate.run(),
            Command::Sms(sms) => sms.run(),
            Command::Config => config::run(),
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("invited: {}\n", failure.sentence));
            ExitCode::from(if failure.misconfigured { 2 } else { 1 })
        }
    }
}

/// Waits for work on this thread.
fn run_now<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    let cannot = |error| Failure::of(format!("cannot start: {error}"));
    runtime.map_err(cannot)?.block_on(work)
}

/// Prints, and takes a reader who stops reading for content.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::of(format!("cannot print: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something that is not output. If nobody can hear it, so be it.
fn tell(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

//! Where admin commands are sent, and how their answers are printed.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Write},
    os::unix::net::UnixStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use serde_json::Value;

use super::table::table;
use crate::{
    app::{
        self, App,
        admin::{
            Change, Command, Look, Request, perform,
            socket::{self, Reply, actor, name},
        },
    },
    cli::{
        failure::Failure,
        installation::Found,
        settings::Settings,
        terminal::{print, run_now},
    },
    clock::{Clock, SystemClock, dice},
    config::Config,
    domain::{audit::Operator, permission::Permissions},
    sms::route::Routes,
    store::Store,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Args)]
pub struct Console {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
    /// Show phones in full.
    #[arg(long, global = true)]
    full: bool,
}

/// What every change says.
#[derive(Args)]
pub struct Reason {
    /// Why, for the audit.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What a command may say that is asked for everybody at once.
#[derive(Args)]
pub struct OptionalReason {
    /// Why, for the audit.
    #[arg(
        long,
        global = true,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
}

impl OptionalReason {
    /// Whoever runs this command, for the audit.
    pub fn operator(&self) -> Operator {
        Operator {
            name: name(rustix::process::getuid().as_raw()),
            permissions: Permissions::ALL,
            reason: self.reason.clone(),
            at: SystemClock.now(),
        }
    }
}

impl Console {
    pub fn with_json(self) -> Self {
        Self { json: true, ..self }
    }

    /// Prints what there is to see.
    pub fn look(&self, look: Look) -> Result<(), Failure> {
        self.run(Command::Look(look), String::new())
    }

    /// Changes something, and prints what comes of it.
    pub fn change(&self, change: Change, why: Reason) -> Result<(), Failure> {
        self.run(Command::Change(change), why.reason)
    }

    /// The same of what may be said why it is done.
    pub fn change_for(&self, change: Change, why: OptionalReason) -> Result<(), Failure> {
        self.run(Command::Change(change), why.reason)
    }

    /// The configuration that says where the service is.
    pub fn config(&self) -> Result<Config, Failure> {
        Ok(self.settings.read()?)
    }

    /// Whether programs read the answer.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// What there is to see, for whoever makes something else of it.
    pub fn fetch(&self, config: &Config, look: Look) -> Result<Value, Failure> {
        let request = Request {
            command: Command::Look(look),
            reason: String::new(),
            full: self.full,
        };
        answer(config, request)
    }

    fn run(&self, command: Command, reason: String) -> Result<(), Failure> {
        let request = Request {
            command,
            reason,
            full: self.full,
        };
        let answer = answer(&self.config()?, request)?;
        let text = if self.json {
            let text = serde_json::to_string_pretty(&answer).map_err(Failure::of)?;
            text + "\n"
        } else {
            table(&answer)
        };
        print(&text)
    }
}

fn answer(config: &Config, request: Request) -> Result<Value, Failure> {
    let database = config.server.database.place();
    match ask(&socket::path(database), &request, &mut |_, _| {}) {
        Some(answer) => answer,
        None => open_and_perform(config.clone(), request),
    }
}

/// Asks the server that listens there, if one does; `watch` is told how far it is.
pub fn ask(
    path: &Path,
    request: &Request,
    watch: &mut dyn FnMut(u64, u64),
) -> Option<Result<Value, Failure>> {
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if is_nobody(error.kind()) => return None,
        Err(error) => {
            let path = path.display();
            return Some(Err(Failure::of(format!("{path}: {error}"))));
        }
    };
    let failed = |error| Failure::of(format!("the server did not answer: {error}"));
    Some(exchange(&stream, request, watch).map_err(failed).flatten())
}

/// Whether a server serves from the database.
pub fn is_running(database: &Path) -> bool {
    UnixStream::connect(socket::path(database)).is_ok()
}

/// Whether the error says that nobody listens.
fn is_nobody(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

fn exchange(
    mut stream: &UnixStream,
    request: &Request,
    watch: &mut dyn FnMut(u64, u64),
) -> io::Result<Result<Value, Failure>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut replies = BufReader::new(stream).lines();
    loop {
        let ended = || Err(ErrorKind::UnexpectedEof.into());
        match serde_json::from_str(&replies.next().unwrap_or_else(ended)?)? {
            Reply::Working(done, total) => watch(done, total),
            Reply::Done(value) => return Ok(Ok(value)),
            Reply::Refused(sentence) => return Ok(Err(Failure::of(sentence))),
        }
    }
}

/// Without a server: does it here.
fn open_and_perform(config: Config, request: Request) -> Result<Value, Failure> {
    let found = Found::look(&config)?.fitting()?;
    let sms = app::gateways(&config, &found.keys, &Routes::default())?;
    let store = Store::open(&config.server.database)?;
    let app = App::new(config, store, found.keys, sms, Arc::new(SystemClock), dice);
    let app = Arc::new(app);
    let actor = actor(rustix::process::getuid().as_raw());
    run_now(async { perform(&app, &actor, request).await.map_err(Failure::of) })
}

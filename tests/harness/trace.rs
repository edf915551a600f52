//! A running server under `strace`: what it asks of the system, and what the
//! system answers for a while.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use super::server::Server;

/// Watches until it is dropped.
pub struct Trace {
    process: Child,
    /// It tells of each new thread, and would not survive being left alone with that.
    _words: BufReader<ChildStderr>,
}

impl Trace {
    /// Attaches to every thread of the server, with these arguments; or says
    /// why that cannot be done on this machine.
    pub fn attach(server: &Server, output: &Path, arguments: &[&str]) -> Result<Self, String> {
        let mut command = Command::new("strace");
        command
            .args(["-f", "-p", &server.process.id().to_string(), "-o"])
            .arg(output)
            .args(arguments)
            .stderr(Stdio::piped());
        let mut process = match command.spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err("strace is not installed".to_owned());
            }
            process => process.unwrap(),
        };
        let mut told = String::new();
        let mut words = BufReader::new(process.stderr.take().unwrap());
        words.read_line(&mut told).unwrap();
        let trace = Self {
            process,
            _words: words,
        };
        if told.contains(" attached") {
            return Ok(trace);
        }
        Err(format!("strace may not attach: {}", told.trim_end()))
    }

    /// Waits until the server has exited; the trace is whole then.
    pub fn finish(mut self) {
        self.process.wait().unwrap();
    }
}

impl Drop for Trace {
    /// Lets go of the server, which goes on.
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_none() {
            let id = self.process.id().to_string();
            Command::new("kill").args(["-INT", &id]).status().unwrap();
            self.process.wait().unwrap();
        }
    }
}

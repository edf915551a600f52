//! The socket beside the database that admin commands speak to while the
//! service runs: a line of JSON there, a line of JSON back. The system tells
//! who is on the other side; only the service's own user and root are heard.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::{Actor, Request, perform};
use crate::app::{App, Reloadable};

/// Bytes of a request at most.
const LONGEST: u64 = 64 * 1024;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is told how far something long is.
const TOLD: Duration = Duration::from_secs(1);

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It takes a while, and the answer is still to come: bytes that are done, and of how many.
    Working(u64, u64),
    /// What was asked for.
    Done(Value),
    /// Why not, in a sentence.
    Refused(String),
}

/// Where the socket of a database is.
pub fn path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".sock");
    path.into()
}

/// How a user of the system is called in the audit.
pub fn name(uid: u32) -> String {
    format!("uid {uid}")
}

/// A user of the system who asks for something.
pub fn actor(uid: u32) -> Actor {
    Actor::System(name(uid))
}

/// The socket of a running service. Dropping it takes it away.
pub struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Where the database was replaced, another service may have made another.
    inode: u64,
}

impl AdminSocket {
    /// Makes it, in place of what an earlier run left. Whoever calls this holds
    /// the lock of the database, so nobody listens there.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn bind(database: &Path) -> io::Result<Self> {
        let path = path(database);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // Whoever was faster is turned away by who they are.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let inode = fs::metadata(&path)?.ino();
        Ok(Self {
            listener,
            path,
            inode,
        })
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        if fs::metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            // The next run takes away what is left.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Answers for as long as it is polled.
pub async fn serve(service: Arc<Reloadable>, socket: AdminSocket) {
    loop {
        match socket.listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(service.current(), stream));
            }
            // Too many open files, as a rule.
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

async fn answer(app: Arc<App>, mut stream: UnixStream) {
    let Ok(peer) = stream.peer_cred() else { return };
    let own = rustix::process::geteuid().as_raw();
    let reply = if [0, own].contains(&peer.uid()) {
        match timeout(PATIENCE, read(&mut stream)).await {
            Ok(Ok(request)) => {
                let actor = actor(peer.uid());
                let work = perform(&app, &actor, request);
                match told_of(&app, &mut stream, work).await {
                    Ok(value) => Reply::Done(value),
                    Err(error) => Reply::Refused(error.to_string()),
                }
            }
            Ok(Err(_)) => Reply::Refused("the request cannot be read".to_owned()),
            Err(_) => return,
        }
    } else {
        Reply::Refused("only the service's own user and root are answered".to_owned())
    };
    write(&mut stream, &reply).await;
}

/// Does the work, and says once a second how far it is, if it is a long one.
async fn told_of<T>(app: &App, stream: &mut UnixStream, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        match timeout(TOLD, &mut work).await {
            Ok(done) => return done,
            Err(_elapsed) => {
                if let Some((done, total)) = app.backups.progress() {
                    write(stream, &Reply::Working(done, total)).await;
                }
            }
        }
    }
}

async fn write(stream: &mut UnixStream, reply: &Reply) {
    let mut line = serde_json::to_vec(reply).expect("a reply is plain JSON");
    line.push(b'\n');
    // Whoever does not wait for the answer has none.
    let _ = timeout(PATIENCE, stream.write_all(&line)).await;
}

async fn read(stream: &mut UnixStream) -> io::Result<Request> {
    let mut line = String::new();
    let mut reader = BufReader::new(stream).take(LONGEST);
    reader.read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}

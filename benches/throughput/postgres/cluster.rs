//! A throw-away PostgreSQL from Debian's packages, with its defaults for what
//! a commit is: it ends with this process, however that ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::measure::Measure;

const SCRIPT: &str = include_str!("cluster.sh");
const PROGRAMS: &str = "/usr/lib/postgresql";
const PEOPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/throughput/postgres/people.sql"
);
pub struct Cluster {
    shell: Child,
    port: u16,
    programs: PathBuf,
}

impl Cluster {
    /// Starts one, or says why not.
    pub fn start() -> Result<Self, String> {
        let programs = programs().ok_or(format!("there is no PostgreSQL in {PROGRAMS}"))?;
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = unprivileged("sh");
        command
            .args(["-c", SCRIPT, "cluster.sh"])
            .arg(&programs)
            .arg(port.to_string());
        command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut shell = command.spawn().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let mut lines = BufReader::new(shell.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        if line.trim_end() != "ready" {
            return Err("it does not start".to_owned());
        }
        Ok(Self {
            shell,
            port,
            programs,
        })
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://invited@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database.
    pub fn make(&self, database: &str) {
        self.run("createdb", &[database]);
    }

    /// Puts so many people into one.
    pub fn fill(&self, database: &str, users: u64) {
        let users = format!("users={users}");
        self.run("psql", &["-q", "-v", &users, "-d", database, "-f", PEOPLE]);
    }

    /// Makes one for `pgbench` to run its own script in, with so many branches.
    pub fn fill_for_pgbench(&self, scale: &str) {
        let database = pgbench(scale);
        self.make(&database);
        self.run("pgbench", &["-i", "-q", "-s", scale, &database]);
    }

    /// What `pgbench` commits: its default script (TPC-B, three updates, one
    /// insert, one read), by its default protocol.
    pub fn pgbench(&self, scale: &str, clients: usize, time: Duration) -> Measure {
        let (clients, time) = (clients.to_string(), time.as_secs().max(1).to_string());
        let database = pgbench(scale);
        let options = ["-n", "-c", &clients, "-j", "2", "-T", &time, &database];
        let told = self.run("pgbench", &options);
        let rate = told
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        Measure {
            rate: rate.unwrap(),
            ..Measure::NOTHING
        }
    }

    /// What one of its programs tells.
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.programs.join(program));
        let port = self.port.to_string();
        command
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "invited"])
            .args(arguments);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn pgbench(scale: &str) -> String {
    format!("pgbench_{scale}")
}

/// The programs of the latest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(PROGRAMS).ok()?;
    let folders = versions.map(|version| version.unwrap().path());
    let whole = folders.filter(|folder| folder.join("bin/initdb").exists());
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    Some(whole.max_by_key(version)?.join("bin"))
}

/// A program that is not run as root, by whom PostgreSQL refuses to be started.
fn unprivileged(program: &str) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", program]);
    command
}

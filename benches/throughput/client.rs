//! The load: connections that each send a request, read its answer and send
//! the next. It runs on the cores of what it measures, so it is cheap: requests
//! are prepared bytes, and of an answer only the head is looked at.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::JoinSet,
    time::{Instant, timeout},
};

/// How long answers that are still to come at the end are waited for.
const GRACE: Duration = Duration::from_secs(15);
/// Bytes read at once; more than nearly all answers have.
const READ: usize = 32 * 1024;

pub fn request(method: &str, path: &str, header: &str, body: &str) -> Arc<[u8]> {
    let length = body.len();
    let body = if body.is_empty() {
        "\r\n".to_owned()
    } else {
        format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n{body}")
        .into_bytes()
        .into()
}

/// Has so many connections send `requests`, for so long or until there are no
/// more; how long each answer took. An answer other than 200, or none, is an
/// error.
pub fn load(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    requests: impl Iterator<Item = Arc<[u8]>> + Send + 'static,
) -> io::Result<Vec<Duration>> {
    // The other half is for the server.
    let threads = thread::available_parallelism()?.get().div_ceil(2);
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).enable_all().build()?;
    let until = Instant::now() + time;
    let requests = Arc::new(Mutex::new(requests));
    let all = (0..connections).map(|_| converse(address, Arc::clone(&requests), until));
    let latencies: io::Result<Vec<_>> = runtime.block_on(async {
        let all = all.collect::<JoinSet<_>>().join_all();
        timeout(time + GRACE, all).await?.into_iter().collect()
    });
    Ok(latencies?.concat())
}

/// One connection: how long each answer took.
async fn converse(
    address: SocketAddr,
    requests: Arc<Mutex<impl Iterator<Item = Arc<[u8]>>>>,
    until: Instant,
) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::with_capacity(READ);
    let mut latencies = Vec::new();
    let next = || requests.lock().unwrap().next();
    while let Some(request) = next() {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        stream.write_all(&request).await?;
        answer.clear();
        let mut left = 1;
        while left > 0 {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left = left_of(&answer)?;
        }
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// How many bytes are still to come of an answer, which must be 200 and say
/// how long it is.
fn left_of(answer: &[u8]) -> io::Result<usize> {
    let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else {
        return Ok(1);
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head.split("\r\ncontent-length: ").nth(1);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
    let length = length.filter(|_| head.starts_with("HTTP/1.1 200 "));
    let length = length.ok_or_else(|| io::Error::other(head.into_owned()))?;
    Ok(end + 4 + length - answer.len())
}

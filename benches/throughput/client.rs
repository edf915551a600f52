//! The load: connections that each send a request, read its answer and send
//! the next. It runs on the cores of what it measures, so it is cheap: requests
//! are prepared bytes, and of an answer only the head is looked at.

use std::{
    io,
    net::SocketAddr,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
/// Bytes read at once; more than any head has.
const READ: usize = 32 * 1024;

pub fn request(method: &str, path: &str, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let body = if body.is_empty() {
        "\r\n".to_owned()
    } else {
        format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n{body}").into_bytes()
}

/// The next request, if there is another, for whichever connection is free.
pub type Requests = Arc<dyn Fn() -> Option<Arc<[u8]>> + Send + Sync>;

pub fn repeat(request: &[u8]) -> Requests {
    let request: Arc<[u8]> = request.into();
    Arc::new(move || Some(Arc::clone(&request)))
}

/// These requests, each once.
pub fn each<P: AsRef<[u8]> + Send + Sync + 'static>(
    requests: &Arc<[P]>,
    which: Range<usize>,
) -> Requests {
    let next = AtomicUsize::new(which.start);
    let requests = Arc::clone(requests);
    Arc::new(move || {
        let at = next.fetch_add(1, Ordering::Relaxed);
        (at < which.end).then(|| requests[at].as_ref().into())
    })
}

/// Has so many connections send `requests`, for so long or until there are no
/// more; how long each answer took. An answer other than 200, or none, is an
/// error.
pub fn load(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    requests: &Requests,
) -> io::Result<Vec<Duration>> {
    // The other half is for the server.
    let threads = thread::available_parallelism()?.get().div_ceil(2);
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).enable_all().build()?;
    let until = Instant::now() + time;
    let all = (0..connections).map(|_| converse(address, Arc::clone(requests), until));
    let latencies: io::Result<Vec<_>> = runtime.block_on(async {
        let all = all.collect::<JoinSet<_>>().join_all();
        timeout(time + GRACE, all).await?.into_iter().collect()
    });
    Ok(latencies?.concat())
}

/// One connection: how long each answer took.
async fn converse(
    address: SocketAddr,
    requests: Requests,
    until: Instant,
) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ];
    let mut latencies = Vec::new();
    while let Some(request) = requests() {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        stream.write_all(&request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        latencies.push(sent.elapsed());
    }
    Ok(latencies)
}

/// Reads to the end of an answer, which must be 200 and say how long it is.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    let body = loop {
        filled += read(stream, &mut buffer[filled..]).await?;
        if let Some(end) = memchr::memmem::find(&buffer[..filled], b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..body]);
    let length = head.split("\r\ncontent-length: ").nth(1);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
    let length = length.filter(|_| head.starts_with("HTTP/1.1 200 "));
    let length = length.ok_or_else(|| io::Error::other(head.into_owned()))?;
    let mut left = body + length - filled;
    while left > 0 {
        let most = left.min(buffer.len());
        left -= read(stream, &mut buffer[..most]).await?;
    }
    Ok(())
}

async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match stream.read(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(count),
    }
}

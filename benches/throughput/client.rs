//! The load: connections that each send a request, read its answer and send
//! the next. It runs on the cores of what it measures, so it is cheap: requests
//! are prepared bytes, and of an answer only the head is looked at.

use std::{io, net::SocketAddr, thread, time::Duration};

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

/// Has so many connections send `requests`, for so long or until there are no
/// more. How long each answer took, and how long it took until the last; an
/// answer other than 200, or none, is an error.
pub fn load<R>(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    requests: &R,
) -> io::Result<(Vec<Duration>, Duration)>
where
    R: Iterator<Item: AsRef<[u8]> + Send + Sync> + Clone + Send + 'static,
{
    // The other half is for the server.
    let threads = thread::available_parallelism()?.get().div_ceil(2);
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).enable_all().build()?;
    let began = Instant::now();
    let all = (0..connections).map(|_| converse(address, requests.clone(), began + time));
    let all = runtime.block_on(async {
        let all: JoinSet<_> = all.collect();
        timeout(time + GRACE, all.join_all()).await
    })?;
    let (mut latencies, mut last) = (Vec::new(), began);
    for conversation in all {
        let (own, end) = conversation?;
        latencies.extend(own);
        last = last.max(end);
    }
    Ok((latencies, last - began))
}

/// One connection: how long each answer took, and when the last was there.
async fn converse<R>(
    address: SocketAddr,
    requests: R,
    until: Instant,
) -> io::Result<(Vec<Duration>, Instant)>
where
    R: Iterator<Item: AsRef<[u8]>>,
{
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ];
    let (mut latencies, mut now) = (Vec::new(), Instant::now());
    for request in requests {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        stream.write_all(request.as_ref()).await?;
        read_answer(&mut stream, &mut buffer).await?;
        now = Instant::now();
        latencies.push(now - sent);
    }
    Ok((latencies, now))
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

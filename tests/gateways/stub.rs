//! A provider of ours: takes requests on loopback, remembers them, and
//! answers what it is told to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

/// A request that was taken.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its first line and headers.
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn form(&self) -> Vec<(String, String)> {
        let fields = url::form_urlencoded::parse(self.body.as_bytes());
        fields.into_owned().collect()
    }
}

/// What is answered: everything that goes over the line.
type Answers = dyn Fn(&Asked) -> String + Send + Sync;

pub struct Stub {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// One that answers every request so.
    pub fn saying(answers: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (notes, answers): (_, Arc<Answers>) = (Arc::clone(&asked), Arc::new(answers));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (notes, answers) = (Arc::clone(&notes), Arc::clone(&answers));
                thread::spawn(move || serve(stream, &notes, &*answers));
            }
        });
        Self { url, asked }
    }

    /// One that answers every request with this status and body.
    pub fn answering(status: u16, body: &str) -> Self {
        let answer = answer(status, body);
        Self::saying(move |_| answer.clone())
    }

    /// What it was asked, the last of it.
    pub fn last(&self) -> Asked {
        self.asked
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("something was asked")
    }

    /// What it was asked, by number.
    pub fn at(&self, number: usize) -> Asked {
        self.asked.lock().unwrap()[number].clone()
    }

    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub fn answer(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn serve(mut stream: TcpStream, notes: &Mutex<Vec<Asked>>, answers: &Answers) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            match lines.read_line(&mut head) {
                Ok(1..) => {}
                _ => return,
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        if lines.read_exact(&mut body).is_err() {
            return;
        }
        let asked = Asked {
            head,
            body: String::from_utf8(body).unwrap(),
        };
        notes.lock().unwrap().push(asked.clone());
        let answer = answers(&asked);
        // An empty answer is none.
        if answer.is_empty() || stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

//! Answers that [`crate::app::admin`] has put into words already: `T` is how
//! the document describes them, which a test compares.

use serde_json::Value;

use crate::http::reply::Reply;

/// The answer.
pub fn told<T>(value: &Value) -> Reply<T> {
    Reply::again(serde_json::to_vec(value).expect("an answer is plain JSON"))
}

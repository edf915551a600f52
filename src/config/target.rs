//! Where backups go.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// A folder or a part of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A folder, which must be there.
    Folder(PathBuf),
    /// Of an S3-compatible store.
    Bucket {
        /// Its name.
        name: String,
        /// What the keys in it begin with; neither begins nor ends with a slash.
        prefix: String,
    },
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(place) = text.strip_prefix("s3://") else {
            if text.is_empty() || text.contains("://") {
                return Err(
                    "is not a place for backups: write the path of a folder, or s3://BUCKET/PREFIX"
                        .to_owned(),
                );
            }
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let lower =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        // Characters that every store and tool takes as they are.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_plain = |part: &str| !["", ".", ".."].contains(&part) && part.bytes().all(plain);
        if !(3..=63).contains(&name.len())
            || !name.bytes().all(lower)
            || !(prefix.is_empty() || prefix.split('/').all(is_plain))
        {
            return Err("does not name a bucket: write s3://BUCKET/PREFIX, with letters, digits, and -._~ in the prefix".to_owned());
        }
        Ok(Self::Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket { name, prefix } if prefix.is_empty() => write!(f, "s3://{name}"),
            Self::Bucket { name, prefix } => write!(f, "s3://{name}/{prefix}"),
        }
    }
}

//! Values that statements are given: of the few types that every engine has
//! which speaks PostgreSQL's protocol.

use std::error::Error;

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::domain::phone::Phone;

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A BIGINT.
    Integer(Option<i64>),
    /// A TEXT.
    Text(Option<String>),
    /// A BYTEA.
    Bytes(Option<Vec<u8>>),
    /// A BOOLEAN.
    Flag(Option<bool>),
    /// An array of BIGINT.
    Integers(Vec<i64>),
    /// An array of TEXT.
    Texts(Vec<String>),
}

/// The parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::postgres::value::Value::from($value)),*]
    };
}
pub(super) use params;

/// A phone as the store holds it: one integer of at most 15 digits.
pub fn number(phone: Phone) -> i64 {
    i64::try_from(phone.number()).expect("15 digits fit an i64")
}

impl Value {
    /// Its type, where no statement was prepared that says so.
    pub fn kind(&self) -> Type {
        match self {
            Self::Integer(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Flag(_) => Type::BOOL,
            Self::Integers(_) => Type::INT8_ARRAY,
            Self::Texts(_) => Type::TEXT_ARRAY,
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        if *kind != self.kind() {
            return Err(format!("a statement wants {kind}, and is given {}", self.kind()).into());
        }
        match self {
            Self::Integer(value) => value.to_sql(kind, out),
            Self::Text(value) => value.to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
            Self::Flag(value) => value.to_sql(kind, out),
            Self::Integers(values) => values.to_sql(kind, out),
            Self::Texts(values) => values.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

macro_rules! from {
    ($($variant:ident: $($type:ty),+ => $convert:expr;)+) => {
        $($(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$variant(Some(($convert)(value)))
                }
            }

            impl From<Option<$type>> for Value {
                fn from(value: Option<$type>) -> Self {
                    Self::$variant(value.map($convert))
                }
            }
        )+)+
    };
}

from! {
    Integer: i64, u32 => i64::from;
    Flag: bool => bool::from;
    Text: &str, String => String::from;
    Bytes: &[u8], Vec<u8>, [u8; 16], [u8; 32] => Vec::from;
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<Option<&String>> for Value {
    fn from(value: Option<&String>) -> Self {
        Self::Text(value.cloned())
    }
}

impl From<Vec<i64>> for Value {
    fn from(values: Vec<i64>) -> Self {
        Self::Integers(values)
    }
}

impl From<Vec<String>> for Value {
    fn from(values: Vec<String>) -> Self {
        Self::Texts(values)
    }
}

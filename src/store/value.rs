//! Values on their way into a statement.

use types::{AccountId, Digest, MediaType, Region, RepoName, Tag, Timestamp};

/// A value on its way into a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Real(f64),
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

impl From<u64> for Value {
    fn from(integer: u64) -> Self {
        // Sizes and offsets; nothing comes near 2^63 bytes.
        Self::Integer(Some(i64::try_from(integer).unwrap_or(i64::MAX)))
    }
}

impl From<usize> for Value {
    fn from(integer: usize) -> Self {
        Self::from(integer as u64)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(Some(time.micros()))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Integer(time.map(Timestamp::micros))
    }
}

impl From<Option<u16>> for Value {
    fn from(integer: Option<u16>) -> Self {
        Self::Integer(integer.map(i64::from))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

macro_rules! text_values {
    ($($name:ident),*) => {$(
        impl From<&$name> for Value {
            fn from(value: &$name) -> Self {
                Self::Text(Some(value.as_str().to_owned()))
            }
        }
        impl From<Option<&$name>> for Value {
            fn from(value: Option<&$name>) -> Self {
                Self::Text(value.map(|value| value.as_str().to_owned()))
            }
        }
    )*};
}
text_values!(AccountId, Digest, MediaType, Region, RepoName, Tag);

/// A list of texts as one argument, for `in (select value from json_each($1))`.
///
/// Where it is part of a key that begins with a repository, the whole key is in a list:
/// `(repository_id, digest) in (select distinct $1, value from json_each($2))`. Told `repository_id = $1 and digest in (…)`,
/// both databases may read all that the repository has, and look which of it is in the list: see the decision about
/// [large repositories](../../docs/decisions/0038-large-repositories.md).
pub(crate) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    let items: Vec<&str> = items.into_iter().collect();
    Value::Text(Some(serde_json::to_string(&items).expect("a list of strings is always JSON")))
}

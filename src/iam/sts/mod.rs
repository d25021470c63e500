//! STS: who a caller is, and sessions.

pub(crate) mod ops;

//! STS: who a caller is, and sessions. What the operations share is here; a session itself is begun in `app::sessions`.

pub(crate) mod input;
pub(crate) mod judged;
pub(crate) mod ops;
pub(crate) mod output;
pub(crate) mod refusal;

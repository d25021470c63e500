//! What a handler is given: the request, less what the way to it has dealt with.

use std::sync::Arc;

use app::{App, Ctx};
use http::request::Parts;

use crate::Config;
use crate::manifest_body::Memory;
use crate::query::Query;

/// Everything that the handlers share.
pub(crate) struct State {
    pub(crate) app: Arc<App>,
    pub(crate) config: Config,
    /// What manifests take on their way in.
    pub(crate) manifests: Memory,
}

/// A request on its way to a handler: authenticated and authorized.
pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    pub(crate) ctx: Ctx,
    pub(crate) parts: Parts,
    pub(crate) query: Query,
}

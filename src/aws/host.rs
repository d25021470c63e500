//! What the application answers when it is asked: who calls, and whether that caller may.

use std::future::Future;

use bytes::Bytes;

use crate::{Access, Audit, Fault, Head, Need, Record, Signature};

/// A call that was authenticated: what every operation is given beside its input.
pub trait Call: Send + Sync + 'static {
    /// Proof of authorization. Rules ask for it, and only [`Call::authorize`] makes it.
    type Grant: Send + Sync;

    /// Judges all of `needs`. None at all gives a grant that is good for nothing that asks for one.
    fn authorize(&self, needs: &[Need]) -> impl Future<Output = Result<Self::Grant, Fault>> + Send;
}

/// The application.
pub trait Host: Send + Sync + 'static {
    /// Its calls.
    type Call: Call;

    /// Whether the access key of a signature exists, before a large body is read for it. Proves nothing.
    fn knows(&self, signature: &Signature) -> bool;

    /// Finds out who calls. `service` is the name that the signature must be scoped to; without a signature only what
    /// [`Access::Unsigned`] allows may be called.
    fn authenticate(
        &self,
        head: &Head,
        signature: Option<&Signature>,
        service: &'static str,
        access: Access,
        body: &Bytes,
    ) -> Result<Self::Call, Fault>;

    /// Whether the audit log wants a call, so that nothing is prepared that it does not keep.
    fn wants(&self, audit: Audit, fault: Option<&Fault>) -> bool;

    /// Keeps a call in the audit log. The answer goes out when this returns.
    fn record(&self, record: Record<'_, Self::Call>) -> impl Future<Output = ()> + Send;
}

//! Who signed a request: from the access key of a signature to an identity, once the signature fits its secret.

use aws::{Common, Fault, Head, Signature};
use bytes::Bytes;
use std::sync::Arc;

use super::Login;
use crate::App;

/// Whether there is an access key of this id. A session's key is known by its token alone.
pub(crate) fn knows(app: &App, signature: &Signature) -> bool {
    signature.session_token.is_some() || app.snapshot().access_key(&signature.access_key_id).is_some()
}

/// Finds out who signed. An unknown key and one that is turned off are the same failure.
pub(crate) fn authenticate(app: &App, head: &Head, signature: &Signature, body: &Bytes) -> Result<Login, Fault> {
    signature.check_time(head.received_at)?;
    let snapshot = app.snapshot();
    let key = snapshot.access_key(&signature.access_key_id).filter(|_| signature.session_token.is_none());
    let Some(key) = key else {
        let message = "The security token included in the request is invalid.";
        return Err(Fault::common(Common::UnrecognizedClient, message));
    };
    signature.verify(head, body, &key.secret, &app.signing_keys)?;
    Ok(Login { identity: Arc::clone(&key.identity), access_key_id: Some(signature.access_key_id.clone()) })
}

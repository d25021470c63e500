//! Who signed a request: from the access key of a signature to an identity, once the signature fits its secret.

use std::sync::Arc;

use aws::{Common, Fault, Head, Signature};
use bytes::Bytes;

use super::{Login, Temporary, temporary_credentials};
use crate::App;

/// Whether there is an access key of this id. A session's key is known by its token alone.
pub(crate) fn knows(app: &App, signature: &Signature) -> bool {
    match &signature.session_token {
        Some(token) => !matches!(temporary_credentials(app, &signature.access_key_id, token), Temporary::Invalid),
        None => app.snapshot().access_key(&signature.access_key_id).is_some(),
    }
}

/// Finds out who signed. An unknown key and one that is turned off are the same failure.
pub(crate) fn authenticate(app: &App, head: &Head, signature: &Signature, body: &Bytes) -> Result<Login, Fault> {
    signature.check_time(head.received_at)?;
    let (secret, login) = match &signature.session_token {
        Some(token) => match temporary_credentials(app, &signature.access_key_id, token) {
            Temporary::Good { secret, login } => (secret, login),
            Temporary::Expired => {
                let message = "The security token included in the request is expired";
                return Err(Fault::common(Common::ExpiredToken, message));
            }
            Temporary::Invalid => return Err(invalid()),
        },
        None => {
            let snapshot = app.snapshot();
            let key = snapshot.access_key(&signature.access_key_id).ok_or_else(invalid)?;
            let access_key_id = Some(signature.access_key_id.clone());
            (key.secret.clone(), Login { identity: Arc::clone(&key.identity), access_key_id, ends_at: None })
        }
    };
    signature.verify(head, body, &secret, &app.signing_keys)?;
    app.key_uses.record(&login, &signature.service, &signature.region, head.received_at);
    Ok(login)
}

/// The refusal of a key that does not exist, is turned off, or cannot be used here.
pub(crate) fn invalid() -> Fault {
    Fault::common(Common::UnrecognizedClient, "The security token included in the request is invalid.")
}

//! Somebody who can be given rights, with all that judging a request needs to know of them. Who it is was found out in
//! [`crate::authn`].

use std::sync::Arc;

use policy::{Policy, Principal};

use crate::authn::scanner::ScannedImage;
use crate::authn::session::{Bearer, Opened};

/// The root of an account, a user, a session of a role, or nobody in particular.
#[derive(Debug)]
pub struct Identity {
    /// As policies see it.
    pub principal: Principal,
    /// The policies of the identity and of its groups.
    pub(crate) policies: Vec<Policy>,
    /// What limits the identity, if anything does.
    pub(crate) boundary: Option<Policy>,
    /// The tags of the identity, and those of its session over them.
    pub(crate) tags: Vec<(String, String)>,
    /// The session, if the credentials are temporary.
    pub(crate) session: Option<Arc<Opened>>,
    /// The session policies, if the session has any. None at all is not the same as an empty list.
    pub(crate) session_policies: Option<Vec<Policy>>,
}

impl Identity {
    /// Somebody without policies, tags and session.
    pub(crate) fn plain(principal: Principal) -> Self {
        Self {
            principal,
            policies: Vec::new(),
            boundary: None,
            tags: Vec::new(),
            session: None,
            session_policies: None,
        }
    }

    /// Whether one of its policies asks for a condition key with this in its name, in lower case.
    pub(crate) fn asks_for(&self, part: &str) -> bool {
        let policies = self.policies.iter().chain(&self.boundary).chain(self.session_policies.iter().flatten());
        policies.flat_map(|policy| policy.document.context_keys()).any(|key| key.to_lowercase().contains(part))
    }

    /// The one image that a scanner may pull; none for everybody else.
    pub(crate) fn scanned_image(&self) -> Option<&ScannedImage> {
        match &self.session.as_ref()?.session.bearer {
            Bearer::Scanner(image) => Some(image),
            Bearer::Role { .. } | Bearer::AccessKey(_) => None,
        }
    }
}

/// Puts tags over others: a key that differs at most by case is replaced.
pub(crate) fn overlay(under: &[(String, String)], over: &[(String, String)]) -> Vec<(String, String)> {
    let replaced = |key: &str| over.iter().any(|(other, _)| other.to_lowercase() == key.to_lowercase());
    under.iter().filter(|(key, _)| !replaced(key)).chain(over).cloned().collect()
}

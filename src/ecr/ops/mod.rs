//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod get_authorization_token;

use app::api::Call;
use aws::Entry;

use self::get_authorization_token::GetAuthorizationToken;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[Entry::of::<GetAuthorizationToken>()];

#[cfg(test)]
mod tests {
    use app::Action;

    use super::*;

    #[test]
    fn operations_are_unique_and_their_actions_exist() {
        for (index, entry) in OPERATIONS.iter().enumerate() {
            assert!(OPERATIONS[..index].iter().all(|earlier| earlier.name != entry.name), "{}", entry.name);
            assert!(Action::named(entry.action).is_some(), "{} has the action {}", entry.name, entry.action);
        }
    }
}

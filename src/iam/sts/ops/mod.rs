//! The operations of STS. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod assume_role;
mod assume_role_with_web_identity;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
mod get_federation_token;
mod get_session_token;

use app::api::Call;
use aws::Entry;

use self::assume_role::AssumeRole;
use self::assume_role_with_web_identity::AssumeRoleWithWebIdentity;
use self::decode_authorization_message::DecodeAuthorizationMessage;
use self::get_access_key_info::GetAccessKeyInfo;
use self::get_caller_identity::GetCallerIdentity;
use self::get_federation_token::GetFederationToken;
use self::get_session_token::GetSessionToken;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<AssumeRole>(),
    Entry::of::<AssumeRoleWithWebIdentity>(),
    Entry::of::<DecodeAuthorizationMessage>(),
    Entry::of::<GetAccessKeyInfo>(),
    Entry::of::<GetCallerIdentity>(),
    Entry::of::<GetFederationToken>(),
    Entry::of::<GetSessionToken>(),
];

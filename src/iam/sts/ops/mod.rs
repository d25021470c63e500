//! The operations of STS. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod get_caller_identity;

use app::api::Call;
use aws::Entry;

use self::get_caller_identity::GetCallerIdentity;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[Entry::of::<GetCallerIdentity>()];

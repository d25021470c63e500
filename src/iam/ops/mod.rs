//! The operations of IAM. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

use app::api::Call;
use aws::Entry;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[];

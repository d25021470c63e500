//! The agent on a real Docker engine with a bridge: that of `WHARF_TEST_DOCKER_HOST`, or one that is started for the tests.

mod logs;
mod networks;
mod restarts;
mod tasks;

use serde_json::Value;

/// What a line of a log says, which has to be JSON.
#[track_caller]
fn json_of(line: &String) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

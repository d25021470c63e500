//! What calls about alarms need, and the alarm that an ARN names.

use app::api::Call;
use aws::{Need, Resource};
use types::Arn;

use crate::error::Error;
use crate::failures;

/// Alarms that one call can name.
const MOST_ALARMS: usize = 100;

/// An action on an alarm, whether or not it exists.
pub(crate) fn on_alarm(call: &Call, action: &'static str, name: &str) -> Need {
    let registry = &call.ctx.registry;
    Need::new(action, Resource::Arn(registry.account.clone(), Arn::alarm(registry, name)))
}

/// An action on each of these alarms.
pub(crate) fn on_alarms(call: &Call, action: &'static str, names: &[String]) -> Result<Vec<Need>, Error> {
    if !(1..=MOST_ALARMS).contains(&names.len()) {
        return Err(failures::validation(format!(
            "The parameter AlarmNames must have between 1 and {MOST_ALARMS} members."
        )));
    }
    Ok(names.iter().map(|name| on_alarm(call, action, name)).collect())
}

/// The alarm that an ARN names.
pub(crate) fn alarm_of(call: &Call, arn: &str) -> Result<String, Error> {
    let start = Arn::alarm(&call.ctx.registry, "");
    let name = arn.strip_prefix(start.as_str()).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| failures::no_such_resource(arn))
}

//! Health checks of containers.

use super::super::container::ContainerDefinition;
use super::refuse_setting;
use crate::error::Result;

pub(super) fn check(container: &ContainerDefinition) -> Result<()> {
    let Some(health) = &container.health_check else {
        return Ok(());
    };
    let name = &container.name;
    let command: Vec<&str> = health.command.iter().map(String::as_str).collect();
    match command[..] {
        ["NONE"] | ["CMD", _, ..] | ["CMD-SHELL", _] => {}
        _ => {
            return refuse_setting(
                name,
                "'healthCheck.command' must be CMD with the words of a command, or CMD-SHELL with a command line.",
            );
        }
    }
    for (member, given, range) in [
        ("interval", health.interval, 5..=300),
        ("timeout", health.timeout, 2..=60),
        ("retries", health.retries, 1..=10),
        ("startPeriod", health.start_period, 0..=300),
    ] {
        if given.is_some_and(|given| !range.contains(&given)) {
            let (least, most) = range.into_inner();
            return refuse_setting(name, &format!("'healthCheck.{member}' must be between {least} and {most}."));
        }
    }
    Ok(())
}

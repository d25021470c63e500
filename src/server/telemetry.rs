//! Log output: which lines are written, and how, to standard error. It also turns panics into log lines, so that they
//! carry the id of the request they happened in. Metrics are elsewhere.

use std::{
    io::{IsTerminal, stderr},
    panic::PanicHookInfo,
    str::FromStr,
};

use tracing::{Subscriber, error, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Which log lines are written: a level for everything, and levels for single targets.
#[derive(Debug, Clone)]
pub(crate) struct LogFilter(Targets);

impl LogFilter {
    /// Reads `info` or `info,sqlx=warn,wharf::access=debug`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        // The drivers' own remarks (notices of a statement that was expected) are no news.
        let mut filter = Targets::new().with_target("sqlx", LevelFilter::WARN);
        for part in text.split(',').map(str::trim) {
            let (target, level) = match part.split_once('=') {
                Some((target, level)) => (Some(target.trim()), level.trim()),
                None => (None, part),
            };
            // LevelFilter also takes nothing and the digits 0 to 5, which mean little to a reader.
            let word = level.starts_with(|first: char| first.is_ascii_alphabetic());
            let Some(level) = LevelFilter::from_str(level).ok().filter(|_| word && target != Some("")) else {
                return Err(format!("'{part}' is not one of off, error, warn, info, debug, trace, or TARGET=LEVEL"));
            };
            filter = match target {
                Some(target) => filter.with_target(target, level),
                None => filter.with_default(level),
            };
        }
        Ok(Self(filter))
    }
}

/// Starts log output for the whole program. To be called once.
pub(crate) fn init(filter: &LogFilter, format: LogFormat) {
    subscriber(filter, format).init();
    std::panic::set_hook(Box::new(log_panic));
}

/// What `init` installs.
pub(crate) fn subscriber(filter: &LogFilter, format: LogFormat) -> impl Subscriber + Send + Sync {
    let output = match format {
        LogFormat::Text => fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(stderr).boxed(),
    };
    tracing_subscriber::registry().with(output.with_filter(filter.0.clone()))
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    error!(location, "panic: {}", panic.payload_as_str().unwrap_or("without a message"));
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_applies_to_everything_and_a_target_to_itself() {
        let LogFilter(filter) = LogFilter::parse("warn, wharf::access=debug").unwrap();
        assert!(filter.would_enable("sqlx", &Level::WARN) && !filter.would_enable("sqlx", &Level::INFO));
        assert!(filter.would_enable("wharf::access", &Level::DEBUG));
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for text in ["", "loud", "info,", "info,sqlx=", "=info", "info,sqlx", "3"] {
            assert!(LogFilter::parse(text).is_err(), "{text}");
        }
    }
}

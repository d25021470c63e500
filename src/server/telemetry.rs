//! Log output: which lines are written, and how, to standard error. It also turns panics into log lines, so that they
//! carry the id of the request they happened in. Metrics are elsewhere, but for how many lines were lost.

use std::{
    io::{IsTerminal, stderr},
    panic::PanicHookInfo,
    str::FromStr,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};
use tracing::{Subscriber, error, level_filters::LevelFilter};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Lines that wait to be written. More than this are lost: somebody who stops reading the log must not stop the registry.
const WAITING_LINES: usize = 10_000;

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

/// Log output while it lasts. Dropped at the end of the program, it writes what still waits.
pub(crate) struct Log {
    _writer: WorkerGuard,
    lost: ErrorCounter,
}

impl Log {
    /// A metric of the lines that were lost.
    pub(crate) fn metrics(&self) -> LogMetrics {
        LogMetrics(self.lost.clone())
    }
}

/// Starts log output for the whole program. To be called once.
///
/// A thread of its own writes: a request waits neither for the lines of others nor for whoever reads them.
pub(crate) fn init(filter: &LogFilter, format: LogFormat) -> Log {
    let writer = NonBlockingBuilder::default().buffered_lines_limit(WAITING_LINES).lossy(true).thread_name("log");
    let (lines, writer) = writer.finish(stderr());
    let lost = lines.error_counter();
    subscriber(filter, format, lines).init();
    std::panic::set_hook(Box::new(log_panic));
    Log { _writer: writer, lost }
}

/// What `init` installs.
pub(crate) fn subscriber(
    filter: &LogFilter,
    format: LogFormat,
    lines: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let output = match format {
        LogFormat::Text => fmt::layer().with_writer(lines).with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(lines).boxed(),
    };
    // The filter is of the whole, not of the output: one of an output keeps for each thread what was decided last, and when a thread asks
    // about a line that it then does not write (because another thread meets that line for the first time), its next line is lost.
    tracing_subscriber::registry().with(filter.0.clone()).with(output)
}

/// How many lines were lost because nobody took them.
#[derive(Debug)]
pub(crate) struct LogMetrics(ErrorCounter);

impl Collector for LogMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Lines of the log that were lost because nobody read them";
        let mut metric = encoder.encode_descriptor("log_lines_lost", help, None, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, u64>(&(self.0.dropped_lines() as u64), None)
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    error!(location, "panic: {}", panic.payload_as_str().unwrap_or("without a message"));
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use tracing::{Level, callsite::Callsite};

    use super::*;

    #[test]
    fn a_level_applies_to_everything_and_a_target_to_itself() {
        let LogFilter(filter) = LogFilter::parse("warn, wharf::access=debug").unwrap();
        assert!(filter.would_enable("sqlx", &Level::WARN) && !filter.would_enable("sqlx", &Level::INFO));
        assert!(filter.would_enable("wharf::access", &Level::DEBUG));
    }

    /// Lines that were written.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_after_another_one_was_asked_about_and_refused() {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = LogFilter::parse("info").unwrap();
        let subscriber = subscriber(&filter, LogFormat::Text, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            let refused = tracing::callsite! { name: "notice", kind: tracing::metadata::Kind::EVENT, target: "sqlx", level: Level::INFO, fields: };
            tracing::dispatcher::get_default(|dispatch| dispatch.enabled(refused.metadata()));
            tracing::info!("what comes next");
        });
        let written = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(written.contains("what comes next"), "{written}");
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for text in ["", "loud", "info,", "info,sqlx=", "=info", "info,sqlx", "3"] {
            assert!(LogFilter::parse(text).is_err(), "{text}");
        }
    }
}

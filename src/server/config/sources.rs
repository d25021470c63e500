//! Where settings come from: flags over environment over file over defaults. This module finds the text that counts for
//! each setting and refuses names that no setting has; it does not judge the values.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use super::{
    cli::Flags,
    problems::Problems,
    settings::{self, CONFIG_VARIABLE, SETTINGS, Setting},
    suggest,
};

/// The environment as it was when the program started.
#[derive(Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Keeps what a setting may come from. An empty variable counts as unset: compose files and unit files cannot
    /// always leave one out.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, problems: &mut Problems) -> Self {
        let mut kept = BTreeMap::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with("WHARF_") || name.starts_with("AWS_")) else {
                continue;
            };
            match value.into_string() {
                Ok(value) if value.is_empty() => {}
                Ok(value) => _ = kept.insert(name.to_owned(), value),
                Err(_) if name.starts_with("WHARF_") => problems.add(name, "is not valid UTF-8"),
                Err(_) => {}
            }
        }
        Self(kept)
    }

    /// The variable's value, unless it is empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The text that counts for each setting, by key, with defaults filled in.
pub(crate) struct Sources {
    values: BTreeMap<&'static str, String>,
    environment: Environment,
}

impl Sources {
    /// Puts the layers on top of one another.
    pub(crate) fn gather(flags: Flags, environment: Environment, problems: &mut Problems) -> Self {
        let mut values = BTreeMap::new();
        let file = match (&flags.config, environment.get(CONFIG_VARIABLE)) {
            (Some(path), _) => Some(path.as_path()),
            (None, Some(path)) => Some(Path::new(path)),
            (None, None) => None,
        };
        if let Some(path) = file {
            values = read_file(path, problems);
        }
        for (name, value) in &environment.0 {
            match settings::by_variable(name) {
                Some(setting) => _ = values.insert(setting.key, value.clone()),
                None if is_of_a_service(name, value) => {}
                None => refuse_unknown_variable(name, problems),
            }
        }
        values.extend(flags.values);
        Self { values, environment }
    }

    /// What was said about a setting; the default does not count.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// What was said about a setting, or its default; empty only for a setting without one.
    pub(crate) fn text(&self, key: &str) -> &str {
        let default = || settings::by_key(key).map_or("", |setting| setting.default);
        self.given(key).unwrap_or_else(default)
    }

    /// One of the variables that other programs use too, such as `AWS_REGION`.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }
}

/// Whether a variable is one of those that Kubernetes gives every container for each service of its namespace, and Docker for
/// each link: a service may well be called `wharf` or `wharf-postgres`.
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_of_a_service(name: &str, value: &str) -> bool {
    const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    name.match_indices("_PORT").any(|(at, port)| {
        let behind = &name[at + port.len()..];
        if behind.is_empty() {
            // WHARF_PORT=tcp://10.0.0.1:5000; with anything else somebody takes it for a setting.
            return ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
        }
        // WHARF_PORT_5000_TCP, and with _PROTO, _PORT or _ADDR behind it.
        let mut parts = behind.split('_');
        parts.next() == Some("")
            && parts.next().is_some_and(|number| number.parse::<u16>().is_ok())
            && parts.next().is_some_and(|protocol| PROTOCOLS.contains(&protocol))
    })
}

fn refuse_unknown_variable(name: &str, problems: &mut Problems) {
    // WHARF_TEST_* belongs to the test harness, which hands its environment on to the program.
    if !name.starts_with("WHARF_") || name.starts_with("WHARF_TEST_") || name == CONFIG_VARIABLE {
        return;
    }
    let variables: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    match suggest::nearest(name, variables.iter().map(String::as_str)) {
        Some(near) => problems.add(name, format_args!("no such setting; did you mean {near}?")),
        None => problems.add(name, "no such setting; `wharf serve --help` lists them all"),
    }
}

fn read_file(path: &Path, problems: &mut Problems) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.add(&name, format_args!("cannot read the settings file: {error}"));
            return values;
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            // The error's own text would quote the line, which may hold a secret.
            let error: toml::de::Error = error;
            let offset = error.span().map_or(0, |span| span.start);
            let line = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
            problems.add(&format!("{name}:{line}"), error.message());
            return values;
        }
    };
    for (key, value) in table {
        let Some(setting) = settings::by_key(&key) else {
            let near = suggest::nearest(&key, SETTINGS.iter().map(|setting| setting.key));
            let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            problems.add(&name, format_args!("no setting is named '{key}'{hint}"));
            continue;
        };
        match as_text(value) {
            Some(value) => _ = values.insert(setting.key, value),
            None => {
                problems.add(&name, format_args!("'{key}' must be a string, a number, a boolean or a list of strings"))
            }
        }
    }
    values
}

/// A value as it would be written in a flag; lists become comma-separated.
fn as_text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            Some(items?.join(","))
        }
        _ => None,
    }
}

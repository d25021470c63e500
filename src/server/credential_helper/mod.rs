//! `wharf credential-helper`, and the program when it is called `docker-credential-wharf`: Docker's credential-helper
//! protocol. It runs where docker runs and asks a registry for a password with the AWS credentials that are there, so
//! that nobody needs to log in. It keeps nothing: every `get` asks anew. Of the settings of the registry it knows none.

mod chain;
mod endpoint;
mod environment;
mod login;
mod process;
mod profile;
mod sts;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use aws::Credentials;
use serde_json::json;

use self::chain::{Plan, Start};
pub(crate) use self::chain::{plan, region};
use self::endpoint::{Endpoint, Target};
pub(crate) use self::environment::Environment;

/// The name under which docker looks for it.
const NAME: &str = "docker-credential-wharf";

/// What docker takes for "there are none": it goes on without credentials.
const NOT_FOUND: &str = "credentials not found in native keychain";

/// More than any address.
const LONGEST: u64 = 4096;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nothing to ask with, or nobody to ask.
    #[error("{NOT_FOUND}")]
    NotFound,
    /// Something that somebody can do something about.
    #[error("{0}")]
    Other(String),
}

/// The action, if the program was called by the name of a helper.
#[expect(clippy::option_option, reason = "whether it was called so, and with which action")]
pub(crate) fn called_as_one(mut arguments: impl Iterator<Item = OsString>) -> Option<Option<String>> {
    let program = arguments.next()?;
    (Path::new(&program).file_stem()? == NAME).then(|| arguments.next().and_then(|action| action.into_string().ok()))
}

/// Carries out one action. Docker reads messages from standard output.
pub(crate) fn run(action: Option<String>) -> ExitCode {
    let mut input = String::new();
    let read = match action.as_deref() {
        Some("get" | "erase" | "store") => std::io::stdin().take(LONGEST).read_to_string(&mut input),
        _ => Ok(0),
    };
    let answer = match (action.as_deref(), read) {
        (_, Err(error)) => Err(Failure::Other(format!("cannot read standard input: {error}"))),
        (Some("get"), Ok(_)) => get(input.trim()),
        (Some("list"), Ok(_)) => Ok("{}".to_owned()),
        // Nothing was kept, so nothing is left.
        (Some("erase"), Ok(_)) => Ok(String::new()),
        (Some("store"), Ok(_)) => Err(Failure::Other(
            "nothing to store: this helper gets passwords by itself, with the AWS credentials of the environment or \
             profile; docker login is not needed"
                .to_owned(),
        )),
        (Some("version"), Ok(_)) => Ok(format!("{NAME} (wharf) {}", env!("CARGO_PKG_VERSION"))),
        (_, Ok(_)) => Err(Failure::Other("usage: docker-credential-wharf get|store|erase|list".to_owned())),
    };
    let (text, code) = match answer {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(failure) => (failure.to_string(), ExitCode::FAILURE),
    };
    // Docker may have gone away.
    let _ = writeln!(std::io::stdout(), "{text}");
    code
}

fn get(server: &str) -> Result<String, Failure> {
    let environment = Environment::new(std::env::vars_os());
    let target = Target::of(server, &environment)?;
    let plan = plan(&environment)?.ok_or(Failure::NotFound)?;
    let region = region(&environment, target.host());
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Other(format!("cannot start: {error}")))?;
    let (user, password) = runtime.block_on(async {
        let endpoint = Endpoint::new(target, region, &environment)?;
        login::login(&endpoint, &obtain(plan, &endpoint).await?).await
    })?;
    Ok(json!({ "ServerURL": server, "Username": user, "Secret": password }).to_string())
}

/// The credentials that a plan leads to.
async fn obtain(plan: Plan, endpoint: &Endpoint) -> Result<Credentials, Failure> {
    let mut credentials = match &plan.start {
        Start::Keys(keys) => keys.clone(),
        Start::WebIdentity(identity) => sts::assume_role_with_web_identity(endpoint, identity).await?,
        Start::Process(command) => process::run(command).await?,
    };
    for role in &plan.roles {
        credentials = sts::assume_role(endpoint, role, &credentials).await?;
    }
    Ok(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_makes_it_a_helper() {
        let called = |arguments: &[&str]| called_as_one(arguments.iter().map(OsString::from));
        assert_eq!(called(&["/usr/bin/docker-credential-wharf", "get"]), Some(Some("get".to_owned())));
        assert_eq!(called(&["docker-credential-wharf"]), Some(None));
        assert_eq!(called(&["/usr/bin/wharf", "get"]), None);
        assert_eq!(called(&[]), None);
    }
}

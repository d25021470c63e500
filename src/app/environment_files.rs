//! Environment files of tasks: objects of S3 on AWS; here objects of buckets that the operator has put somewhere, a folder or
//! an S3 server. There is no API of S3 here, but its words in policies mean the same: whoever acts for a task must be
//! allowed `s3:GetObject`.
//!
//! The buckets are those of the account of the installation. Nothing here writes them.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aws::{Need, Resource};
use types::{Arn, RegistryId};

use crate::authn::{self, Temporary};
use crate::{App, Ctx, Error, authz};

/// The longest file.
const LONGEST: usize = 256 << 10;

/// Reads a file as whoever has these temporary credentials. What is wrong is for whoever looks at the task.
pub async fn read(
    app: &Arc<App>,
    registry: &RegistryId,
    (access_key_id, session_token): (&str, &str),
    file_arn: &str,
) -> Result<Vec<(String, String)>, String> {
    let object = file_arn.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.split_once('/'));
    let (bucket, key) = object.ok_or_else(|| format!("{file_arn} is not the ARN of an object"))?;
    authorize(app, registry, (access_key_id, session_token), &format!("{bucket}/{key}")).await?;
    let Some(buckets) = &app.config.environment_files else {
        return Err("this installation has no buckets; see its setting WHARF_ENVIRONMENT_FILES".to_owned());
    };
    match buckets.get(bucket, key, LONGEST).await {
        Ok(Some(bytes)) => {
            let text = std::str::from_utf8(&bytes).map_err(|_| format!("{file_arn} is not UTF-8"))?;
            Ok(parse(text))
        }
        Ok(None) => Err(format!("NoSuchKey: {file_arn} does not exist")),
        Err(blobs::Error::TooLarge) => Err(format!("{file_arn} has more than {LONGEST} bytes")),
        Err(error) => {
            tracing::warn!(%error, file_arn, "an environment file cannot be read");
            Err(format!("{file_arn} cannot be read at the moment"))
        }
    }
}

async fn authorize(
    app: &Arc<App>,
    registry: &RegistryId,
    (access_key_id, session_token): (&str, &str),
    object: &str,
) -> Result<(), String> {
    let Temporary::Good { login, .. } = authn::temporary_credentials(app, access_key_id, session_token) else {
        return Err("the credentials of the execution role are not valid".to_owned());
    };
    let ctx = Ctx {
        app: Arc::clone(app),
        identity: login.identity,
        registry: registry.clone(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: true,
        user_agent: "ecs-tasks.amazonaws.com".to_owned(),
    };
    // Their ARNs name no account: they are those of the installation's own.
    let owner = app.config.registry.account.clone();
    let need = Need::new("s3:GetObject", Resource::Arn(owner, Arn::object(object)));
    match authz::authorize_needs(&ctx, &[need]).await {
        Ok(_) => Ok(()),
        Err(Error::Denied(message)) => Err(format!("AccessDenied: {message}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The variables of a file, as Amazon's agent reads it: a line is `NAME=VALUE`, with spaces and quotation marks as they
/// are. Lines that begin with `#`, and those without a name or a value, are passed over. Of two of one name the last counts.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut seen = HashSet::new();
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in text.lines().rev().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        if name.is_empty() || value.is_empty() || line.contains('\0') {
            continue;
        }
        if seen.insert(name) {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    variables.reverse();
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_amazons_agent_reads_it() {
        let text = "A=1\r\n#B=2\nC = \"x y\" \nD=\n=E\nno\n\nF=a=b\nA=3\n #G=4\nH=\0";
        let wanted = [("C ", " \"x y\" "), ("F", "a=b"), ("A", "3"), (" #G", "4")];
        let wanted: Vec<(String, String)> =
            wanted.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(parse(text), wanted);
        assert_eq!(parse(""), []);
    }

    #[test]
    fn a_file_of_many_lines_is_read_at_once() {
        let text: String = (0..LONGEST / 8).map(|number| format!("{number:05}=1\n")).collect();
        let begin = std::time::Instant::now();
        assert_eq!(parse(&text).len(), LONGEST / 8);
        // Looking through all lines for each of them takes twice that, and a busy machine no more than a part of it.
        assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

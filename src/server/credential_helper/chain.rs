//! Where AWS credentials and the region come from: the variables of the environment, then a profile, in the order that
//! AWS's own clients use. Files are read, nothing is asked over the network.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use aws::Credentials;
use types::Secret;

use super::Failure;
use super::profile::{File, Kind};

/// Variables that are text.
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Of these variables; others than text are nobody's.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self(variables.into_iter().filter_map(text).collect())
    }

    /// The value of the first of these that is set to something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.0.get(*name)).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn profile(&self) -> &str {
        self.get(&["AWS_PROFILE"]).or(self.get(&["AWS_DEFAULT_PROFILE"])).unwrap_or("default")
    }

    fn file(&self, variable: &str, name: &str) -> Option<PathBuf> {
        let path = match self.get(&[variable]) {
            Some(path) => PathBuf::from(path),
            None => PathBuf::from(self.get(&["HOME"])?).join(".aws").join(name),
        };
        Some(path)
    }
}

/// The credentials. None if there are none anywhere.
pub(crate) fn credentials(environment: &Environment) -> Result<Option<Credentials>, Failure> {
    let id = environment.get(&["AWS_ACCESS_KEY_ID"]);
    let secret = environment.get(&["AWS_SECRET_ACCESS_KEY"]);
    match (id, secret) {
        (Some(id), Some(secret)) => return Ok(Some(made(id, secret, environment.get(&["AWS_SESSION_TOKEN"])))),
        (None, None) => {}
        _ => {
            let text = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together";
            return Err(Failure::Other(text.to_owned()));
        }
    }
    let name = environment.profile();
    let mut exists = false;
    for (kind, path) in [
        (Kind::Credentials, environment.file("AWS_SHARED_CREDENTIALS_FILE", "credentials")),
        (Kind::Config, environment.file("AWS_CONFIG_FILE", "config")),
    ] {
        let Some(profile) = path.and_then(|path| File::read(&path, kind)).and_then(|file| file.profile(name)) else {
            continue;
        };
        exists = true;
        let get = |name: &str| profile.get(name).map(String::as_str);
        if let (Some(id), Some(secret)) = (get("aws_access_key_id"), get("aws_secret_access_key")) {
            return Ok(Some(made(id, secret, get("aws_session_token"))));
        }
    }
    match (exists, environment.get(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])) {
        (true, Some(_)) => Err(Failure::Other(format!(
            "profile '{name}' has no aws_access_key_id and aws_secret_access_key, and this helper knows no other way to \
             credentials; set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        ))),
        (false, Some(_)) => Err(Failure::Other(format!("there is no profile '{name}'"))),
        (_, None) => Ok(None),
    }
}

fn made(id: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(secret),
        session_token: token.map(Secret::new),
    }
}

/// The region to sign for: the one that the host names, then that of the environment or profile.
pub(crate) fn region(environment: &Environment, host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    if let [_, "dkr", "ecr", region, _, ..] = labels[..] {
        return region.to_owned();
    }
    let of_profile = || {
        let file = File::read(&environment.file("AWS_CONFIG_FILE", "config")?, Kind::Config)?;
        file.profile(environment.profile())?.get("region").cloned()
    };
    let set = environment.get(&["AWS_REGION"]).or(environment.get(&["AWS_DEFAULT_REGION"])).map(str::to_owned);
    set.or_else(of_profile).unwrap_or_else(|| "us-east-1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    #[test]
    fn variables_come_before_profiles() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write(
            "credentials",
            "[default]\naws_access_key_id = AKIAD\naws_secret_access_key = d\n[ci]\naws_access_key_id=ASIAC\naws_secret_access_key=c\naws_session_token=t\n",
        );
        write(
            "config",
            "[default]\nregion = eu-west-1\n[profile ci]\nregion = eu-north-1\n[profile sso]\nsso_session = x\n",
        );
        let home = ("HOME", home.path().to_str().unwrap());
        let found = |variables: &[(&str, &str)]| {
            let credentials = credentials(&environment(variables)).unwrap().unwrap();
            (credentials.access_key_id, credentials.session_token.map(|token| token.expose().to_owned()))
        };
        assert_eq!(found(&[home]), ("AKIAD".to_owned(), None));
        assert_eq!(found(&[home, ("AWS_PROFILE", "ci")]), ("ASIAC".to_owned(), Some("t".to_owned())));
        let set = [home, ("AWS_PROFILE", "ci"), ("AWS_ACCESS_KEY_ID", "AKIAE"), ("AWS_SECRET_ACCESS_KEY", "e")];
        assert_eq!(found(&set), ("AKIAE".to_owned(), None));
        assert_eq!(region(&environment(&[home]), "localhost"), "eu-west-1");
        assert_eq!(region(&environment(&[home, ("AWS_PROFILE", "ci")]), "localhost"), "eu-north-1");
        assert_eq!(region(&environment(&[home, ("AWS_REGION", "us-west-2")]), "localhost"), "us-west-2");
        assert_eq!(region(&environment(&[home]), "111122223333.dkr.ecr.ap-south-1.example.com"), "ap-south-1");
        for profile in ["sso", "nobody"] {
            let error = credentials(&environment(&[home, ("AWS_PROFILE", profile)])).unwrap_err();
            assert!(error.to_string().contains(profile), "{error}");
        }
    }

    #[test]
    fn without_anything_there_are_no_credentials() {
        assert!(credentials(&environment(&[])).unwrap().is_none());
        assert!(credentials(&environment(&[("HOME", "/nonexistent")])).unwrap().is_none());
        assert!(credentials(&environment(&[("AWS_ACCESS_KEY_ID", "x")])).is_err());
        assert_eq!(region(&environment(&[]), "localhost"), "us-east-1");
    }
}
